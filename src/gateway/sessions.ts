import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { isToken, newToken, type RandomBytes, tokenHash } from '../base/ids.ts';
import type { Role, Store, UserRow } from '../store/index.ts';

const DAY_MS = 86_400_000;
/** Dashboard sessions end after 7 days at the latest and after 12 hours without use (security.md). */
const SESSION_MS = 7 * DAY_MS;
export const SESSION_IDLE_MS = DAY_MS / 2;
const TOUCH_EVERY_MS = 60_000;

/** Who is signed in, as the session tells. */
export interface Signed {
  readonly userId: number;
  readonly accountId: number;
  readonly email: string;
  readonly role: Role;
  /** Of the account that administers this server. */
  readonly isAdmin: boolean;
  readonly suspended: boolean;
  /** The account's. */
  readonly timeZone: string;
  readonly via: 'password' | 'link';
  /** Unix ms. */
  readonly begunAt: number;
  /** Unix ms. The session ends then, however much it is used. */
  readonly expiresAt: number;
  readonly sessionHash: Uint8Array;
}

/** Where a request comes from. */
export interface Visitor {
  readonly address: string;
  readonly userAgent: string | null;
}

/** A session that has begun; its token is told here and never again. */
export interface Session {
  readonly sessionToken: string;
  readonly expiresAt: number;
  readonly who: Signed;
}

export interface Sessions {
  /**
   * A new token for whoever signs in. `proof`: the session that stands for who it is, where nothing else was asked for; the new one ends
   * when that one would have. Undefined when the user is no member of the account.
   */
  begin(
    user: UserRow,
    accountId: number,
    via: Signed['via'],
    visitor: Visitor,
    proof?: Signed,
  ): Promise<Session | undefined>;
  /** Who a token belongs to, while it lasts. `touch: false` looks without prolonging it. */
  find(sessionToken: string, options?: { readonly touch: boolean }): Promise<Signed | undefined>;
  end(sessionToken: string): Promise<void>;
}

export interface SessionsNeeds {
  readonly store: Pick<Store, 'sessions'>;
  readonly tokenKey: KeyObject;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export function createSessions({ store, tokenKey, clock, random }: SessionsNeeds): Sessions {
  const hashOf = (token: string) => tokenHash(tokenKey, token);

  async function look(hash: Uint8Array, touch: boolean): Promise<Signed | undefined> {
    const now = clock.now();
    const found = await store.sessions.find(hash, now);
    if (found === undefined || found.session.seen_at + SESSION_IDLE_MS < now) return undefined;
    const { session, user, account, role } = found;
    if (touch && session.seen_at + TOUCH_EVERY_MS < now) await store.sessions.touch(hash, now, session.expires_at);
    return {
      userId: user.id,
      accountId: account.id,
      email: user.email,
      role,
      isAdmin: account.is_admin === 1,
      suspended: account.suspended_at !== null,
      timeZone: account.time_zone,
      via: session.via,
      begunAt: session.created_at,
      expiresAt: session.expires_at,
      sessionHash: hash,
    };
  }

  return {
    async begin(user, accountId, via, { address, userAgent }, proof) {
      const sessionToken = newToken(random, 'wags_');
      const hash = hashOf(sessionToken);
      const expiresAt = proof?.expiresAt ?? clock.now() + SESSION_MS;
      await store.sessions.create({
        token_hash: hash,
        user_id: user.id,
        account_id: accountId,
        expires_at: expiresAt,
        via,
        address,
        user_agent: userAgent?.slice(0, 300) ?? null,
      });
      const who = await look(hash, false);
      return who && { sessionToken, expiresAt, who };
    },
    find: async (token, { touch } = { touch: true }) =>
      isToken(token, 'wags_') ? look(hashOf(token), touch) : undefined,
    async end(token) {
      if (isToken(token, 'wags_')) await store.sessions.remove(hashOf(token));
    },
  };
}
