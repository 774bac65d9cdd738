import { type Clock, startOfDay } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { DeviceRow, Owner, Store } from '../../store/index.ts';
import { createPacing, type Pacing } from '../pacing.ts';
import { pacingOf } from '../settings.ts';

/** The pacing of a device through its life: changed by its account and by WhatsApp. */
export interface Pace {
  /**
   * Made when it is asked for first, and anew when it was turned on or goes by another zone or link: with what was sent before, also by an
   * earlier life of the process.
   */
  pacing(): Promise<Pacing>;
  /** The account has changed the device's settings. */
  change(row: Pick<DeviceRow, 'kind' | 'settings'>): void;
  /** Looks whether the account has another time zone now. */
  readZone(): Promise<void>;
  /** A phone has linked the device: its number is as cold as one of that day. Unix ms. */
  linked(at: number): void;
  /** Another number has: what the one before sent, and was refused, is not its own. Unix ms. */
  beginAnew(at: number): void;
  /** WhatsApp lets no conversation be opened until then. Unix ms. */
  lock(until: number): void;
  readonly lockedUntil: number;
}

const DAY_MS = 86_400_000;

export function createPace({
  device,
  owner,
  store,
  clock,
  random,
}: {
  readonly device: DeviceRow;
  readonly owner: Owner;
  readonly store: Pick<Store, 'accounts' | 'messages' | 'conversations'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomBytes;
}): Pace {
  let current: Pacing | undefined;
  /** What the pacing goes by at each look: changed in place when the account changes it. */
  const settings = { ...pacingOf(device) };
  let lockedUntil = device.time_lock_until ?? 0;
  let linkedAt = device.linked_at;
  let numberSince = device.number_since ?? 0;
  /** Of the pacing that was made last, or is being made. */
  let zone: string | undefined;
  let discarded = 0;

  function discard(): void {
    discarded += 1;
    current = undefined;
  }

  const readZone = async (): Promise<string> => (await store.accounts.find(device.account_id))?.time_zone ?? 'UTC';

  async function make(): Promise<Pacing> {
    const timeZone = await readZone();
    zone = timeZone;
    const now = clock.now();
    return createPacing({
      settings,
      timeZone,
      linkedAt: linkedAt ?? now,
      history: {
        sent: settings.enabled
          ? await store.messages.sentSince(owner, Math.max(now - DAY_MS, numberSince), settings.per_day)
          : [],
        newToday: settings.enabled
          ? await store.conversations.countOpened(device.id, Math.max(startOfDay(timeZone, now), numberSince))
          : 0,
      },
      lockedUntil,
      clock,
      random,
    });
  }

  return {
    async pacing() {
      while (current === undefined) {
        const before = discarded;
        const made = await make();
        if (discarded === before) current = made;
      }
      return current;
    },
    change(row) {
      const was = settings.enabled;
      Object.assign(settings, pacingOf(row));
      if (settings.enabled && !was) discard();
    },
    async readZone() {
      if ((await readZone()) !== zone) discard();
    },
    linked(at) {
      linkedAt = at;
      discard();
    },
    beginAnew(at) {
      numberSince = at;
      lockedUntil = 0;
      discard();
    },
    lock(until) {
      lockedUntil = until;
      current?.lock(until);
    },
    get lockedUntil() {
      return lockedUntil;
    },
  };
}
