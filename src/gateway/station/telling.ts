import type { Clock } from '../../base/clock.ts';
import { asError } from '../../base/errors.ts';
import type { EventBus } from '../../base/events.ts';
import type { Log } from '../../base/log.ts';
import { type DevicePatch, type DeviceRow, type Owner, StaleOwner, type Store } from '../../store/index.ts';
import type { Glimpse } from '../cluster/mirror.ts';
import { deviceHealth, deviceStatus, type Happenings } from '../happenings.ts';
import type { DeviceHealth } from '../health.ts';
import type { DeviceState } from '../supervisor.ts';

/** What is kept of a device's life, and who is told of it: its row, its webhooks and live streams, other nodes. One thing after the other. */
export interface Telling {
  /** For lists, and for the time after a start. */
  state(state: DeviceState): void;
  /** A fact about the device. */
  keep(patch: DevicePatch): void;
  /** One event when what is wrong has changed. */
  health(): void;
  /** What comes and goes without an event: other nodes are told when it looks different from there. Tells again what could not be told. */
  look(): void;
  /** Work that belongs into the same order. `failed` completes the line of the log. */
  inOrder(work: () => Promise<unknown>, failed: string): void;
  /** Resolves when all of it is written. */
  settled(): Promise<void>;
}

export interface TellingNeeds {
  readonly device: DeviceRow;
  readonly owner: Owner;
  readonly store: Pick<Store, 'devices' | 'transaction'>;
  readonly happenings: Pick<Happenings, 'record' | 'ring'>;
  readonly events: EventBus;
  /** The device as other nodes shall see it. */
  readonly glimpse: () => Glimpse;
  /** For other nodes; undefined when there are none. */
  readonly tellOthers: ((glimpse: Glimpse) => Promise<void>) | undefined;
  /** It is on its way from one node to another: what it looks like here is nobody's news. */
  readonly isMoving: () => boolean;
  readonly health: () => DeviceHealth;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export function createTelling(needs: TellingNeeds): Telling {
  const { device, owner, store, events, clock, log } = needs;
  const named = { accountId: device.account_id, deviceId: device.id };
  let toldStatus = device.state;
  /** Undefined: how it went is not known. */
  let toldNotices: string | undefined = '';
  let toldOthers = '';
  let latest: DeviceState | undefined;
  /** The latest, when the store failed with it. */
  let untold: DeviceState | undefined;
  let writing = Promise.resolve();

  function inOrder(work: () => Promise<unknown>, failed: string): void {
    writing = writing.then(work).then(
      () => undefined,
      (error) => {
        // The next owner writes what is true; an earlier one has nothing to add.
        if (error instanceof StaleOwner) log.debug({ err: error }, failed);
        else log.error({ err: asError(error) }, failed);
      },
    );
  }

  /** The word of the state, told when it is another than before: the tries of a reconnection are one. */
  async function tellStatus(patch: DevicePatch & { readonly state: string }): Promise<void> {
    const isNews = patch.state !== toldStatus;
    await store.transaction(async (tx) => {
      const row = await tx.devices.updateAs(owner, patch);
      if (isNews && row !== undefined)
        await needs.happenings.record(tx, owner, deviceStatus(patch.state, row.state_reason));
    });
    if (!isNews) return;
    toldStatus = patch.state;
    needs.happenings.ring(owner);
  }

  async function tellOthers(): Promise<void> {
    if (needs.tellOthers === undefined || needs.isMoving()) return;
    const now = needs.glimpse();
    await needs.tellOthers(now);
    toldOthers = sameness(now);
  }

  function tellState(state: DeviceState): void {
    latest = state;
    untold = undefined;
    inOrder(async () => {
      try {
        await tellStatus(patchOf(state, clock.now()));
        await tellOthers();
      } catch (error) {
        if (latest === state && !(error instanceof StaleOwner)) untold = state;
        throw error;
      }
      events.emit('device.changed', { ...named, state: state.is });
    }, 'the state of a device could not be stored');
  }

  const looksDifferent = () => sameness(needs.glimpse()) !== toldOthers;

  return {
    inOrder,
    state: tellState,

    keep(patch) {
      inOrder(() => store.devices.updateAs(owner, patch), 'a fact about a device could not be stored');
    },

    health() {
      const now = needs.health();
      const notices = now.notices.map(({ code }) => code).join(' ');
      if (notices === toldNotices) return;
      toldNotices = notices;
      const tell = () => events.emit('device.health', named);
      // Where there are other nodes, they know before anybody asks them.
      if (needs.tellOthers === undefined) tell();
      const happening = deviceHealth(now);
      inOrder(async () => {
        try {
          if (needs.tellOthers !== undefined) {
            await tellOthers();
            tell();
          }
          await store.transaction((tx) => needs.happenings.record(tx, owner, happening));
        } catch (error) {
          if (toldNotices === notices && !(error instanceof StaleOwner)) toldNotices = undefined;
          throw error;
        }
        needs.happenings.ring(owner);
      }, 'the health of a device could not be told');
    },

    look() {
      if (untold !== undefined && !needs.isMoving()) return tellState(untold);
      if (needs.tellOthers === undefined || !looksDifferent()) return;
      // By then it may have been told.
      inOrder(async () => {
        if (looksDifferent()) await tellOthers();
      }, 'the state of a device could not be told');
    },

    settled: () => writing,
  };
}

/** What other nodes would show differently. */
const sameness = ({ state, hold, isPairing, health }: Glimpse): string =>
  JSON.stringify([state, hold, isPairing, health.notices]);

function patchOf(state: DeviceState, now: number) {
  switch (state.is) {
    case 'connected':
      return { state: 'connected', state_reason: null, connected_at: state.since, last_seen: now };
    case 'idle':
      return { state: 'disconnected', state_reason: null, last_seen: now };
    case 'connecting':
      return { state: 'connecting' };
    case 'pairing':
      return { state: 'pairing', state_reason: null };
    case 'waiting':
      return { state: 'connecting', state_reason: state.because };
    case 'down':
      return {
        state: state.reason === 'logged_out' ? 'logged_out' : 'disconnected',
        state_reason: state.because,
        // Keys that can not be read may be restored; the next start looks again. Everything else needs a person at the device.
        ...(state.reason === 'unreadable' ? {} : { enabled: 0 as const }),
      };
  }
}
