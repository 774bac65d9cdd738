import { Session } from 'node:inspector/promises';
import { setTimeout } from 'node:timers/promises';

export interface Memory {
  /** MiB. */
  readonly rss: number;
  readonly heap: number;
}

/** Samples of a process that does nothing: this much CPU at most in each of so many windows. */
const CALM = { windowMs: 50, cpuMs: 4, windows: 4, atMostMs: 8_000 };

const spent = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/**
 * Commands that each measured process has. CPU is that of this process alone, all its threads (garbage collection, fsync) included.
 * `end` waits until nothing happens any more, so that receipts and late bookkeeping are paid by the messages that caused them.
 */
export function createMeter() {
  let began = process.cpuUsage();
  let session: Session | undefined;
  return {
    begin() {
      began = process.cpuUsage();
    },
    /** CPU ms since `begin`, as it is: for a process that has something to do even at rest. */
    spent: (): number => spent(began),
    /** CPU ms since `begin`. */
    async end(): Promise<number> {
      const from = performance.now();
      for (let calm = 0; calm < CALM.windows && performance.now() - from < CALM.atMostMs; ) {
        const window = process.cpuUsage();
        await setTimeout(CALM.windowMs);
        calm = spent(window) < CALM.cpuMs ? calm + 1 : 0;
      }
      return spent(began);
    },
    /** CPU ms within the next `ms` of wall time. */
    async watch({ ms }: { ms: number }): Promise<number> {
      const from = process.cpuUsage();
      await setTimeout(ms);
      return spent(from);
    },
    memory(): Memory {
      const { rss, heapUsed } = process.memoryUsage();
      return { rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
    },
    async startProfile() {
      session = new Session();
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: 250 });
      await session.post('Profiler.start');
    },
    /** The `.cpuprofile` as JSON text. */
    async stopProfile(): Promise<string> {
      if (session === undefined) throw new Error('no profile was started');
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      session = undefined;
      return JSON.stringify(profile);
    },
  };
}

export type MeterCommands = ReturnType<typeof createMeter>;
