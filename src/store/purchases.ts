import type { Selectable } from 'kysely';
import type { PurchaseState, PurchaseTable } from './account-schema.ts';
import type { Context } from './context.ts';

/** With the names that people read. */
export type PurchaseRow = Selectable<PurchaseTable> & {
  readonly account: string;
  readonly package: string;
  readonly asked_by: string | null;
};

export type Purchases = ReturnType<typeof createPurchases>;

/** Requests for a package. Each is decided once. */
export function createPurchases({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  const all = () =>
    db
      .selectFrom('purchase')
      .innerJoin('account', 'account.id', 'purchase.account_id')
      .innerJoin('package', 'package.id', 'purchase.package_id')
      .leftJoin('user', 'user.id', 'purchase.user_id')
      .selectAll('purchase')
      .select(['account.name as account', 'package.name as package', 'user.email as asked_by']);
  return {
    async create(row: {
      account_id: number;
      package_id: number;
      price_idr: number;
      user_id: number;
      note: string;
    }): Promise<number> {
      const { id } = await db
        .insertInto('purchase')
        .values({ ...row, state: 'pending', created_at: clock.now() })
        .returning('id')
        .executeTakeFirstOrThrow();
      return id;
    },

    async countPending(account_id: number): Promise<number> {
      const { count } = await db
        .selectFrom('purchase')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('account_id', '=', account_id)
        .where('state', '=', 'pending')
        .executeTakeFirstOrThrow();
      return count;
    },

    /** The newest hundred. */
    ofAccount: (account_id: number): Promise<PurchaseRow[]> =>
      all().where('purchase.account_id', '=', account_id).orderBy('purchase.id', 'desc').limit(100).execute(),

    /** Of whichever tenant: for administrators. */
    findAnywhere: (id: number): Promise<PurchaseRow | undefined> =>
      all().where('purchase.id', '=', id).executeTakeFirst(),

    async list(
      state: PurchaseState | undefined,
      limit: number,
      page: number,
    ): Promise<{ rows: PurchaseRow[]; total: number }> {
      let counted = db.selectFrom('purchase').select((eb) => eb.fn.countAll<number>().as('total'));
      let rows = all().orderBy('purchase.id', 'desc');
      if (state !== undefined) {
        counted = counted.where('state', '=', state);
        rows = rows.where('purchase.state', '=', state);
      }
      const { total } = await counted.executeTakeFirstOrThrow();
      return {
        total,
        rows: await rows
          .limit(limit)
          .offset((page - 1) * limit)
          .execute(),
      };
    },

    /** False when it is decided already. */
    async decide(
      id: number,
      decision: {
        state: Exclude<PurchaseState, 'pending'>;
        decided_by: number;
        answer?: string | null;
        subscription_id?: number;
      },
    ): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('purchase')
        .set({ ...decision, decided_at: clock.now() })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}
