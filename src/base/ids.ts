import { createHash, createHmac, type KeyObject, randomBytes } from 'node:crypto';

/** Chance, handed in: cryptographic bytes. */
export type RandomBytes = (size: number) => Buffer;
export const systemRandom: RandomBytes = pooled(randomBytes);

/** A call into the system for so many bytes at once: one costs as much for 8 as for 4,096 of them. No byte is given twice. */
const POOL = 4_096;

export function pooled(draw: RandomBytes): RandomBytes {
  let pool: Buffer = Buffer.alloc(0);
  return (size) => {
    if (size > POOL / 16) return draw(size);
    if (pool.length < size) pool = draw(POOL);
    const given = pool.subarray(0, size);
    pool = pool.subarray(size);
    return given;
  };
}

/** A fraction in [0, 1) from the same source, for jitter and pacing. */
export const fraction = (random: RandomBytes): number => random(4).readUInt32BE() / 2 ** 32;

/** A WhatsApp message id as WhatsApp Web draws them: `3EB0` and 9 random bytes in hex, 22 characters (baileys: generateMessageIDV2). */
export const whatsappId = (random: RandomBytes): string => `3EB0${random(9).toString('hex').toUpperCase()}`;

/** `req_` and 12 random bytes, on every answer as X-Request-Id. */
export const requestId = (random: RandomBytes): string => `req_${random(12).toString('base64url')}`;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(bytes: Uint8Array, width: number): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  while (value > 0n) {
    text = BASE62[Number(value % 62n)] + text;
    value /= 62n;
  }
  return text.padStart(width, '0');
}

/** 32 bytes need 43 base62 digits; the checksum is the first 4 bytes of SHA-256 over them, 6 digits. */
const BODY = 43;
const CHECK = 6;
const checksum = (body: string) => base62(createHash('sha256').update(body).digest().subarray(0, 4), CHECK);

export type TokenPrefix = 'wag_' | 'wagl_' | 'wags_';

/**
 * A secret as `wag_` + 32 random bytes in base62 + checksum (53 characters), so that scanners find it and a typo is told
 * from a revoked one without a query. `wagl_` marks one-time sign-in links, `wags_` dashboard sessions.
 */
export function newToken(random: RandomBytes, prefix: TokenPrefix = 'wag_'): string {
  const body = base62(random(32), BODY);
  return `${prefix}${body}${checksum(body)}`;
}

/** Whether a string has the shape and checksum of a token of ours. Says nothing about whether it is known. */
export function isToken(text: string, prefix: TokenPrefix = 'wag_'): boolean {
  if (!text.startsWith(prefix) || text.length !== prefix.length + BODY + CHECK) return false;
  const body = text.slice(prefix.length, prefix.length + BODY);
  return /^[0-9A-Za-z]+$/.test(body) && checksum(body) === text.slice(prefix.length + BODY);
}

/** The keyed hash that the store keeps in the place of a token: a stolen database opens nothing without the master key. */
export const tokenHash = (key: KeyObject, token: string): Buffer => createHmac('sha256', key).update(token).digest();

/** `evt_` and 16 random bytes: what happened, once, however often it is told (header `webhook-id`). */
export const eventId = (random: RandomBytes): string => `evt_${base62(random(16), 22)}`;

/** A signing secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64. */
export const webhookSecret = (random: RandomBytes): string => `whsec_${random(32).toString('base64')}`;
