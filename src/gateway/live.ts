import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { Store, StoredEvent } from '../store/index.ts';
import type { Caller } from './contract.ts';
import { FOLLOWED_MS } from './happenings.ts';

export type LiveEvent = Pick<StoredEvent, 'seq' | 'type' | 'payload'>;

/** What happens to a device, as it happens, without a gap: the stored events are followed, a bell only says when to look. */
export interface LiveEvents {
  /**
   * Follows a device's events after a number, or (null) from now on, until the signal aborts (it must); null says that nothing happened for
   * a while, so that whoever is told can show that the line lives. Throws `rate_limited` when too many follow it already.
   */
  follow(
    caller: Pick<Caller, 'accountId' | 'deviceId'>,
    after: number | null,
    signal: AbortSignal,
  ): Promise<AsyncIterable<LiveEvent | null>>;
}

const HEARTBEAT_MS = 20_000;
const MOST_PER_DEVICE = 10;
const PAGE = 100;

export function createLiveEvents({
  store,
  events,
  clock,
}: {
  readonly store: Pick<Store, 'events' | 'durable'>;
  readonly events: Pick<EventBus, 'on' | 'emit'>;
  readonly clock: Clock;
}): LiveEvents {
  const open = new Map<number, number>();

  async function* flow(accountId: number, deviceId: number, from: number, signal: AbortSignal) {
    let seq = from;
    let fresh = true;
    let followed = clock.now();
    let ring: (() => void) | undefined;
    const off = events.on('event.recorded', (event) => {
      if (event.deviceId !== deviceId) return;
      fresh = true;
      ring?.();
    });
    const onAbort = () => ring?.();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        if (fresh) {
          fresh = false;
          const some = await store.events.after(accountId, deviceId, seq, PAGE);
          await store.durable();
          for (const { seq: number, type, payload } of some) {
            if (signal.aborted) return;
            seq = number;
            yield { seq, type, payload };
          }
          if (some.length === PAGE) fresh = true;
          continue;
        }
        const nap = new AbortController();
        const rung = new Promise<boolean>((resolve) => {
          ring = () => resolve(true);
        });
        const slept = clock.sleep(HEARTBEAT_MS, nap.signal).then(
          () => false,
          () => true,
        );
        const hasRung = await Promise.race([rung, slept]);
        ring = undefined;
        nap.abort();
        // Another node may have recorded something: the beat looks, too.
        if (hasRung) continue;
        fresh = true;
        if (clock.now() - followed > FOLLOWED_MS / 24) {
          followed = clock.now();
          await store.events.follow(accountId, deviceId, followed);
        }
        yield null;
      }
    } finally {
      off();
      signal.removeEventListener('abort', onAbort);
    }
  }

  function leave(deviceId: number): void {
    const left = (open.get(deviceId) ?? 1) - 1;
    if (left > 0) open.set(deviceId, left);
    else open.delete(deviceId);
  }

  return {
    async follow({ accountId, deviceId }, after, signal) {
      const followers = open.get(deviceId) ?? 0;
      if (followers >= MOST_PER_DEVICE) throw failure('rate_limited', { seconds: 30 }, { retryAfter: 30 });
      open.set(deviceId, followers + 1);
      // By the signal, not by the end of the flow: one that nobody began to read has no end.
      signal.addEventListener('abort', () => leave(deviceId), { once: true });
      await store.events.follow(accountId, deviceId, clock.now());
      events.emit('events.followed', { accountId, deviceId });
      return flow(accountId, deviceId, after ?? (await store.events.last(accountId, deviceId)), signal);
    },
  };
}
