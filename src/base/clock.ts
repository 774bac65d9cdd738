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

/** What Node's timers can wait, 24.8 days: one that is longer fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

function after(ms: number, work: () => void): () => void {
  const next = (left: number): NodeJS.Timeout =>
    left <= LONGEST_MS
      ? setTimeout(work, left)
      : setTimeout(() => {
          timer = next(left - LONGEST_MS);
        }, LONGEST_MS);
  let timer = next(ms);
  return () => clearTimeout(timer);
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  after,
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

const HOUR = 3_600_000;

/** What the clocks of an IANA time zone show at an instant, both in Unix milliseconds, as if it were UTC. */
function clocksOf(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (ms) => {
    const parts = format.formatToParts(ms);
    const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  };
}

/** The instant, in Unix milliseconds, at which the day of `ms` began in an IANA time zone; also on a day on which the clocks change. */
export function startOfDay(timeZone: string, ms: number): number {
  const shown = clocksOf(timeZone);
  const second = Math.floor(ms / 1000) * 1000;
  const now = shown(second);
  const midnight = Math.floor(now / (24 * HOUR)) * 24 * HOUR;
  const late = midnight - (now - second);
  // As far from UTC as some hours before, when it was another time of the year: one of the two is when the day began, or both are.
  const before = late - 6 * HOUR;
  const early = midnight - (shown(before) - before);
  return early === late ? late : Math.min(...[early, late].filter((at) => shown(at) >= midnight));
}

/**
 * The instant, in Unix milliseconds, at which the clocks of an IANA time zone show `time` (`HH:MM`) on the day that begins at `start`. Of a
 * time that comes twice when the clocks are set back it is the first; one that is left out when they are set forward comes as much later.
 */
export function timeOfDay(timeZone: string, start: number, time: string): number {
  const shown = clocksOf(timeZone);
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const wanted = hours * HOUR + minutes * 60_000;
  const midnight = Math.floor(shown(start) / (24 * HOUR)) * 24 * HOUR;
  const plain = start + wanted;
  const changed = plain - (shown(plain) - midnight - wanted);
  return shown(changed) === midnight + wanted ? changed : plain;
}
