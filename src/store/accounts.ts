import { type Insertable, type Selectable, sql } from 'kysely';
import type { AccountTable, Role, UserTable } from './account-schema.ts';
import type { Context } from './context.ts';
import { createPackages } from './packages.ts';
import { isEmpty } from './patches.ts';
import { createSubscriptions } from './subscriptions.ts';
import { inTransaction } from './transactions.ts';

export type AccountRow = Selectable<AccountTable>;
export type UserRow = Selectable<UserTable>;
export type MemberRow = UserRow & { readonly role: Role };

export interface NewAccount extends Pick<Insertable<AccountTable>, 'name' | 'time_zone' | 'language' | 'is_admin'> {
  /** A user with this address, whatever its case, becomes the owner; else one is made. */
  readonly owner: { readonly name: string; readonly email: string };
  /** The package whose period begins now. */
  readonly package_id?: number;
}

export type Accounts = ReturnType<typeof createAccounts>;

export function createAccounts(context: Context) {
  const { db, clock } = context;
  const lower = (email: string) => email.trim().toLowerCase();
  return {
    /** Account, owner, membership and, with `package_id`, subscription in one transaction. Throws when there is no such package. */
    create({ owner, package_id, ...row }: NewAccount): Promise<{ account: AccountRow; user: UserRow }> {
      return inTransaction(db, async (tx) => {
        const now = clock.now();
        const account = await tx
          .insertInto('account')
          .values({ ...row, suspended_at: null, created_at: now })
          .returningAll()
          .executeTakeFirstOrThrow();
        // `do update` on what is the same already, so that the row comes back in either case.
        const user = await tx
          .insertInto('user')
          .values({ name: owner.name, email: lower(owner.email), password_hash: null, created_at: now })
          .onConflict((conflict) => conflict.column('email').doUpdateSet({ email: lower(owner.email) }))
          .returningAll()
          .executeTakeFirstOrThrow();
        await tx.insertInto('membership').values({ account_id: account.id, user_id: user.id, role: 'owner' }).execute();
        if (package_id !== undefined) {
          const row = await createPackages({ ...context, db: tx }).find(package_id);
          if (!row) throw new Error(`There is no package ${package_id}.`);
          await createSubscriptions({ ...context, db: tx }).assign(account.id, row, now);
        }
        return { account, user };
      });
    },

    find: (id: number): Promise<AccountRow | undefined> =>
      db.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst(),

    findUser: (id: number): Promise<UserRow | undefined> =>
      db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst(),

    findUserByEmail: (email: string): Promise<UserRow | undefined> =>
      db.selectFrom('user').selectAll().where('email', '=', lower(email)).executeTakeFirst(),

    ownerOf: (account_id: number): Promise<UserRow | undefined> =>
      db
        .selectFrom('membership')
        .innerJoin('user', 'user.id', 'membership.user_id')
        .selectAll('user')
        .where('membership.account_id', '=', account_id)
        .where('membership.role', '=', 'owner')
        .orderBy('user.id')
        .executeTakeFirst(),

    members: (account_id: number): Promise<MemberRow[]> =>
      db
        .selectFrom('membership')
        .innerJoin('user', 'user.id', 'membership.user_id')
        .selectAll('user')
        .select('membership.role')
        .where('membership.account_id', '=', account_id)
        .orderBy('user.id')
        .execute(),

    /** The accounts a person belongs to. */
    ofUser: (user_id: number): Promise<(AccountRow & { readonly role: Role })[]> =>
      db
        .selectFrom('membership')
        .innerJoin('account', 'account.id', 'membership.account_id')
        .selectAll('account')
        .select('membership.role')
        .where('membership.user_id', '=', user_id)
        .orderBy('account.id')
        .execute(),

    list: (): Promise<AccountRow[]> => db.selectFrom('account').selectAll().orderBy('id').execute(),

    /** A page of all, the newest first, with `q` somewhere in the name or in a member's address. */
    async search(q: string | undefined, limit: number, page: number): Promise<{ rows: AccountRow[]; total: number }> {
      let matching = db.selectFrom('account');
      if (q !== undefined) {
        const part = `%${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
        matching = matching.where(
          sql<boolean>`(lower(account.name) like ${part} escape '\\' or exists (
            select 1 from membership join "user" on "user".id = membership.user_id
            where membership.account_id = account.id and "user".email like ${part} escape '\\'))`,
        );
      }
      const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      const rows = await matching
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit)
        .offset((page - 1) * limit)
        .execute();
      return { rows, total };
    },

    update: (
      id: number,
      patch: Partial<Pick<AccountRow, 'name' | 'time_zone' | 'suspended_at'>>,
    ): Promise<AccountRow | undefined> =>
      isEmpty(patch)
        ? db.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst()
        : db.updateTable('account').set(patch).where('id', '=', id).returningAll().executeTakeFirst(),

    async count(): Promise<number> {
      const { count } = await db
        .selectFrom('account')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },
  };
}
