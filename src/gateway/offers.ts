import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import { isDuplicate, type PackagePatch, type PackageRow, type Store } from '../store/index.ts';
import type { Audit } from './audit.ts';
import type { Installation } from './installation.ts';
import type { Signed } from './sessions.ts';

export interface PackageView {
  readonly id: number;
  readonly name: string;
  readonly messageQuota: number;
  readonly deviceLimit: number;
  readonly days: number;
  readonly priceIdr: number;
  readonly isTrial: boolean;
  readonly rateLimitPerMinute: number | null;
  readonly archived: boolean;
  readonly createdAt: number;
}

export interface PackageFields {
  readonly name: string;
  readonly message_quota: number;
  readonly device_limit: number;
  readonly days: number;
  readonly price_idr: number;
  readonly is_trial: boolean;
  readonly rate_limit_per_minute: number | null;
}

type Change = { readonly [K in keyof PackageFields]?: PackageFields[K] | undefined } & {
  readonly archived?: boolean | undefined;
};

/** What the administrator offers. */
export interface Offers {
  /** What can be bought: with a price, not archived; the trial is what a sign-up begins with. */
  forCustomers(): Promise<{ readonly packages: readonly PackageView[]; readonly bankTransfer: string }>;
  all(): Promise<readonly PackageView[]>;
  /** Throws `validation_failed` when the name is taken. */
  create(who: Signed, fields: PackageFields, address: string): Promise<PackageView>;
  change(who: Signed, id: number, change: Change, address: string): Promise<PackageView>;
}

export const isForSale = (row: Pick<PackageRow, 'archived_at' | 'is_trial' | 'price_idr'>): boolean =>
  row.archived_at === null && row.is_trial === 0 && row.price_idr > 0;

export function createOffers({
  store,
  installation,
  audit,
  clock,
}: {
  readonly store: Pick<Store, 'packages' | 'durable'>;
  readonly installation: Pick<Installation, 'settings'>;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now'>;
}): Offers {
  const taken = (name: string | undefined) => (error: unknown) => {
    throw isDuplicate(error) ? invalid('name', `There is a package named ${name ?? ''} already.`) : error;
  };
  return {
    async forCustomers() {
      const packages = (await store.packages.list()).filter(isForSale).sort((a, b) => a.price_idr - b.price_idr);
      return { packages: packages.map(view), bankTransfer: (await installation.settings()).bankTransfer };
    },

    all: async () => (await store.packages.list()).map(view),

    async create(who, { is_trial, ...fields }, address) {
      const row = await store.packages.create({ ...fields, is_trial: is_trial ? 1 : 0 }).catch(taken(fields.name));
      await audit.note({ kind: 'package.created', who, subject: `package ${row.id}`, address });
      await store.durable();
      return view(row);
    },

    async change(who, id, { is_trial, archived, ...fields }, address) {
      const before = await store.packages.find(id);
      if (before === undefined) throw failure('not_found', { what: 'The package' });
      const patch: PackagePatch = {
        ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
        ...(is_trial !== undefined && { is_trial: is_trial ? 1 : 0 }),
        ...(archived !== undefined && { archived_at: archived ? (before.archived_at ?? clock.now()) : null }),
      };
      if (Object.keys(patch).length === 0) return view(before);
      const row = (await store.packages.update(id, patch).catch(taken(fields.name))) ?? before;
      await audit.note({ kind: 'package.changed', who, subject: `package ${id}`, address });
      await store.durable();
      return view(row);
    },
  };
}

const view = (row: PackageRow): PackageView => ({
  id: row.id,
  name: row.name,
  messageQuota: row.message_quota,
  deviceLimit: row.device_limit,
  days: row.days,
  priceIdr: row.price_idr,
  isTrial: row.is_trial === 1,
  rateLimitPerMinute: row.rate_limit_per_minute,
  archived: row.archived_at !== null,
  createdAt: row.created_at,
});
