import type { Clock } from './clock.ts';
import { failure } from './errors.ts';

/** How much of an allowance is left, as the RateLimit-* headers tell it. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until the window begins anew, at least 1. */
  readonly resetSeconds: number;
}

interface Window {
  readonly endsAt: number;
  used: number;
}

/** At most so many windows are kept: beyond it those that ended are swept, then the oldest give way. */
const MOST_KEYS = 100_000;

/**
 * Counts in windows of fixed length, one for each key, that begin with the first request. Kept in this process: with several API
 * nodes each has its own count.
 */
export function createLimits({
  clock,
  windowMs,
}: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly windowMs: number;
}) {
  const windows = new Map<string, Window>();

  function current(key: string): Window {
    const now = clock.monotonic();
    const known = windows.get(key);
    if (known && known.endsAt > now) return known;
    windows.delete(key);
    if (windows.size >= MOST_KEYS) sweep(now);
    const begun = { endsAt: now + windowMs, used: 0 };
    windows.set(key, begun);
    return begun;
  }

  function sweep(now: number) {
    for (const [key, { endsAt }] of windows) if (endsAt <= now) windows.delete(key);
    for (const key of windows.keys()) {
      if (windows.size < MOST_KEYS) return;
      windows.delete(key);
    }
  }

  const tell = ({ endsAt, used }: Window, limit: number): Allowance => ({
    allowed: used <= limit,
    limit,
    remaining: Math.max(0, limit - used),
    resetSeconds: Math.max(1, Math.ceil((endsAt - clock.monotonic()) / 1000)),
  });

  return {
    /** Spends one. What is refused is not counted further, so that a flood does not lengthen the wait. */
    take(key: string, limit: number): Allowance {
      const window = current(key);
      window.used = Math.min(window.used + 1, limit + 1);
      return tell(window, limit);
    },
    /** One that was taken does not count after all. */
    giveBack(key: string): void {
      const window = current(key);
      window.used = Math.max(0, window.used - 1);
    },
    /** Whether one could still be spent; spends nothing. */
    open(key: string, limit: number): Allowance {
      const window = current(key);
      return { ...tell(window, limit), allowed: window.used < limit };
    },
  };
}

export type Limits = ReturnType<typeof createLimits>;

/** `rate_limited` unless it is allowed. */
export function insist({ allowed, resetSeconds }: Allowance): void {
  if (!allowed) throw failure('rate_limited', { seconds: resetSeconds }, { retryAfter: resetSeconds });
}

/** This machine itself, where a proxy that nobody named as trusted stands for everybody. */
export const isLoopback = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address);

/** What counts as one address: of IPv6 the /64, since one subscriber has all of it. */
export const addressKey = (address: string): string =>
  address.includes(':') && !address.includes('.') ? `${expand(address).slice(0, 4).join(':')}::/64` : address;

function expand(address: string): string[] {
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  return after === undefined
    ? head
    : [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail];
}
