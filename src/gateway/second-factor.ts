import type { KeyObject } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import { type RandomBytes, tokenHash } from '../base/ids.ts';
import { createLimits, insist } from '../base/limits.ts';
import type { Store, UserRow } from '../store/index.ts';

const STEP_MS = 30_000;
const RECOVERY_CODES = 10;
/** Six digits and three steps that count: 30 tries a day find a code once in thirty years. */
const TRIES_A_DAY = 30;

export interface SecondFactor {
  isOn(user: Pick<UserRow, 'totp_confirmed_at'>): boolean;
  /** A secret that waits to be confirmed. Throws `already_decided` when one is in force. */
  propose(user: UserRow, issuer: string): Promise<{ readonly uri: string; readonly secret: string }>;
  /** In force with the first right code; gives the recovery codes. Throws `wrong_code`, `already_decided`. */
  confirm(user: UserRow, code: string): Promise<readonly string[]>;
  /** Takes a code of the app, or a recovery code; each works once. Throws `wrong_code`, `rate_limited`. */
  check(user: UserRow, code: string): Promise<void>;
  remove(user: UserRow): Promise<void>;
}

export interface SecondFactorNeeds {
  readonly store: Pick<Store, 'users' | 'durable'>;
  readonly tokenKey: KeyObject;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export function createSecondFactor({ store, tokenKey, clock, random }: SecondFactorNeeds): SecondFactor {
  const tries = createLimits({ clock, windowMs: 86_400_000 });
  const hash = (code: string) => tokenHash(tokenKey, `recovery ${code}`);
  const totp = (secret: Uint8Array, more: { issuer?: string; label?: string } = {}) =>
    new TOTP({
      ...more,
      secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
    });

  async function isRight(user: UserRow, code: string): Promise<boolean> {
    const secret = store.users.totpSecret(user);
    if (secret === undefined) return false;
    if (!/^\d{6}$/.test(code)) return store.users.useRecoveryCode(user.id, hash(code));
    const now = clock.now();
    const delta = totp(secret).validate({ token: code, timestamp: now, window: 1 });
    return delta !== null && (await store.users.takeTotpStep(user.id, Math.floor(now / STEP_MS) + delta));
  }

  async function check(user: UserRow, code: string): Promise<void> {
    const key = String(user.id);
    // Taken before the look, so that parallel guesses count, too.
    insist(tries.take(key, TRIES_A_DAY));
    if (!(await isRight(user, code))) throw failure('wrong_code');
    tries.giveBack(key);
    await store.durable();
  }

  return {
    isOn: (user) => user.totp_confirmed_at !== null,

    async propose(user, issuer) {
      const secret = random(20);
      if (!(await store.users.proposeTotp(user.id, secret))) throw failure('already_decided', { state: 'set up' });
      await store.durable();
      const made = totp(secret, { issuer, label: user.email });
      return { uri: made.toString(), secret: made.secret.base32 };
    },

    async confirm(user, code) {
      if (user.totp_confirmed_at !== null) throw failure('already_decided', { state: 'confirmed' });
      await check(user, code);
      const codes = Array.from({ length: RECOVERY_CODES }, () => recoveryCode(random));
      await store.users.confirmTotp(
        user.id,
        codes.map((one) => hash(one.replace('-', ''))),
      );
      await store.durable();
      return codes;
    },

    check,

    async remove(user) {
      await store.users.removeTotp(user.id);
      await store.durable();
    },
  };
}

/** Without letters that look like digits; 10 of 32 characters are 50 bits. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
function recoveryCode(random: RandomBytes): string {
  const text = [...random(10)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
  return `${text.slice(0, 5)}-${text.slice(5)}`;
}
