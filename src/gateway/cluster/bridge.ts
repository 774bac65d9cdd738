import { asError } from '../../base/errors.ts';
import type { EventBus, EventName, Events } from '../../base/events.ts';
import type { Log } from '../../base/log.ts';
import type { Bell } from '../../store/index.ts';
import { decodeRing, encodeRing, eventNames, type RingName, type Rings } from './rings.ts';

/** Carries this node's events to the others and theirs to this one's listeners, so that a live stream needs not know where a device is. */
export interface Bridge {
  start(): void;
  ring<N extends RingName>(name: N, ring: Rings[N]): void;
  /** What another node told; events come to the listeners of the event bus as well, after these. */
  onRemote<N extends RingName>(name: N, listener: (ring: Rings[N]) => void): void;
  /** Something may have been missed: the line to the database was cut. */
  onGap(listener: () => void): void;
}

export function createBridge({
  bell,
  events,
  beforeDevices,
  log,
}: {
  readonly bell: Bell;
  readonly events: EventBus;
  /** Learns what these devices do now, before anybody hears that they have changed. */
  readonly beforeDevices: (ids: readonly number[]) => Promise<void>;
  readonly log: Pick<Log, 'error'>;
}): Bridge {
  const remote = new Map<string, Set<(ring: never) => void>>();
  const gaps = new Set<() => void>();
  let heard: { readonly name: RingName; readonly ring: Rings[RingName] }[] = [];
  let telling = false;
  /** What is emitted here now came from another node: it is not told back. */
  let relaying = false;

  const isEvent = (name: RingName): name is EventName => (eventNames as readonly string[]).includes(name);

  async function tell(): Promise<void> {
    if (telling) return;
    telling = true;
    while (heard.length > 0) {
      const some = heard;
      heard = [];
      const devices = some.flatMap(({ name, ring }) =>
        name === 'device.changed' || name === 'device.health' ? [(ring as Events['device.health']).deviceId] : [],
      );
      if (devices.length > 0)
        await beforeDevices([...new Set(devices)]).catch((error) =>
          log.error({ err: asError(error) }, 'what other nodes keep could not be looked up'),
        );
      for (const { name, ring } of some) relay(name, ring);
    }
    telling = false;
  }

  function relay(name: RingName, ring: Rings[RingName]): void {
    for (const listener of remote.get(name) ?? []) listener(ring as never);
    if (!isEvent(name)) return;
    relaying = true;
    try {
      events.emit(name, ring as Events[EventName]);
    } finally {
      relaying = false;
    }
  }

  return {
    start() {
      for (const name of eventNames)
        events.on(name, (event) => {
          if (!relaying) bell.ring(encodeRing(name, event));
        });
      bell.listen(
        (item) => {
          const one = decodeRing(item);
          if (one === undefined) return;
          heard.push(one);
          void tell();
        },
        () => {
          for (const listener of gaps) listener();
        },
        (error) =>
          log.error({ err: error }, 'other nodes are not heard at once; what they did is looked for in the database'),
      );
    },
    ring: (name, ring) => bell.ring(encodeRing(name, ring)),
    onRemote(name, listener) {
      remote.set(name, (remote.get(name) ?? new Set()).add(listener as (ring: never) => void));
    },
    onGap(listener) {
      gaps.add(listener);
    },
  };
}
