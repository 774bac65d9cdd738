import type { Updateable } from 'kysely';
import type { UserTable } from './account-schema.ts';
import type { UserRow } from './accounts.ts';
import type { Context } from './context.ts';
import { isEmpty } from './patches.ts';
import { about } from './seals.ts';
import { inTransaction } from './transactions.ts';

export type Users = ReturnType<typeof createUsers>;

/** What a person has to sign in with. */
export function createUsers({ db, vault, clock }: Pick<Context, 'db' | 'vault' | 'clock'>) {
  return {
    /** Throws a duplicate when another person has the address. */
    update: (
      id: number,
      patch: Pick<Updateable<UserTable>, 'name' | 'email' | 'password_hash' | 'language'>,
    ): Promise<UserRow | undefined> =>
      isEmpty(patch)
        ? db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst()
        : db.updateTable('user').set(patch).where('id', '=', id).returningAll().executeTakeFirst(),

    create: (row: Pick<UserRow, 'name' | 'email' | 'password_hash' | 'language'>): Promise<UserRow> =>
      db
        .insertInto('user')
        .values({ ...row, created_at: clock.now() })
        .returningAll()
        .executeTakeFirstOrThrow(),

    /** A new secret, not in force yet. False when one is in force already. */
    async proposeTotp(id: number, secret: Uint8Array): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('user')
        .set({ sealed_totp: vault.seal(secret, about.totp(id)), totp_step: null })
        .where('id', '=', id)
        .where('totp_confirmed_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    totpSecret: (user: Pick<UserRow, 'id' | 'sealed_totp'>): Buffer | undefined =>
      user.sealed_totp === null ? undefined : vault.open(user.sealed_totp, about.totp(user.id)),

    /** Takes the code of a time step, if no code of it or of a later one was taken. Of many at once, one succeeds. */
    async takeTotpStep(id: number, step: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('user')
        .set({ totp_step: step })
        .where('id', '=', id)
        .where((eb) => eb.or([eb('totp_step', 'is', null), eb('totp_step', '<', step)]))
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    /** In force from now on, with these recovery codes and no others. */
    confirmTotp(id: number, code_hashes: readonly Uint8Array[]): Promise<void> {
      return inTransaction(db, async (tx) => {
        await tx.updateTable('user').set({ totp_confirmed_at: clock.now() }).where('id', '=', id).execute();
        await tx.deleteFrom('recovery_code').where('user_id', '=', id).execute();
        await tx
          .insertInto('recovery_code')
          .values(code_hashes.map((code_hash) => ({ user_id: id, code_hash, used_at: null })))
          .execute();
      });
    },

    removeTotp(id: number): Promise<void> {
      return inTransaction(db, async (tx) => {
        await tx
          .updateTable('user')
          .set({ sealed_totp: null, totp_confirmed_at: null, totp_step: null })
          .where('id', '=', id)
          .execute();
        await tx.deleteFrom('recovery_code').where('user_id', '=', id).execute();
      });
    },

    /** True once for each code. */
    async useRecoveryCode(id: number, code_hash: Uint8Array): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('recovery_code')
        .set({ used_at: clock.now() })
        .where('user_id', '=', id)
        .where('code_hash', '=', code_hash)
        .where('used_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}
