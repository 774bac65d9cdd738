import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { isToken, newToken, type RandomBytes, tokenHash } from '../base/ids.ts';
import { addressKey, createLimits, insist } from '../base/limits.ts';
import type { InvitationRow, Role, Store } from '../store/index.ts';
import type { Audit } from './audit.ts';
import type { Installation } from './installation.ts';
import { letters } from './letters.ts';
import type { Mail } from './mail.ts';
import type { Signed } from './sessions.ts';

export type { Role };

export interface MemberView {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly hasTotp: boolean;
  readonly you: boolean;
}

export interface InvitationView {
  readonly id: number;
  readonly email: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly invitedBy: string | null;
}

/** The people of an account. Owners are made and changed by owners only; one always stays. */
export interface Members {
  list(who: Signed): Promise<readonly MemberView[]>;
  changeRole(who: Signed, userId: number, role: Role, address: string): Promise<void>;
  remove(who: Signed, userId: number, address: string): Promise<void>;
  invitations(who: Signed): Promise<readonly InvitationView[]>;
  invite(
    who: Signed,
    given: { readonly email: string; readonly role: Role },
    address: string,
  ): Promise<{ readonly invitation: InvitationView; readonly link: string; readonly mailed: boolean }>;
  withdraw(who: Signed, id: number): Promise<void>;
  /** Throws `invalid_link`. */
  lookAtInvitation(
    token: string,
    address: string,
  ): Promise<{
    readonly account: string;
    readonly email: string;
    readonly role: Role;
    readonly invitedBy: string | null;
    readonly expiresAt: number;
    readonly known: boolean;
  }>;
  changeAccount(who: Signed, change: { name?: string | undefined; timeZone?: string | undefined }): Promise<void>;
}

export interface MembersNeeds {
  readonly store: Pick<Store, 'accounts' | 'members' | 'invitations' | 'durable'>;
  readonly installation: Pick<Installation, 'settings' | 'url'>;
  readonly mail: Mail;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly tokenKey: KeyObject;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

const INVITATION_MS = 7 * 86_400_000;
const INVITATIONS_AN_HOUR = 30;
const LOOKS_A_MINUTE = 20;

export function createMembers(needs: MembersNeeds): Members {
  const { store, audit, events, clock } = needs;
  const hash = (token: string) => tokenHash(needs.tokenKey, token);
  const hourly = createLimits({ clock, windowMs: 3_600_000 });
  const looks = createLimits({ clock, windowMs: 60_000 });

  const invitationView = async (row: InvitationRow): Promise<InvitationView> => ({
    id: row.id,
    email: row.email,
    role: row.role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    invitedBy: row.invited_by === null ? null : ((await store.accounts.findUser(row.invited_by))?.email ?? null),
  });

  /** Whether the one who asks may touch somebody of this role. Throws `not_found` for whom the account does not have. */
  async function reach(who: Signed, userId: number): Promise<void> {
    const role = await store.members.roleOf(who.accountId, userId);
    if (role === undefined) throw failure('not_found', { what: 'The member' });
    if (role === 'owner' && who.role !== 'owner') throw failure('not_allowed');
  }

  const settle = (result: 'done' | 'unknown' | 'last_owner') => {
    if (result === 'unknown') throw failure('not_found', { what: 'The member' });
    if (result === 'last_owner') throw failure('last_owner');
  };

  return {
    async list(who) {
      return (await store.accounts.members(who.accountId)).map((row) => ({
        id: row.id,
        name: row.name,
        email: row.email,
        role: row.role,
        hasTotp: row.totp_confirmed_at !== null,
        you: row.id === who.userId,
      }));
    },

    async changeRole(who, userId, role, address) {
      await reach(who, userId);
      if (role === 'owner' && who.role !== 'owner') throw failure('not_allowed');
      settle(await store.members.setRole(who.accountId, userId, role));
      await audit.note({ kind: 'member.role', who, subject: `user ${userId}: ${role}`, address });
      await store.durable();
      events.emit('people.changed', { accountId: who.accountId, userId });
    },

    async remove(who, userId, address) {
      await reach(who, userId);
      settle(await store.members.remove(who.accountId, userId));
      await audit.note({ kind: 'member.removed', who, subject: `user ${userId}`, address });
      await store.durable();
      events.emit('people.changed', { accountId: who.accountId, userId });
    },

    async invitations(who) {
      return Promise.all((await store.invitations.list(who.accountId)).map(invitationView));
    },

    async invite(who, { email, role }, address) {
      if (role === 'owner' && who.role !== 'owner') throw failure('not_allowed');
      insist(hourly.take(String(who.accountId), INVITATIONS_AN_HOUR));
      const members = await store.accounts.members(who.accountId);
      if (members.some((one) => one.email === email))
        throw invalid('email', `${email} belongs to this account already.`);
      const token = newToken(needs.random, 'wagl_');
      const row = await store.invitations.create({
        account_id: who.accountId,
        email,
        role,
        token_hash: hash(token),
        invited_by: who.userId,
        expires_at: clock.now() + INVITATION_MS,
      });
      await audit.note({ kind: 'member.invited', who, subject: `${email}: ${role}`, address });
      await store.durable();
      const link = `${needs.installation.url()}/invitation/${token}`;
      const { name } = await needs.installation.settings();
      const [account, inviter] = [await store.accounts.find(who.accountId), await store.accounts.findUser(who.userId)];
      const letter = letters.invitation(
        email,
        inviter?.language ?? 'id',
        { installation: name, link },
        account?.name ?? '',
      );
      return { invitation: await invitationView(row), link, mailed: await needs.mail.send(letter) };
    },

    async withdraw(who, id) {
      if (!(await store.invitations.withdraw(who.accountId, id)))
        throw failure('not_found', { what: 'The invitation' });
      await store.durable();
    },

    async lookAtInvitation(token, address) {
      insist(looks.take(addressKey(address), LOOKS_A_MINUTE));
      const row = isToken(token, 'wagl_') ? await store.invitations.look(hash(token)) : undefined;
      const account = row && (await store.accounts.find(row.account_id));
      if (row === undefined || account === undefined) throw failure('invalid_link');
      const user = await store.accounts.findUserByEmail(row.email);
      const { email, role, expiresAt, invitedBy } = await invitationView(row);
      return {
        account: account.name,
        email,
        role,
        invitedBy,
        expiresAt,
        known: user !== undefined,
      };
    },

    async changeAccount(who, { name, timeZone }) {
      if (name === undefined && timeZone === undefined) return;
      await store.accounts.update(who.accountId, {
        ...(name !== undefined && { name }),
        ...(timeZone !== undefined && { time_zone: timeZone }),
      });
      await store.durable();
      events.emit('people.changed', { accountId: who.accountId, userId: null });
    },
  };
}
