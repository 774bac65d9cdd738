import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { failure, invalid } from '../base/errors.ts';
import { newToken, type RandomBytes, tokenHash } from '../base/ids.ts';
import { type AccountRow, isDuplicate, type Store } from '../store/index.ts';

const DAY_MS = 86_400_000;
/** A one-time link is worth as much as a password; it need not live long. */
export const LINK_MS = DAY_MS;

/** The packages of a new installation. The owner's own account is not limited by an offer that somebody would sell. */
const FIRST_PACKAGES = [
  { name: 'Owner', message_quota: 1_000_000_000, device_limit: 100_000, days: 36_500, price_idr: 0, is_trial: 0 },
  { name: 'Trial', message_quota: 100, device_limit: 1, days: 14, price_idr: 0, is_trial: 1 },
] as const;

export interface Accounts {
  /** Makes the packages and the owner's account on an empty store; undefined when there are accounts already. */
  bootstrap(): Promise<AccountRow | undefined>;
  create(account: NewAccount): Promise<AccountRow>;
  /**
   * A one-time sign-in token for the person with this address. `operator`: from the server's own command line, in the place of every
   * other proof. Throws `not_found`.
   */
  issueLink(email: string, purpose?: 'operator' | 'mail'): Promise<string>;
  /** The one account of an installation that has just one, or the one with this owner. Throws `not_found`. */
  choose(email: string | undefined): Promise<AccountRow>;
}

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly packageName: string;
  readonly isAdmin: boolean;
  readonly timeZone?: string;
  readonly language?: 'id' | 'en';
  readonly passwordHash?: string;
}

export interface AccountsNeeds {
  readonly store: Pick<Store, 'accounts' | 'links' | 'packages' | 'subscriptions' | 'transaction' | 'durable'>;
  readonly tokenKey: KeyObject;
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
    const email = given.email.toLowerCase();
    const { account } = await store
      .transaction(async (tx) => {
        // First, so that of two who take one address at once the second fails, whatever was looked at before.
        await tx.users.create({
          name: given.name,
          email,
          password_hash: given.passwordHash ?? null,
          language: given.language ?? null,
        });
        const made = await tx.accounts.create({
          name: given.name,
          time_zone: given.timeZone ?? needs.timeZone,
          language: given.language ?? 'id',
          is_admin: given.isAdmin ? 1 : 0,
          owner: { name: given.name, email },
        });
        await tx.subscriptions.assign(made.account.id, offer, clock.now());
        return made;
      })
      .catch((error) => {
        throw isDuplicate(error) ? invalid('email', `${given.email} belongs to an account already.`) : error;
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

    async issueLink(email, purpose = 'operator') {
      const user = await store.accounts.findUserByEmail(email.toLowerCase());
      if (user === undefined) throw failure('not_found', { what: `An account of ${email}` });
      const token = newToken(random, 'wagl_');
      await store.links.create(user.id, hash(token), clock.now() + LINK_MS, purpose);
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
  };
}
