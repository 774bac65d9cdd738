import type { Insertable, Selectable } from 'kysely';
import type { Role, SessionTable } from './account-schema.ts';
import type { AccountRow, UserRow } from './accounts.ts';
import type { Context } from './context.ts';

export type SessionRow = Selectable<SessionTable>;
export interface SignedIn {
  readonly session: SessionRow;
  readonly user: UserRow;
  readonly account: AccountRow;
  readonly role: Role;
}

export type Sessions = ReturnType<typeof createSessions>;

/** Browsers that are signed in. */
export function createSessions({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  return {
    create(row: Omit<Insertable<SessionTable>, 'created_at' | 'seen_at'>) {
      const now = clock.now();
      return db
        .insertInto('session')
        .values({ ...row, created_at: now, seen_at: now })
        .returningAll()
        .executeTakeFirstOrThrow();
    },

    /** The session with who it belongs to, while it lasts and its user is a member of the account. */
    async find(token_hash: Uint8Array, now: number): Promise<SignedIn | undefined> {
      const session = await db
        .selectFrom('session')
        .selectAll()
        .where('token_hash', '=', token_hash)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      if (!session) return undefined;
      const user = await db
        .selectFrom('membership')
        .innerJoin('user', 'user.id', 'membership.user_id')
        .selectAll('user')
        .select('membership.role')
        .where('membership.account_id', '=', session.account_id)
        .where('membership.user_id', '=', session.user_id)
        .executeTakeFirst();
      const account = await db
        .selectFrom('account')
        .selectAll()
        .where('id', '=', session.account_id)
        .executeTakeFirst();
      if (!user || !account) return undefined;
      const { role, ...person } = user;
      return { session, user: person, account, role };
    },

    async touch(token_hash: Uint8Array, seen_at: number, expires_at: number): Promise<void> {
      await db.updateTable('session').set({ seen_at, expires_at }).where('token_hash', '=', token_hash).execute();
    },

    async remove(token_hash: Uint8Array): Promise<void> {
      await db.deleteFrom('session').where('token_hash', '=', token_hash).execute();
    },

    /** Those that last still, the one used last first. */
    ofUser: (user_id: number, now: number, idle_since: number): Promise<SessionRow[]> =>
      db
        .selectFrom('session')
        .selectAll()
        .where('user_id', '=', user_id)
        .where('expires_at', '>', now)
        .where('seen_at', '>=', idle_since)
        .orderBy('seen_at', 'desc')
        .execute(),

    /** All of a person, or all but one. */
    async removeAllOf(user_id: number, but?: Uint8Array): Promise<void> {
      let all = db.deleteFrom('session').where('user_id', '=', user_id);
      if (but !== undefined) all = all.where('token_hash', '!=', but);
      await all.execute();
    },

    /** At most `limit` of those that ended before; gives how many. */
    async prune(before: number, limit: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('session')
        .where('token_hash', 'in', (eb) =>
          eb.selectFrom('session').select('token_hash').where('expires_at', '<', before).limit(limit),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
