import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import { isToken, newToken, type RandomBytes, tokenHash } from '../base/ids.ts';
import type { AccountRow, Store } from '../store/index.ts';
import type { SignIn } from './contract.ts';

const DAY_MS = 86_400_000;
/** A one-time link is worth as much as a password; it need not live long. */
export const LINK_MS = DAY_MS;
/** Dashboard sessions end after 7 days at the latest and after 12 hours without use (security.md). */
const SESSION_MS = 7 * DAY_MS;
const SESSION_IDLE_MS = DAY_MS / 2;
const TOUCH_EVERY_MS = 60_000;

/** The packages of a new installation. The owner's own account is not limited by an offer that somebody would sell. */
const FIRST_PACKAGES = [
  { name: 'Owner', message_quota: 1_000_000_000, device_limit: 100_000, days: 36_500, price_idr: 0, is_trial: 0 },
  { name: 'Trial', message_quota: 100, device_limit: 1, days: 14, price_idr: 0, is_trial: 1 },
] as const;

export interface Accounts extends SignIn {
  /** Makes the packages and the owner's account on an empty store; undefined when there are accounts already. */
  bootstrap(): Promise<AccountRow | undefined>;
  create(account: NewAccount): Promise<AccountRow>;
  /** A one-time sign-in token for the person with this address. Throws `not_found`. */
  issueLink(email: string): Promise<string>;
  /** The one account of an installation that has just one, or the one with this owner. Throws `not_found`. */
  choose(email: string | undefined): Promise<AccountRow>;
}

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly packageName: string;
  readonly isAdmin: boolean;
  readonly timeZone?: string;
}

export interface AccountsNeeds {
  readonly store: Pick<
    Store,
    'accounts' | 'links' | 'sessions' | 'packages' | 'subscriptions' | 'transaction' | 'durable'
  >;
  readonly tokenKey: Uint8Array;
  readonly timeZone: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export function createAccounts(needs: AccountsNeeds): Accounts {
  const { store, clock, random } = needs;
  const hash = (token: string) => tokenHash(needs.tokenKey, token);

  async function create(given: NewAccount): Promise<AccountRow> {
    const offer = await store.packages.findByName(given.packageName);
    if (offer === undefined) throw invalid('package', `There is no package named ${given.packageName}.`);
    if (!/^[^\s@]+@[^\s@]+$/.test(given.email)) throw invalid('email', `${given.email} is not an e-mail address.`);
    if ((await store.accounts.findUserByEmail(given.email.toLowerCase())) !== undefined)
      throw invalid('email', `${given.email} belongs to an account already.`);
    const { account } = await store.transaction(async (tx) => {
      const made = await tx.accounts.create({
        name: given.name,
        time_zone: given.timeZone ?? needs.timeZone,
        language: 'id',
        is_admin: given.isAdmin ? 1 : 0,
        owner: { name: given.name, email: given.email.toLowerCase() },
      });
      await tx.subscriptions.assign(made.account.id, offer, clock.now());
      return made;
    });
    await store.durable();
    return account;
  }

  return {
    create,

    async bootstrap() {
      if ((await store.accounts.count()) > 0) return undefined;
      for (const offer of FIRST_PACKAGES)
        if ((await store.packages.findByName(offer.name)) === undefined)
          await store.packages.create({ ...offer, rate_limit_per_minute: null });
      return create({ name: 'Owner', email: 'owner@localhost', packageName: 'Owner', isAdmin: true });
    },

    async issueLink(email) {
      const user = await store.accounts.findUserByEmail(email.toLowerCase());
      if (user === undefined) throw failure('not_found', { what: `An account of ${email}` });
      const token = newToken(random, 'wagl_');
      await store.links.create(user.id, hash(token), clock.now() + LINK_MS);
      await store.durable();
      return token;
    },

    async choose(email) {
      if (email !== undefined) {
        const user = await store.accounts.findUserByEmail(email.toLowerCase());
        const [account] = user === undefined ? [] : await store.accounts.ofUser(user.id);
        if (account === undefined) throw failure('not_found', { what: `An account of ${email}` });
        return account;
      }
      const all = await store.accounts.list();
      const [only] = all;
      if (only === undefined) throw failure('not_found', { what: 'An account' });
      if (all.length > 1 && only.is_admin === 0)
        throw invalid('account', 'There are several accounts: name one with --account <email>.');
      return only;
    },

    async redeem(linkToken) {
      if (!isToken(linkToken, 'wagl_')) throw failure('invalid_link');
      const now = clock.now();
      const user = await store.links.redeem(hash(linkToken), now);
      const [account] = user === undefined ? [] : await store.accounts.ofUser(user.id);
      if (user === undefined || account === undefined) throw failure('invalid_link');
      const sessionToken = newToken(random, 'wags_');
      const expiresAt = now + SESSION_MS;
      await store.sessions.create({
        token_hash: hash(sessionToken),
        user_id: user.id,
        account_id: account.id,
        expires_at: expiresAt,
      });
      await store.durable();
      return { sessionToken, expiresAt };
    },

    async find(sessionToken) {
      if (!isToken(sessionToken, 'wags_')) return undefined;
      const now = clock.now();
      const found = await store.sessions.find(hash(sessionToken), now);
      if (found === undefined || found.session.seen_at + SESSION_IDLE_MS < now) return undefined;
      const { session, user } = found;
      if (session.seen_at + TOUCH_EVERY_MS < now)
        await store.sessions.touch(hash(sessionToken), now, session.expires_at);
      return { userId: user.id, accountId: session.account_id, name: user.name, email: user.email };
    },

    async end(sessionToken) {
      await store.sessions.remove(hash(sessionToken));
    },
  };
}
