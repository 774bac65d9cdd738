import type { Clock } from '../base/clock.ts';
import { asError, failure, invalid, isFailure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { createLimits, insist } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import { createTurns } from '../base/turns.ts';
import type { DeviceRow, Store } from '../store/index.ts';
import { LinkError } from '../whatsapp/link.ts';
import type { Audit } from './audit.ts';
import type { DeviceAdmin } from './devices.ts';
import type { Fleet } from './fleet.ts';
import { createDeviceViews, type DeviceLive, mayLink } from './keeping.ts';
import { normaliseRecipient, recipientText } from './recipients.ts';
import type { Signed } from './sessions.ts';

/** Linking a device to a phone, connecting it, letting it go. Each gives the state that follows; the live stream tells the rest. */
export interface Linking {
  /** Throws `not_found`, `device_busy`, `device_suspended`. */
  begin(who: Signed, id: number, address: string): Promise<DeviceLive>;
  stop(who: Signed, id: number): Promise<DeviceLive>;
  /** Throws `device_busy` unless a QR code is shown, `validation_failed` for what is no number. */
  requestCode(who: Signed, id: number, phone: string): Promise<{ readonly code: string; readonly phoneNumber: string }>;
  connect(who: Signed, id: number, address: string): Promise<DeviceLive>;
  disconnect(who: Signed, id: number, address: string): Promise<DeviceLive>;
  /** Unlinks it on the phone's side, too, when it is connected, and forgets its keys. */
  unlink(who: Signed, id: number, address: string): Promise<DeviceLive>;
  remove(who: Signed, id: number, address: string): Promise<void>;
}

export interface LinkingNeeds {
  readonly store: Pick<Store, 'devices' | 'clearMemory' | 'durable'>;
  readonly devices: Pick<DeviceAdmin, 'find'>;
  readonly fleet: Fleet;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
}

const GOODBYE_MS = 5_000;
const CODES_IN_TEN_MINUTES = 5;

export function createLinking(needs: LinkingNeeds): Linking {
  const { store, devices, fleet, audit, events, clock } = needs;
  const view = createDeviceViews(needs);
  const codes = createLimits({ clock, windowMs: 600_000 });

  const turns = createTurns<string>();
  /** Whoever asks last is right, also when the first is still being done. With the account: a stranger does not wait for the owner. */
  const inTurn = <T>({ accountId }: Signed, id: number, work: () => Promise<T>) => turns(`${accountId} ${id}`, work);

  async function alive(who: Signed, id: number): Promise<DeviceRow> {
    const row = await devices.find(who.accountId, id);
    if (row.suspended_at !== null) throw failure('device_suspended');
    return row;
  }

  const live = async (who: Signed, id: number) => view(await devices.find(who.accountId, id), mayLink(who)).live;
  const told = (who: Signed, id: number, state: string) =>
    events.emit('device.changed', { accountId: who.accountId, deviceId: id, state });

  async function startPairing(row: DeviceRow): Promise<void> {
    const station = await fleet.take(row);
    const { is } = station.state;
    if (is === 'connected') throw failure('device_busy', { state: 'connected', needed: 'disconnected' });
    if (!station.isPairing || is === 'idle' || is === 'down') station.startPairing();
  }

  /** Says goodbye to the phone; what it does not hear in time it notices when the keys are gone. */
  async function logOut(id: number): Promise<void> {
    const link = fleet.link(id);
    if (link === undefined) return;
    const patience = new AbortController();
    const late = clock.sleep(GOODBYE_MS, patience.signal).catch((error) => {
      if (!patience.signal.aborted) throw error;
    });
    const gone = link.logOut().catch((error) => {
      needs.log.info({ device: id, err: asError(error) }, 'a device could not say goodbye to its phone');
    });
    await Promise.race([gone, late]);
    patience.abort();
  }

  async function switchOff({ accountId }: Signed, id: number): Promise<void> {
    const letGo = async () => {
      await store.devices.update(accountId, id, { enabled: 0 });
      await store.durable();
      await fleet.drop(id);
    };
    await letGo();
    // Linked that moment, it was still being switched on. Nothing is written by that connection any more.
    if ((await store.devices.find(accountId, id))?.enabled === 1) await letGo();
  }

  const linking: Linking = {
    async begin(who, id, address) {
      await startPairing(await alive(who, id));
      await audit.note({ kind: 'device.linking', who, subject: `device ${id}`, address });
      return live(who, id);
    },

    async stop(who, id) {
      await devices.find(who.accountId, id);
      const station = fleet.station(id);
      if (station?.isPairing) {
        await fleet.drop(id);
        told(who, id, 'idle');
      }
      return live(who, id);
    },

    async requestCode(who, id, phone) {
      const row = await alive(who, id);
      const phoneNumber = numberOf(phone, row.default_country);
      const link = fleet.station(id)?.pairingLink;
      if (link === undefined)
        throw failure('device_busy', { state: fleet.state(id).is, needed: 'showing its QR code: begin to link it' });
      insist(codes.take(String(id), CODES_IN_TEN_MINUTES));
      try {
        return { code: await link.pairing.request(phoneNumber), phoneNumber };
      } catch (cause) {
        if (cause instanceof LinkError) throw failure('temporarily_unavailable', {}, { cause });
        throw cause;
      }
    },

    async connect(who, id) {
      const row = await alive(who, id);
      const isForgotten = row.phone === null || row.state === 'logged_out';
      if (row.kind === 'whatsapp' && isForgotten)
        throw failure('device_busy', { state: 'not linked', needed: 'linked' });
      // A sandbox device has its phone at hand: unlinked, it links itself anew.
      if (isForgotten) await startPairing(row);
      else {
        // A connection that gave up keeps its place until it is let go.
        if (fleet.state(id).is === 'down') await fleet.drop(id);
        await store.devices.update(who.accountId, id, { enabled: 1 });
        await store.durable();
        await fleet.refresh(id);
      }
      return live(who, id);
    },

    async disconnect(who, id) {
      await devices.find(who.accountId, id);
      await switchOff(who, id);
      told(who, id, 'idle');
      return live(who, id);
    },

    async unlink(who, id, address) {
      const row = await devices.find(who.accountId, id);
      await store.devices.update(who.accountId, id, { enabled: 0 });
      await logOut(id);
      await switchOff(who, id);
      // The lease is taken anew: whoever held the device before can write none of its keys any more.
      const { owner } = await fleet.take(row);
      await store.clearMemory(owner);
      await fleet.drop(id);
      await store.devices.update(who.accountId, id, {
        state: 'logged_out',
        state_reason: 'The device was unlinked here. Link it again to go on.',
        enabled: 0,
      });
      await audit.note({ kind: 'device.unlinked', who, subject: `device ${id}`, address });
      await store.durable();
      told(who, id, 'logged_out');
      return live(who, id);
    },

    async remove(who, id, address) {
      await devices.find(who.accountId, id);
      await store.devices.update(who.accountId, id, { enabled: 0 });
      await logOut(id);
      await switchOff(who, id);
      await store.devices.remove(who.accountId, id);
      await audit.note({ kind: 'device.deleted', who, subject: `device ${id}`, address });
      await store.durable();
      told(who, id, 'deleted');
    },
  };

  return {
    ...linking,
    begin: (who, id, address) => inTurn(who, id, () => linking.begin(who, id, address)),
    stop: (who, id) => inTurn(who, id, () => linking.stop(who, id)),
    connect: (who, id, address) => inTurn(who, id, () => linking.connect(who, id, address)),
    disconnect: (who, id, address) => inTurn(who, id, () => linking.disconnect(who, id, address)),
    unlink: (who, id, address) => inTurn(who, id, () => linking.unlink(who, id, address)),
    remove: (who, id, address) => inTurn(who, id, () => linking.remove(who, id, address)),
  };
}

/** The digits of a phone that shall be linked: written as people write numbers, but no group and no LID. */
function numberOf(given: string, country: string): string {
  try {
    const digits = recipientText(normaliseRecipient(given, country));
    if (/^\d+$/.test(digits)) return digits;
  } catch (error) {
    // It speaks of a recipient, and the form has none.
    if (!isFailure(error, 'validation_failed')) throw error;
  }
  throw invalid('phone_number', 'phone_number must be the number of the phone, such as 081234567890');
}
