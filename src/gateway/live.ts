import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { createPlaces } from '../base/places.ts';
import type { Store, StoredEvent } from '../store/index.ts';
import type { Caller } from './contract.ts';
import { FOLLOWED_MS } from './happenings.ts';

export type LiveEvent = Pick<StoredEvent, 'seq' | 'type' | 'payload'>;

/** What happens to a device, as it happens, without a gap: the stored events are followed, a bell only says when to look. */
export interface LiveEvents {
  /**
   * Follows a device's events after a number, or (null) from now on, until the signal aborts (it must), or the token that asked is no longer
   * the device's: nothing is told after that, and the stream ends; null says that nothing happened for a while, so that whoever is told can show that the line lives. Throws `rate_limited` when too many follow it already.
   */
  follow(
    caller: Pick<Caller, 'accountId' | 'deviceId' | 'tokenSince'>,
    after: number | null,
    signal: AbortSignal,
  ): Promise<AsyncIterable<LiveEvent | null>>;
}

type Follower = Pick<Caller, 'accountId' | 'deviceId' | 'tokenSince'>;

const HEARTBEAT_MS = 20_000;
const MOST_PER_DEVICE = 10;
const PAGE = 100;

export function createLiveEvents({
  store,
  events,
  clock,
}: {
  readonly store: Pick<Store, 'events' | 'devices' | 'accounts' | 'durable'>;
  readonly events: Pick<EventBus, 'on' | 'emit'>;
  readonly clock: Clock;
}): LiveEvents {
  const places = createPlaces<number>(MOST_PER_DEVICE);

  /** Whether the token that opened a stream would still open it. */
  async function mayFollow({ accountId, deviceId, tokenSince }: Follower): Promise<boolean> {
    const device = await store.devices.find(accountId, deviceId);
    if (device === undefined || device.suspended_at !== null || device.token_created_at !== tokenSince) return false;
    return (await store.accounts.find(accountId))?.suspended_at === null;
  }

  async function* flow(follower: Follower, from: number, signal: AbortSignal, leave: () => void) {
    const { accountId, deviceId } = follower;
    let seq = from;
    let fresh = true;
    let followed = clock.now();
    let ring: (() => void) | undefined;
    const off = events.on('event.recorded', (event) => {
      if (event.deviceId !== deviceId) return;
      fresh = true;
      ring?.();
    });
    // A token that was renewed, a device that was suspended: looked at once, not only with the next event.
    let doubt = false;
    const doubted = () => {
      doubt = true;
      ring?.();
    };
    const offs = [
      events.on('device.changed', (event) => event.deviceId === deviceId && doubted()),
      events.on('people.changed', (event) => event.accountId === accountId && doubted()),
    ];
    const onAbort = () => ring?.();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        if (doubt) {
          doubt = false;
          if (!(await mayFollow(follower))) return;
          // Another doubt, or the end, may have come meanwhile, when nobody listened.
          continue;
        }
        // Not with the beat: a device to which something happens all day has none.
        if (clock.now() - followed > FOLLOWED_MS / 24) {
          followed = clock.now();
          await store.events.follow(accountId, deviceId, followed);
          continue;
        }
        if (fresh) {
          fresh = false;
          const some = await store.events.after(accountId, deviceId, seq, PAGE);
          await store.durable();
          if (!(await mayFollow(follower))) return;
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
        yield null;
      }
    } finally {
      leave();
      off();
      for (const end of offs) end();
      signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    async follow({ accountId, deviceId, tokenSince }, after, signal) {
      // Left by the signal and by the end of the flow: one that nobody began to read has no end, and one that ends by itself no signal.
      const leave = places.take(deviceId, signal);
      if (leave === undefined) throw failure('rate_limited', { seconds: 30 }, { retryAfter: 30 });
      try {
        await store.events.follow(accountId, deviceId, clock.now());
        events.emit('events.followed', { accountId, deviceId });
        const from = after ?? (await store.events.last(accountId, deviceId));
        return flow({ accountId, deviceId, tokenSince }, from, signal, leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}
