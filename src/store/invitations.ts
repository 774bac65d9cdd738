import type { Selectable } from 'kysely';
import type { InvitationTable, Role } from './account-schema.ts';
import type { Context } from './context.ts';
import { inTransaction } from './transactions.ts';

export type InvitationRow = Selectable<InvitationTable>;
export type Invitations = ReturnType<typeof createInvitations>;

export function createInvitations({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  const open = (now: number) =>
    db.selectFrom('invitation').selectAll().where('ended_at', 'is', null).where('expires_at', '>', now);
  return {
    /** Takes the place of an open one for the same address. */
    create(row: {
      account_id: number;
      email: string;
      role: Role;
      token_hash: Uint8Array;
      invited_by: number;
      expires_at: number;
    }): Promise<InvitationRow> {
      return inTransaction(db, async (tx) => {
        const now = clock.now();
        await tx
          .updateTable('invitation')
          .set({ ended_at: now })
          .where('account_id', '=', row.account_id)
          .where('email', '=', row.email)
          .where('ended_at', 'is', null)
          .execute();
        return tx
          .insertInto('invitation')
          .values({ ...row, created_at: now, ended_at: null })
          .returningAll()
          .executeTakeFirstOrThrow();
      });
    },

    list: (account_id: number): Promise<InvitationRow[]> =>
      open(clock.now()).where('account_id', '=', account_id).orderBy('id', 'desc').execute(),

    /** By its token; the token is the tenant. */
    look: (token_hash: Uint8Array): Promise<InvitationRow | undefined> =>
      open(clock.now()).where('token_hash', '=', token_hash).executeTakeFirst(),

    /** Ends it as accepted; undefined when it is no longer open. Of many at once, one succeeds. */
    take: (token_hash: Uint8Array): Promise<InvitationRow | undefined> =>
      db
        .updateTable('invitation')
        .set({ ended_at: clock.now() })
        .where('token_hash', '=', token_hash)
        .where('ended_at', 'is', null)
        .where('expires_at', '>', clock.now())
        .returningAll()
        .executeTakeFirst(),

    async withdraw(account_id: number, id: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('invitation')
        .set({ ended_at: clock.now() })
        .where('account_id', '=', account_id)
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}
