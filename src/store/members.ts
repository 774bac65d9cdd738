import { sql } from 'kysely';
import type { Role } from './account-schema.ts';
import type { Context } from './context.ts';
import { inTransaction, type Queries } from './transactions.ts';

export type Members = ReturnType<typeof createMembers>;

/** Who belongs to an account. An account keeps an owner: parallel calls can not take the last two together. */
export function createMembers({ db, dialect }: Pick<Context, 'db' | 'dialect'>) {
  const locked = async (tx: Queries, account_id: number) => {
    await sql`select id from account where id = ${account_id} ${dialect.forUpdate}`.execute(tx);
  };
  const of = (tx: Queries, account_id: number, user_id: number) =>
    tx
      .selectFrom('membership')
      .select('role')
      .where('account_id', '=', account_id)
      .where('user_id', '=', user_id)
      .executeTakeFirst();
  const isLastOwner = async (tx: Queries, account_id: number, role: Role) => {
    if (role !== 'owner') return false;
    const { count } = await tx
      .selectFrom('membership')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('account_id', '=', account_id)
      .where('role', '=', 'owner')
      .executeTakeFirstOrThrow();
    return count <= 1;
  };

  return {
    roleOf: async (account_id: number, user_id: number): Promise<Role | undefined> =>
      (await of(db, account_id, user_id))?.role,

    /** Somebody who is one already keeps the role. */
    async add(account_id: number, user_id: number, role: Role): Promise<void> {
      await db
        .insertInto('membership')
        .values({ account_id, user_id, role })
        .onConflict((conflict) => conflict.columns(['account_id', 'user_id']).doNothing())
        .execute();
    },

    setRole(account_id: number, user_id: number, role: Role): Promise<'done' | 'unknown' | 'last_owner'> {
      return inTransaction(db, async (tx) => {
        await locked(tx, account_id);
        const before = await of(tx, account_id, user_id);
        if (before === undefined) return 'unknown';
        if (role !== 'owner' && (await isLastOwner(tx, account_id, before.role))) return 'last_owner';
        await tx
          .updateTable('membership')
          .set({ role })
          .where('account_id', '=', account_id)
          .where('user_id', '=', user_id)
          .execute();
        return 'done';
      });
    },

    /** With it go the sessions in this account (a foreign key). */
    remove(account_id: number, user_id: number): Promise<'done' | 'unknown' | 'last_owner'> {
      return inTransaction(db, async (tx) => {
        await locked(tx, account_id);
        const before = await of(tx, account_id, user_id);
        if (before === undefined) return 'unknown';
        if (await isLastOwner(tx, account_id, before.role)) return 'last_owner';
        await tx.deleteFrom('membership').where('account_id', '=', account_id).where('user_id', '=', user_id).execute();
        return 'done';
      });
    },
  };
}
