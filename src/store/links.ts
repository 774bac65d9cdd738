import type { UserRow } from './accounts.ts';
import type { Context } from './context.ts';
import { inTransaction } from './transactions.ts';

export type Links = ReturnType<typeof createLinks>;

/** One-time links to sign in with. */
export function createLinks({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  return {
    async create(user_id: number, token_hash: Uint8Array, expires_at: number): Promise<void> {
      await db
        .insertInto('sign_in_link')
        .values({ token_hash, user_id, created_at: clock.now(), expires_at, used_at: null })
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

    async prune(before: number): Promise<void> {
      await db.deleteFrom('sign_in_link').where('expires_at', '<', before).execute();
    },
  };
}
