import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { createLimits, insist } from '../base/limits.ts';
import { isDuplicate, type Role, type Store, type UserRow } from '../store/index.ts';
import type { Audit } from './audit.ts';
import type { Installation } from './installation.ts';
import type { Passwords } from './passwords.ts';
import type { Quotas, SubscriptionView } from './quotas.ts';
import type { SecondFactor } from './second-factor.ts';
import { SESSION_IDLE_MS, type Signed } from './sessions.ts';

export interface Me {
  readonly user: {
    readonly id: number;
    readonly name: string;
    readonly email: string;
    readonly language: 'id' | 'en' | null;
    readonly hasPassword: boolean;
    readonly hasTotp: boolean;
  };
  readonly account: {
    readonly id: number;
    readonly name: string;
    readonly timeZone: string;
    readonly role: Role;
    readonly isAdmin: boolean;
    readonly suspended: boolean;
  };
  readonly accounts: readonly { readonly id: number; readonly name: string; readonly role: Role }[];
  readonly needs: readonly ('email' | 'password')[];
  readonly maySetPassword: boolean;
  readonly subscription: SubscriptionView | null;
}

export interface BrowserSession {
  readonly id: string;
  readonly current: boolean;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
}

/** What a person sees and changes of himself. Where `current` is asked for and missing or wrong: `validation_failed`. */
export interface Profiles {
  me(who: Signed): Promise<Me>;
  change(who: Signed, change: { name?: string | undefined; language?: 'id' | 'en' | null | undefined }): Promise<void>;
  changeEmail(who: Signed, email: string, current: string | undefined, address: string): Promise<void>;
  /** Ends all other sessions and all links of the person. */
  changePassword(who: Signed, password: string, current: string | undefined, address: string): Promise<void>;
  enrolTotp(who: Signed, current: string | undefined, address: string): Promise<{ uri: string; secret: string }>;
  confirmTotp(who: Signed, code: string): Promise<{ readonly recoveryCodes: readonly string[] }>;
  removeTotp(who: Signed, code: string): Promise<void>;
  sessions(who: Signed): Promise<readonly BrowserSession[]>;
  /** Whether it was the one that asks. Throws `not_found`. */
  endSession(who: Signed, id: string): Promise<boolean>;
  endSessions(who: Signed, keepThis: boolean): Promise<void>;
}

export interface ProfilesNeeds {
  readonly store: Pick<Store, 'accounts' | 'users' | 'sessions' | 'links' | 'durable'>;
  readonly passwords: Passwords;
  readonly secondFactor: SecondFactor;
  readonly quotas: Quotas;
  readonly installation: Pick<Installation, 'settings'>;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
}

/** After a one-time link, a new password can be set without the old one for so long. */
const AFTER_LINK_MS = 3_600_000;
const WRONG_A_MINUTE = 10;
const sessionId = (hash: Uint8Array) => Buffer.from(hash).toString('hex').slice(0, 16);

export function createProfiles(needs: ProfilesNeeds): Profiles {
  const { store, passwords, secondFactor, audit, events, clock } = needs;
  const wrong = createLimits({ clock, windowMs: 60_000 });

  async function userOf(who: Signed): Promise<UserRow> {
    const user = await store.accounts.findUser(who.userId);
    if (user === undefined) throw failure('not_signed_in');
    return user;
  }

  const mayGoWithout = (who: Signed, user: UserRow) =>
    user.password_hash === null || (who.via === 'link' && who.begunAt + AFTER_LINK_MS > clock.now());

  /** A browser that was left open must not be enough to take the account over. */
  async function prove(who: Signed, user: UserRow, current: string | undefined): Promise<void> {
    if (mayGoWithout(who, user)) return;
    if (current === undefined) throw invalid('current_password', 'current_password is required');
    const key = String(user.id);
    insist(wrong.take(key, WRONG_A_MINUTE));
    if (!(await passwords.verify(user.password_hash, current)))
      throw invalid('current_password', 'current_password is not right');
    wrong.giveBack(key);
  }

  const changed = (who: Signed) => events.emit('people.changed', { accountId: null, userId: who.userId });

  return {
    async me(who) {
      const user = await userOf(who);
      const accounts = await store.accounts.ofUser(user.id);
      const account = accounts.find(({ id }) => id === who.accountId);
      if (account === undefined) throw failure('not_signed_in');
      return {
        user: {
          id: user.id,
          name: user.name,
          email: user.email,
          language: user.language,
          hasPassword: user.password_hash !== null,
          hasTotp: secondFactor.isOn(user),
        },
        account: {
          id: account.id,
          name: account.name,
          timeZone: account.time_zone,
          role: account.role,
          isAdmin: account.is_admin === 1,
          suspended: account.suspended_at !== null,
        },
        accounts: accounts.map(({ id, name, role }) => ({ id, name, role })),
        needs: [
          ...(user.email.endsWith('@localhost') ? (['email'] as const) : []),
          ...(user.password_hash === null ? (['password'] as const) : []),
        ],
        maySetPassword: mayGoWithout(who, user),
        subscription: await needs.quotas.current(account),
      };
    },

    async change(who, { name, language }) {
      if (name === undefined && language === undefined) return;
      await store.users.update(who.userId, {
        ...(name !== undefined && { name }),
        ...(language !== undefined && { language }),
      });
      await store.durable();
    },

    async changeEmail(who, email, current, address) {
      const user = await userOf(who);
      await prove(who, user, current);
      await store.users.update(user.id, { email }).catch((error) => {
        throw isDuplicate(error) ? invalid('email', `${email} belongs to somebody already.`) : error;
      });
      await store.links.spendAllOf(user.id, clock.now());
      await audit.note({ kind: 'email.changed', who, subject: email, address });
      await store.durable();
    },

    async changePassword(who, password, current, address) {
      const user = await userOf(who);
      await prove(who, user, current);
      if (password.toLowerCase() === user.email) throw invalid('password', 'password must not be the e-mail address');
      await store.users.update(user.id, { password_hash: await passwords.hash(password) });
      await store.links.spendAllOf(user.id, clock.now());
      await store.sessions.removeAllOf(user.id, who.sessionHash);
      await audit.note({ kind: 'password.changed', who, address });
      await store.durable();
      changed(who);
    },

    async enrolTotp(who, current) {
      const user = await userOf(who);
      await prove(who, user, current);
      return secondFactor.propose(user, (await needs.installation.settings()).name);
    },

    async confirmTotp(who, code) {
      const recoveryCodes = await secondFactor.confirm(await userOf(who), code);
      await audit.note({ kind: 'totp.on', who, address: null });
      return { recoveryCodes };
    },

    async removeTotp(who, code) {
      const user = await userOf(who);
      if (!secondFactor.isOn(user)) throw failure('wrong_code');
      await secondFactor.check(user, code);
      await secondFactor.remove(user);
      await audit.note({ kind: 'totp.off', who, address: null });
    },

    async sessions(who) {
      const now = clock.now();
      const own = sessionId(who.sessionHash);
      return (await store.sessions.ofUser(who.userId, now, now - SESSION_IDLE_MS)).map((row) => ({
        id: sessionId(row.token_hash),
        current: sessionId(row.token_hash) === own,
        address: row.address,
        userAgent: row.user_agent,
        createdAt: row.created_at,
        seenAt: row.seen_at,
        expiresAt: row.expires_at,
      }));
    },

    async endSession(who, id) {
      const rows = await store.sessions.ofUser(who.userId, clock.now(), 0);
      const row = rows.find(({ token_hash }) => sessionId(token_hash) === id);
      if (row === undefined) throw failure('not_found', { what: 'The session' });
      await store.sessions.remove(row.token_hash);
      await store.durable();
      changed(who);
      return id === sessionId(who.sessionHash);
    },

    async endSessions(who, keepThis) {
      await store.sessions.removeAllOf(who.userId, keepThis ? who.sessionHash : undefined);
      await audit.note({ kind: 'sign_out.everywhere', who, address: null });
      await store.durable();
      changed(who);
    },
  };
}
