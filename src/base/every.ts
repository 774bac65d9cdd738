import type { Clock } from './clock.ts';

/** Work that comes again: after `ms`, or at once when somebody asks. One at a time; a failure is told and the next comes all the same. */
export interface Every {
  start(): void;
  soon(): void;
  stop(): Promise<void>;
}

export function every(
  clock: Clock,
  ms: number,
  /** May say when it wants to come again, if that is sooner. */
  work: () => Promise<number | undefined> | Promise<void>,
  failed: (error: unknown) => void,
  againMs = ms,
): Every {
  const ending = new AbortController();
  let ring: (() => void) | undefined;
  let asked = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      asked = false;
      let pauseMs = ms;
      try {
        pauseMs = Math.min(ms, (await work()) ?? ms);
      } catch (error) {
        pauseMs = againMs;
        if (!ending.signal.aborted) failed(error);
      }
      // A stop that came while the work was done is no event for the nap any more.
      if (!asked && !ending.signal.aborted) await nap(pauseMs);
    }
  }

  async function nap(length: number): Promise<void> {
    const either = new AbortController();
    const stop = () => either.abort();
    ring = stop;
    ending.signal.addEventListener('abort', stop);
    await clock.sleep(length, either.signal).catch((error) => {
      if (!either.signal.aborted) throw error;
    });
    ending.signal.removeEventListener('abort', stop);
    ring = undefined;
  }

  return {
    start() {
      running ??= run();
    },
    soon() {
      asked = true;
      ring?.();
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}
