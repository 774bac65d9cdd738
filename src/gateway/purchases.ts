import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { PurchaseRow, PurchaseState, Store } from '../store/index.ts';
import type { Audit } from './audit.ts';
import { isForSale } from './offers.ts';
import type { Signed } from './sessions.ts';

export interface PurchaseView {
  readonly id: number;
  readonly accountId: number;
  readonly account: string;
  readonly packageId: number;
  readonly package: string;
  readonly priceIdr: number;
  readonly askedBy: string | null;
  readonly note: string;
  readonly state: PurchaseState;
  readonly answer: string | null;
  readonly createdAt: number;
  readonly decidedAt: number | null;
}

/** An account asks for a package; an administrator sees the transfer and decides, once. */
export interface Purchases {
  ofAccount(accountId: number): Promise<readonly PurchaseView[]>;
  ask(who: Signed, packageId: number, note: string): Promise<PurchaseView>;
  /** Throws `not_found`, `already_decided`. */
  withdraw(who: Signed, id: number): Promise<void>;
  all(query: {
    readonly state?: PurchaseState | undefined;
    readonly limit: number;
    readonly page: number;
  }): Promise<{ readonly rows: readonly PurchaseView[]; readonly total: number }>;
  /** `approve` assigns the subscription in the same transaction. Throws `not_found`, `already_decided`. */
  decide(
    who: Signed,
    id: number,
    decision: 'approve' | 'decline',
    answer: string | null,
    address: string,
  ): Promise<PurchaseView>;
}

const MOST_OPEN = 5;

export function createPurchases({
  store,
  audit,
  events,
  clock,
}: {
  readonly store: Pick<Store, 'purchases' | 'packages' | 'transaction' | 'durable'>;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Pick<Clock, 'now'>;
}): Purchases {
  async function find(id: number): Promise<PurchaseRow> {
    const row = await store.purchases.findAnywhere(id);
    if (row === undefined) throw failure('not_found', { what: 'The purchase request' });
    return row;
  }

  return {
    ofAccount: async (accountId) => (await store.purchases.ofAccount(accountId)).map(view),

    async ask(who, packageId, note) {
      const offer = await store.packages.find(packageId);
      if (offer === undefined || !isForSale(offer)) throw failure('not_found', { what: 'The package' });
      if ((await store.purchases.countPending(who.accountId)) >= MOST_OPEN)
        throw invalid('package_id', `There are ${MOST_OPEN} open requests already. Please withdraw one first.`);
      const id = await store.purchases.create({
        account_id: who.accountId,
        package_id: packageId,
        price_idr: offer.price_idr,
        user_id: who.userId,
        note,
      });
      await store.durable();
      return view(await find(id));
    },

    async withdraw(who, id) {
      const row = await store.purchases.findAnywhere(id);
      if (row === undefined || row.account_id !== who.accountId)
        throw failure('not_found', { what: 'The purchase request' });
      if (!(await store.purchases.decide(id, { state: 'withdrawn', decided_by: who.userId })))
        throw failure('already_decided', { state: (await find(id)).state });
      await store.durable();
    },

    async all({ state, limit, page }) {
      const { rows, total } = await store.purchases.list(state, limit, page);
      return { rows: rows.map(view), total };
    },

    async decide(who, id, decision, answer, address) {
      const row = await find(id);
      const offer = await store.packages.find(row.package_id);
      if (offer === undefined) throw failure('not_found', { what: 'The package' });
      const isDecided = await store.transaction(async (tx) => {
        // Of two who approve at once, the second finds it decided and rolls its subscription back.
        const locked = await tx.purchases.findAnywhere(id);
        if (locked?.state !== 'pending') return false;
        const assigned =
          decision === 'approve' ? await tx.subscriptions.assign(row.account_id, offer, clock.now()) : undefined;
        const done = await tx.purchases.decide(id, {
          state: decision === 'approve' ? 'approved' : 'declined',
          decided_by: who.userId,
          answer,
          ...(assigned && { subscription_id: assigned.id }),
        });
        if (!done) throw failure('already_decided', { state: 'decided' });
        return true;
      });
      if (!isDecided) throw failure('already_decided', { state: (await find(id)).state });
      await audit.note({
        kind: decision === 'approve' ? 'purchase.approved' : 'purchase.declined',
        who,
        accountId: row.account_id,
        subject: `${row.package}`,
        address,
      });
      await store.durable();
      events.emit('people.changed', { accountId: row.account_id, userId: null });
      return view(await find(id));
    },
  };
}

const view = (row: PurchaseRow): PurchaseView => ({
  id: row.id,
  accountId: row.account_id,
  account: row.account,
  packageId: row.package_id,
  package: row.package,
  priceIdr: row.price_idr,
  askedBy: row.asked_by,
  note: row.note,
  state: row.state,
  answer: row.answer,
  createdAt: row.created_at,
  decidedAt: row.decided_at,
});
