import type { UserRow } from './accounts.ts';
import type { Context } from './context.ts';
import { inTransaction } from './transactions.ts';

export type Links = ReturnType<typeof createLinks>;

/** One-time links to sign in with. */
export function createLinks({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  return {
    async create(
      user_id: number,
      token_hash: Uint8Array,
      expires_at: number,
      purpose: 'operator' | 'mail' = 'operator',
    ): Promise<void> {
      await db
        .insertInto('sign_in_link')
        .values({ token_hash, user_id, purpose, created_at: clock.now(), expires_at, used_at: null })
        .execute();
    },

    /** Whom it would sign in; spends nothing. */
    async look(
      token_hash: Uint8Array,
      now: number,
    ): Promise<{ user: UserRow; purpose: 'operator' | 'mail' } | undefined> {
      const row = await db
        .selectFrom('sign_in_link')
        .innerJoin('user', 'user.id', 'sign_in_link.user_id')
        .selectAll('user')
        .select('sign_in_link.purpose')
        .where('sign_in_link.token_hash', '=', token_hash)
        .where('sign_in_link.used_at', 'is', null)
        .where('sign_in_link.expires_at', '>', now)
        .executeTakeFirst();
      if (!row) return undefined;
      const { purpose, ...user } = row;
      return { user, purpose };
    },

    /** Ends all links of a person that were not used: whoever found an old mail comes too late. */
    async spendAllOf(user_id: number, now: number): Promise<void> {
      await db
        .updateTable('sign_in_link')
        .set({ used_at: now })
        .where('user_id', '=', user_id)
        .where('used_at', 'is', null)
        .execute();
    },

    /** Who the link is for; undefined when it is unknown, used or too old. Of many that redeem at once, one succeeds. */
    redeem(token_hash: Uint8Array, now: number): Promise<UserRow | undefined> {
      return inTransaction(db, async (tx) => {
        const link = await tx
          .updateTable('sign_in_link')
          .set({ used_at: now })
          .where('token_hash', '=', token_hash)
          .where('used_at', 'is', null)
          .where('expires_at', '>', now)
          .returning('user_id')
          .executeTakeFirst();
        return link && tx.selectFrom('user').selectAll().where('id', '=', link.user_id).executeTakeFirst();
      });
    },

    /** At most `limit` of those that ended before; gives how many. */
    async prune(before: number, limit: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('sign_in_link')
        .where('token_hash', 'in', (eb) =>
          eb.selectFrom('sign_in_link').select('token_hash').where('expires_at', '<', before).limit(limit),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
