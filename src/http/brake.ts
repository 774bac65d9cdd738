import type { FastifyReply } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { createLimits } from '../base/limits.ts';

/** So many refusals a minute come at once: a program that has lost its way is told so without a wait. */
export const REFUSED_AT_ONCE = 300;
/** Each further one comes so late. Milliseconds. */
export const LATE_MS = 1_000;
/** So many wait at a time, of one caller and of all; what is beyond is answered at once, for waiting takes memory, and its connection ends. */
const MOST_LATE = { ofOne: 32, ofAll: 1_000 };

/**
 * Slows down who goes on asking although refused: sixteen connections that never pause make sixteen requests a second then, instead of a
 * thousand that the other tenants wait behind (`npm run bench -- --only tenants`).
 */
export function createBrake(clock: Pick<Clock, 'monotonic' | 'sleep'>) {
  const refusals = createLimits({ clock, windowMs: 60_000 });
  const waiting = new Map<string, number>();
  let late = 0;
  return async function brake(key: string, reply: Pick<FastifyReply, 'header'>): Promise<void> {
    if (refusals.take(key, REFUSED_AT_ONCE).allowed) return;
    const mine = waiting.get(key) ?? 0;
    if (mine >= MOST_LATE.ofOne || late >= MOST_LATE.ofAll) {
      reply.header('connection', 'close');
      return;
    }
    late += 1;
    waiting.set(key, mine + 1);
    await clock.sleep(LATE_MS);
    late -= 1;
    const left = (waiting.get(key) ?? 1) - 1;
    if (left === 0) waiting.delete(key);
    else waiting.set(key, left);
  };
}
