import type { Clock } from './clock.ts';

/**
 * Work that comes again: after `ms`, or at once when somebody asks. One at a time; a failure is told and the next comes all the same. It can
 * be started again when it has stopped.
 */
export interface Every {
  start(): void;
  soon(): void;
  /** Resolves when nothing of it is under way any more. */
  stop(): Promise<void>;
}

export function every(
  clock: Clock,
  ms: number,
  /** May say when it wants to come again, if that is sooner. The signal: it is stopped. */
  work: (signal: AbortSignal) => Promise<number | undefined> | Promise<void>,
  failed: (error: unknown) => void,
  againMs = ms,
): Every {
  let ending = new AbortController();
  let ring: (() => void) | undefined;
  let asked = false;
  let running: Promise<void> | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      asked = false;
      let pauseMs = ms;
      try {
        pauseMs = Math.min(ms, (await work(signal)) ?? ms);
      } catch (error) {
        pauseMs = againMs;
        if (!signal.aborted) failed(error);
      }
      // A stop that came while the work was done is no event for the nap any more.
      if (!asked && !signal.aborted) await nap(pauseMs, signal);
    }
  }

  async function nap(length: number, signal: AbortSignal): Promise<void> {
    const either = new AbortController();
    const stop = () => either.abort();
    ring = stop;
    signal.addEventListener('abort', stop);
    await clock.sleep(length, either.signal).catch((error) => {
      if (!either.signal.aborted) throw error;
    });
    signal.removeEventListener('abort', stop);
    ring = undefined;
  }

  return {
    start() {
      running ??= run(ending.signal);
    },
    soon() {
      asked = true;
      ring?.();
    },
    async stop() {
      ending.abort();
      await running;
      running = undefined;
      ending = new AbortController();
    },
  };
}
