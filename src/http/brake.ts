import type { Clock } from '../base/clock.ts';
import { createLimits } from '../base/limits.ts';

/** So many refusals a minute come at once: a program that has lost its way is told so without a wait. */
export const REFUSED_AT_ONCE = 300;
/** Each further one comes so late. Milliseconds. */
export const LATE_MS = 1_000;
/** So many wait at a time; what is beyond is answered at once, for waiting takes memory. */
const MOST_LATE = 1_000;

/**
 * Slows down who goes on asking although refused: sixteen connections that never pause make sixteen requests a second then, instead of a
 * thousand that the other tenants wait behind (`npm run bench -- --only tenants`).
 */
export function createBrake(clock: Pick<Clock, 'monotonic' | 'sleep'>): (key: string) => Promise<void> {
  const refusals = createLimits({ clock, windowMs: 60_000 });
  let late = 0;
  return async (key) => {
    if (refusals.take(key, REFUSED_AT_ONCE).allowed || late >= MOST_LATE) return;
    late += 1;
    await clock.sleep(LATE_MS).finally(() => {
      late -= 1;
    });
  };
}
