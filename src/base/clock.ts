/** Time, handed in: nothing in the gateway calls Date.now() or setTimeout by itself. */
export interface Clock {
  /** Wall clock, Unix milliseconds. */
  now(): number;
  /** Milliseconds that never jump; only differences mean something. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `work` after `ms`, unless the function that it gives is called before. For waits that nearly always end early: an aborted
   * `sleep` makes an exception with its stack, half a dozen of them for each message.
   */
  after(ms: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/** `2025-12-10T10:00:00.000000Z`: UTC with six decimals, as the contract document has every time. */
export function isoMicros(ms: number): string;
export function isoMicros(ms: number | null): string | null;
export function isoMicros(ms: number | null): string | null {
  return ms === null ? null : `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}

/** The calendar day `YYYY-MM-DD` of an instant in an IANA time zone. */
export function dayIn(timeZone: string, ms: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(ms);
}

/** The instant, in Unix milliseconds, at which the day of `ms` began in an IANA time zone. */
export function startOfDay(timeZone: string, ms: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  const offset = local - Math.floor(ms / 1000) * 1000;
  return Date.UTC(part('year'), part('month') - 1, part('day')) - offset;
}
