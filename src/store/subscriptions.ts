import { type Selectable, sql } from 'kysely';
import type { SubscriptionTable } from './account-schema.ts';
import type { Context } from './context.ts';
import type { PackageRow } from './packages.ts';
import { statement } from './statement.ts';

export type SubscriptionRow = Selectable<SubscriptionTable>;

/** What one message took from, as it is after it. */
export interface Spent {
  readonly id: number;
  readonly left: number;
  readonly used: number;
  readonly message_quota: number;
  readonly ends_at: number;
}

const DAY = 86_400_000;

const spend = statement<{ readonly account_id: number; readonly now: number }, Spent>(({ db, value }) =>
  sql<Spent>`
    update subscription set used = used + 1
    where id = (select id from subscription where account_id = ${value('account_id')}
        and starts_at <= ${value('now')} and ends_at > ${value('now')} order by id desc limit 1)
      and suspended_at is null and used < message_quota
    returning id, message_quota - used as left, used, message_quota, ends_at`.compile(db),
);

export type Subscriptions = ReturnType<typeof createSubscriptions>;

/** What an account may use, and has used, in a period. */
export function createSubscriptions(context: Pick<Context, 'db' | 'dialect' | 'clock'>) {
  const { db, clock } = context;
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

    /**
     * Takes one of the quota of the period that runs now; gives its id and what is left, or undefined when none runs or none is left.
     * One statement, so that parallel messages can not spend the last one twice.
     */
    async spend(account_id: number, now: number): Promise<Spent | undefined> {
      const { rows } = await spend(context, { account_id, now });
      return rows[0];
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

    /** Newest first. */
    list: (account_id: number): Promise<SubscriptionRow[]> =>
      db.selectFrom('subscription').selectAll().where('account_id', '=', account_id).orderBy('id', 'desc').execute(),

    find: (account_id: number, id: number): Promise<SubscriptionRow | undefined> =>
      db
        .selectFrom('subscription')
        .selectAll()
        .where('account_id', '=', account_id)
        .where('id', '=', id)
        .executeTakeFirst(),

    /** Undefined when the account has no such one. `add_quota` beside what others change in it meanwhile. */
    change: (
      account_id: number,
      id: number,
      { add_quota = 0, ...patch }: { ends_at?: number; suspended_at?: number | null; add_quota?: number },
    ): Promise<SubscriptionRow | undefined> =>
      db
        .updateTable('subscription')
        .set((eb) => ({ ...patch, message_quota: eb('message_quota', '+', add_quota) }))
        .where('account_id', '=', account_id)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst(),

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
