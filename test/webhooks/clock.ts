import { systemClock } from '../../src/base/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock whose hands the test moves: whoever sleeps wakes when they have passed. */
export function createHandClock(start = Date.UTC(2026, 0, 5)) {
  let ahead = 0;
  const sleepers = new Set<Sleeper>();
  const zero = systemClock.monotonic();
  const passed = () => systemClock.monotonic() - zero + ahead;
  return {
    now: () => Math.floor(start + passed()),
    monotonic: passed,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const done = () => {
          sleepers.delete(sleeper);
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
        };
        const sleeper: Sleeper = {
          until: passed() + ms,
          wake: () => {
            done();
            resolve();
          },
        };
        const timer = setTimeout(sleeper.wake, Math.min(ms, 2_147_483_647));
        const onAbort = () => {
          done();
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      }),
    after(ms: number, work: () => void) {
      const cancel = () => {
        sleepers.delete(sleeper);
        clearTimeout(timer);
      };
      const sleeper: Sleeper = {
        until: passed() + ms,
        wake: () => {
          cancel();
          work();
        },
      };
      const timer = setTimeout(sleeper.wake, Math.min(ms, 2_147_483_647));
      sleepers.add(sleeper);
      return cancel;
    },
    advance(ms: number) {
      ahead += ms;
      for (const sleeper of [...sleepers]) if (sleeper.until <= passed()) sleeper.wake();
    },
  };
}

export type HandClock = ReturnType<typeof createHandClock>;
