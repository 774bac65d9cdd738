import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import type { PackageRow } from './packages.ts';
import type { SubscriptionTable } from './schema.ts';

export type SubscriptionRow = Selectable<SubscriptionTable>;

const DAY = 86_400_000;

export type Subscriptions = ReturnType<typeof createSubscriptions>;

/** What an account may use, and has used, in a period. */
export function createSubscriptions({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  return {
    /** A period of `package.days` from `starts_at`, with the package's figures of today. */
    assign: (account_id: number, from: PackageRow, starts_at: number): Promise<SubscriptionRow> =>
      db
        .insertInto('subscription')
        .values({
          account_id,
          package_id: from.id,
          message_quota: from.message_quota,
          device_limit: from.device_limit,
          rate_limit_per_minute: from.rate_limit_per_minute,
          is_trial: from.is_trial,
          used: 0,
          starts_at,
          ends_at: starts_at + from.days * DAY,
          suspended_at: null,
          created_at: clock.now(),
        })
        .returningAll()
        .executeTakeFirstOrThrow(),

    /** The one that runs now (the latest assigned, if several do) or, failing that, the latest assigned. */
    current: (account_id: number, now: number): Promise<SubscriptionRow | undefined> =>
      db
        .selectFrom('subscription')
        .selectAll()
        .where('account_id', '=', account_id)
        .orderBy(sql`case when starts_at <= ${now} and ends_at > ${now} then 0 else 1 end`)
        .orderBy('id', 'desc')
        .executeTakeFirst(),

    /**
     * Takes `n` of the quota if that many are left and the period runs. One conditional UPDATE: parallel calls can never take
     * the last one twice.
     */
    async reserve(account_id: number, subscription_id: number, n = 1): Promise<boolean> {
      const now = clock.now();
      const { numUpdatedRows } = await db
        .updateTable('subscription')
        .set((eb) => ({ used: eb('used', '+', n) }))
        .where('account_id', '=', account_id)
        .where('id', '=', subscription_id)
        .where((eb) => eb(eb('used', '+', n), '<=', eb.ref('message_quota')))
        .where('starts_at', '<=', now)
        .where('ends_at', '>', now)
        .where('suspended_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    /** Gives `n` back. Throws when fewer are in use. */
    async release(account_id: number, subscription_id: number, n = 1): Promise<void> {
      await db
        .updateTable('subscription')
        .set((eb) => ({ used: eb('used', '-', n) }))
        .where('account_id', '=', account_id)
        .where('id', '=', subscription_id)
        .execute();
    },

    async setSuspended(account_id: number, subscription_id: number, suspended_at: number | null): Promise<void> {
      await db
        .updateTable('subscription')
        .set({ suspended_at })
        .where('account_id', '=', account_id)
        .where('id', '=', subscription_id)
        .execute();
    },
  };
}
