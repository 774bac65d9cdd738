import { inLanes } from './lanes.ts';
import type { Memory } from './meter.ts';
import { numbers, type World } from './world.ts';

export interface Idle extends Memory {
  readonly devices: number;
  /** Seconds from the start of the process until the last device was connected and caught up. */
  readonly startSeconds: number;
  /** Share of one core while nothing happens. */
  readonly cpuShare: number;
}

const LINKED_AT_ONCE = 3;
/** After the last one has connected, before the measuring. */
const SETTLE_MS = 5_000;
const CONNECT_MS = 180_000;

/**
 * Links devices up to each of `steps`, then starts the gateway anew on the same folder: what is measured are devices that reconnected,
 * as after any restart, not the traces of pairing. Ends early, with what it has, when
 * linking has used up `budgetMs`.
 */
export async function measureIdle(
  world: World,
  steps: readonly number[],
  budgetMs: number,
  watchMs: number,
  say: (line: string) => void,
): Promise<Idle[]> {
  let left = budgetMs;
  const found: Idle[] = [];
  let linked = 0;
  for (const devices of steps) {
    say(`idle devices: linking ${devices}`);
    const { gateway: first } = await world.startGateway('idle');
    await first.call('connected', { count: linked, withinMs: CONNECT_MS }, CONNECT_MS + 5_000);
    const began = performance.now();
    await inLanes(numbers(3, devices - linked, linked), LINKED_AT_ONCE, async (phone) => {
      if (performance.now() - began > left) return;
      await world.link(first, phone);
      linked++;
    });
    left -= performance.now() - began;
    await first.stop();
    if (linked < devices) {
      say(`idle devices: out of time with ${linked} of ${devices}`);
      return found;
    }
    const from = performance.now();
    const { gateway } = await world.startGateway('idle');
    await gateway.call('connected', { count: devices, withinMs: CONNECT_MS }, CONNECT_MS + 5_000);
    const startSeconds = (performance.now() - from) / 1000;
    await gateway.call('watch', { ms: SETTLE_MS });
    const cpu = await gateway.call('watch', { ms: watchMs });
    found.push({ devices, ...(await gateway.call('memory')), startSeconds, cpuShare: cpu / watchMs });
    await gateway.stop();
  }
  return found;
}
