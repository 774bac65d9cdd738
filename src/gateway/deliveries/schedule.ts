import { fraction, type RandomBytes } from '../../base/ids.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What Standard Webhooks recommends; the tenth failure is the last. */
const waits = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const LONGEST_PATIENCE = 24 * HOUR;
/** A share of the wait that is drawn, so that endpoints which fell together do not get everything back at once. */
const JITTER = 0.1;

/**
 * When a delivery is tried again after its `attempts`-th attempt failed, Unix ms; null: never by itself. `retryAfter`: the header of
 * the answer, seconds or a date.
 */
export function nextAttempt(
  attempts: number,
  retryAfter: string | null,
  now: number,
  random: RandomBytes,
): number | null {
  const wait = waits[attempts - 1];
  if (wait === undefined) return null;
  const asked = Math.min(LONGEST_PATIENCE, patience(retryAfter, now));
  return now + Math.max(asked, Math.round(wait * (1 + JITTER * fraction(random))));
}

function patience(header: string | null, now: number): number {
  if (header === null) return 0;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * SECOND : Date.parse(header) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}

/** Why an endpoint is told nothing more until somebody looks after it. */
export const pauseCauses = {
  gone: 'It answered 410 Gone.',
  dead: 'Nothing could be delivered to it for five days.',
} as const;
export type PauseCause = keyof typeof pauseCauses;

/** Nothing has succeeded for so long: the endpoint is paused, and its owner told. */
export const PAUSED_AFTER_MS = 5 * 24 * HOUR;
/** A chat waits for the first retry of its message, this long at most; from the second failure on later ones go ahead. */
export const KEEPS_ORDER_MS = MINUTE;
