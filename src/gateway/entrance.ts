import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { asError, failure, invalid } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { isToken, newToken, type RandomBytes, tokenHash } from '../base/ids.ts';
import { addressKey, createLimits, insist } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import { isDuplicate, type Store, type UserRow } from '../store/index.ts';
import { type Accounts, LINK_MS } from './accounts.ts';
import type { Audit } from './audit.ts';
import type { Installation } from './installation.ts';
import { letters } from './letters.ts';
import type { Mail } from './mail.ts';
import type { Passwords } from './passwords.ts';
import type { SecondFactor } from './second-factor.ts';
import type { Session, Sessions, Signed, Visitor } from './sessions.ts';

export type { Session, Signed, Visitor };

/** How people come in and go out. Every limit counts a try before it is looked at, so that a thousand at once count as a thousand. */
export interface Entrance {
  /** Throws `sign_up_closed`, `validation_failed`, `rate_limited`. */
  signUp(given: NewPerson, visitor: Visitor): Promise<Session>;
  /** Throws `wrong_credentials`, `code_required`, `wrong_code`, `rate_limited`. The session before it ends. */
  signIn(given: Credentials, visitor: Visitor, before: string | null): Promise<Session>;
  /** Throws `invalid_link`, `code_required`, `wrong_code`, `rate_limited`. */
  redeemLink(token: string, code: string | undefined, visitor: Visitor, before: string | null): Promise<Session>;
  /** Mails a one-time link, if the address is known; tells nobody whether it is. */
  forgot(email: string, visitor: Visitor): Promise<void>;
  /** Throws `invalid_link`, `not_signed_in`, and what `signIn` throws. */
  acceptInvitation(given: Acceptance, who: Signed | null, visitor: Visitor, before: string | null): Promise<Session>;
  /** Throws `not_found`. */
  switchAccount(who: Signed, accountId: number, visitor: Visitor): Promise<Session>;
  find: Sessions['find'];
  end(sessionToken: string): Promise<void>;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly code?: string | undefined;
}

export interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly language?: 'id' | 'en' | undefined;
  readonly timeZone?: string | undefined;
}

export interface Acceptance {
  readonly token: string;
  readonly name?: string | undefined;
  /** A new one, or of a person who has one: that one. */
  readonly password?: string | undefined;
  readonly code?: string | undefined;
  readonly language?: 'id' | 'en' | undefined;
}

export interface EntranceNeeds {
  readonly store: Pick<
    Store,
    'accounts' | 'users' | 'links' | 'sessions' | 'members' | 'invitations' | 'packages' | 'transaction' | 'durable'
  >;
  readonly accounts: Pick<Accounts, 'create'>;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly secondFactor: SecondFactor;
  readonly installation: Pick<Installation, 'settings' | 'url'>;
  readonly mail: Mail;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly tokenKey: KeyObject;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Pick<Log, 'error'>;
}

/** Wrong passwords a minute, of one account and from one address. */
export const WRONG_A_MINUTE = 10;
const SIGN_UPS_AN_HOUR = 10;
const LETTERS_AN_HOUR = 5;
/** Pairs of person and address that came in before: a stranger who guesses does not lock them out. */
const MOST_KNOWN = 10_000;

export function createEntrance(needs: EntranceNeeds): Entrance {
  const { store, sessions, passwords, secondFactor, audit, clock, random } = needs;
  const hash = (token: string) => tokenHash(needs.tokenKey, token);
  const wrong = createLimits({ clock, windowMs: 60_000 });
  const hourly = createLimits({ clock, windowMs: 3_600_000 });
  const known = new Set<string>();

  /** Who it is, when the password is right. */
  async function prove(email: string, password: string, { address }: Visitor): Promise<UserRow> {
    const from = `from ${addressKey(address)}`;
    const pair = `${email} ${from}`;
    insist(wrong.take(from, WRONG_A_MINUTE));
    const counted = !known.has(pair);
    if (counted) insist(wrong.take(`of ${email}`, WRONG_A_MINUTE));
    const user = await store.accounts.findUserByEmail(email);
    if (!(await passwords.verify(user?.password_hash ?? null, password)) || user === undefined) {
      known.delete(pair);
      const [account] = user === undefined ? [] : await store.accounts.ofUser(user.id);
      await audit.note({ kind: 'sign_in.failed', accountId: account?.id ?? null, email, address });
      throw failure('wrong_credentials');
    }
    wrong.giveBack(from);
    if (counted) wrong.giveBack(`of ${email}`);
    if (known.size >= MOST_KNOWN) known.clear();
    known.add(pair);
    return user;
  }

  async function proveCode(user: UserRow, code: string | undefined): Promise<void> {
    if (!secondFactor.isOn(user)) return;
    if (code === undefined || code === '') throw failure('code_required');
    await secondFactor.check(user, code);
  }

  /** The account that one comes into first: one that is not suspended, if there is any. */
  async function homeOf(user: UserRow): Promise<number> {
    const all = await store.accounts.ofUser(user.id);
    const home = all.find(({ suspended_at }) => suspended_at === null) ?? all[0];
    if (home === undefined) throw failure('wrong_credentials');
    return home.id;
  }

  async function begin(
    user: UserRow,
    accountId: number,
    via: Signed['via'],
    visitor: Visitor,
    before: string | null,
    proof?: Signed,
  ): Promise<Session> {
    const session = await sessions.begin(user, accountId, via, visitor, proof);
    if (session === undefined) throw failure('not_signed_in');
    if (before !== null) await end(before);
    await store.durable();
    return session;
  }

  async function end(sessionToken: string): Promise<void> {
    const who = await sessions.find(sessionToken, { touch: false });
    await sessions.end(sessionToken);
    if (who !== undefined) needs.events.emit('people.changed', { accountId: who.accountId, userId: who.userId });
  }

  /** The person that an invitation becomes: made, or known and proven, by a session or the password. */
  async function invitee(given: Acceptance, email: string, who: Signed | null, visitor: Visitor): Promise<UserRow> {
    const user = await store.accounts.findUserByEmail(email);
    if (user !== undefined) {
      // The link proves nothing of somebody who is there already: whoever invited has seen it, too.
      if (who?.userId === user.id) return user;
      if (given.password === undefined || user.password_hash === null) throw failure('not_signed_in');
      const proven = await prove(email, given.password, visitor);
      await proveCode(proven, given.code);
      return proven;
    }
    if (given.password === undefined) throw invalid('password', 'password is required');
    if (given.name === undefined) throw invalid('name', 'name is required');
    const password_hash = await passwords.hash(given.password);
    return store.users
      .create({ name: given.name, email, password_hash, language: given.language ?? null })
      .catch((error) => {
        throw isDuplicate(error) ? failure('not_signed_in') : error;
      });
  }

  /** The mail logs its own failure. */
  async function mailLink(user: Pick<UserRow, 'id' | 'email' | 'language'>): Promise<void> {
    const token = newToken(random, 'wagl_');
    await store.links.create(user.id, hash(token), clock.now() + LINK_MS, 'mail');
    await store.durable();
    const { name } = await needs.installation.settings();
    const link = `${needs.installation.url()}/sign-in/${token}`;
    await needs.mail.send(letters.signInLink(user.email, user.language ?? 'id', { installation: name, link }));
  }

  return {
    find: sessions.find,
    end,

    async signUp(given, visitor) {
      const settings = await needs.installation.settings();
      if (settings.signUp !== 'open') throw failure('sign_up_closed');
      insist(hourly.take(`sign-up ${addressKey(visitor.address)}`, SIGN_UPS_AN_HOUR));
      const password_hash = await passwords.hash(given.password);
      const offers = await store.packages.list();
      const offer =
        offers.find(({ id }) => id === settings.signUpPackageId) ??
        offers.find(({ is_trial, archived_at }) => is_trial === 1 && archived_at === null);
      if (offer === undefined) throw failure('sign_up_closed');
      const account = await needs.accounts.create({
        name: given.name,
        email: given.email,
        packageName: offer.name,
        isAdmin: false,
        passwordHash: password_hash,
        ...(given.timeZone === undefined ? {} : { timeZone: given.timeZone }),
        ...(given.language === undefined ? {} : { language: given.language }),
      });
      const user = await store.accounts.ownerOf(account.id);
      if (user === undefined) throw failure('not_signed_in');
      const session = await begin(user, account.id, 'password', visitor, null);
      await audit.note({ kind: 'sign_up', who: session.who, address: visitor.address });
      return session;
    },

    async signIn({ email, password, code }, visitor, before) {
      const user = await prove(email, password, visitor);
      await proveCode(user, code);
      const session = await begin(user, await homeOf(user), 'password', visitor, before);
      await audit.note({ kind: 'sign_in', who: session.who, address: visitor.address });
      return session;
    },

    async redeemLink(token, code, visitor, before) {
      const from = `link from ${addressKey(visitor.address)}`;
      insist(wrong.take(from, WRONG_A_MINUTE));
      const found = isToken(token, 'wagl_') ? await store.links.look(hash(token), clock.now()) : undefined;
      if (found === undefined) throw failure('invalid_link');
      // A link from the server's own command line stands in for everything: who has the server has it all.
      if (found.purpose === 'mail') await proveCode(found.user, code);
      const user = await store.links.redeem(hash(token), clock.now());
      if (user === undefined) throw failure('invalid_link');
      wrong.giveBack(from);
      const session = await begin(user, await homeOf(user), 'link', visitor, before);
      await audit.note({ kind: 'sign_in.link', who: session.who, address: visitor.address });
      return session;
    },

    async forgot(email, { address }) {
      insist(hourly.take(`letter from ${addressKey(address)}`, LETTERS_AN_HOUR * 4));
      if (!needs.mail.enabled) return;
      if (!hourly.take(`letter to ${email}`, LETTERS_AN_HOUR).allowed) return;
      const user = await store.accounts.findUserByEmail(email);
      if (user === undefined) return;
      // Nobody waits for it: how long it takes would tell that there is somebody.
      mailLink(user).catch((error) => needs.log.error({ err: asError(error) }, 'a sign-in link could not be made'));
    },

    async acceptInvitation(given, who, visitor, before) {
      const from = `link from ${addressKey(visitor.address)}`;
      insist(wrong.take(from, WRONG_A_MINUTE));
      const look = isToken(given.token, 'wagl_') ? await store.invitations.look(hash(given.token)) : undefined;
      if (look === undefined) throw failure('invalid_link');
      wrong.giveBack(from);
      const user = await invitee(given, look.email, who, visitor);
      const invitation = await store.transaction(async (tx) => {
        const taken = await tx.invitations.take(hash(given.token));
        if (taken !== undefined) await tx.members.add(taken.account_id, user.id, taken.role);
        return taken;
      });
      if (invitation === undefined) throw failure('invalid_link');
      // One begun by a link would be taken for a link that was opened just now, after which a password needs no current one.
      const proof = who?.userId === user.id ? who : undefined;
      const session = await begin(user, invitation.account_id, 'password', visitor, before, proof);
      await audit.note({ kind: 'member.joined', who: session.who, address: visitor.address, subject: invitation.role });
      return session;
    },

    async switchAccount(who, accountId, visitor) {
      const user = await store.accounts.findUser(who.userId);
      const role = await store.members.roleOf(accountId, who.userId);
      if (user === undefined || role === undefined) throw failure('not_found', { what: 'The account' });
      const session = await begin(user, accountId, 'password', visitor, null, who);
      await store.sessions.remove(who.sessionHash);
      needs.events.emit('people.changed', { accountId: who.accountId, userId: who.userId });
      return session;
    },
  };
}
