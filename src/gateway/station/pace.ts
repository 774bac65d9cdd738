import { type Clock, startOfDay } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { DeviceRow, Owner, Store } from '../../store/index.ts';
import { createPacing, type Pacing } from '../pacing.ts';
import { pacingOf } from '../settings.ts';

/** The pacing of a device through its life: changed by its account and by WhatsApp. */
export interface Pace {
  /** Made when it is asked for first, and anew when it was turned on: with what was sent before, also by an earlier life of the process. */
  pacing(): Promise<Pacing>;
  /** The account has changed the device's settings. */
  change(row: Pick<DeviceRow, 'kind' | 'settings'>): void;
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
  let turnedOn = 0;

  async function make(): Promise<Pacing> {
    const row = await store.accounts.find(device.account_id);
    const timeZone = row?.time_zone ?? 'UTC';
    const now = clock.now();
    return createPacing({
      settings,
      timeZone,
      linkedAt: device.linked_at ?? now,
      history: {
        sent: settings.enabled ? await store.messages.sentSince(owner, now - DAY_MS, settings.per_day) : [],
        newToday: settings.enabled ? await store.conversations.countOpened(device.id, startOfDay(timeZone, now)) : 0,
      },
      lockedUntil,
      clock,
      random,
    });
  }

  return {
    async pacing() {
      while (current === undefined) {
        const before = turnedOn;
        const made = await make();
        if (turnedOn === before) current = made;
      }
      return current;
    },
    change(row) {
      const was = settings.enabled;
      Object.assign(settings, pacingOf(row));
      if (!settings.enabled || was) return;
      turnedOn += 1;
      current = undefined;
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
