import type { Clock } from '../base/clock.ts';

/** One life with several ends: the caller's signal, and limits of time that may be lifted again. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Aborts with `reason` when `ms` have passed, unless the function it gives is called first. */
  after(ms: number, reason: Error): () => void;
  /** Everything is over: no limit fires any more. */
  end(): void;
}

export function createDeadline(clock: Pick<Clock, 'sleep'>, outer: AbortSignal | undefined): Deadline {
  const cut = new AbortController();
  const over = new AbortController();
  return {
    signal: outer ? AbortSignal.any([outer, cut.signal]) : cut.signal,
    after(ms, reason) {
      const lifted = new AbortController();
      clock.sleep(ms, AbortSignal.any([lifted.signal, over.signal])).then(
        () => cut.abort(reason),
        () => undefined, // the limit was lifted: a sleep rejects for no other reason
      );
      return () => lifted.abort();
    },
    end: () => over.abort(),
  };
}

/** The promise, or the signal's reason as soon as it is aborted. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
