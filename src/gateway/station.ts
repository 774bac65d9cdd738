import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { Failpoint } from '../base/failpoints.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { DeviceMemory, DeviceRow, MessageRow, Owner, Store } from '../store/index.ts';
import type { Content, Link, LinkEvent, OpenLink, Route } from '../whatsapp/link.ts';
import { createAcknowledgements } from './acknowledgements.ts';
import { createDelivery } from './delivery.ts';
import type { MediaFetcher } from './media.ts';
import { changeOf } from './messages.ts';
import { createOutbox } from './outbox.ts';
import { createRegistrations } from './registrations.ts';
import { createSupervisor, type DeviceState } from './supervisor.ts';

/** One device at work on this node: its supervisor, its outbox, and the owner's lease that both write under. */
export interface Station {
  readonly owner: Owner;
  readonly state: DeviceState;
  readonly link: Link | undefined;
  readonly pairingLink: Link | undefined;
  /** It runs to be linked, although the device is not enabled yet. */
  readonly isPairing: boolean;
  /** Connects, with what the device remembers. */
  start(): void;
  /** Connects to show QR codes. */
  startPairing(): void;
  wake(): void;
  stop(graceMs: number): Promise<void>;
}

export interface StationNeeds {
  readonly device: DeviceRow;
  readonly owner: Owner;
  readonly route: Route;
  readonly store: Store;
  readonly openLink: OpenLink;
  readonly media: MediaFetcher;
  readonly events: EventBus;
  readonly scanSandbox: (device: DeviceRow, qr: string) => void;
  readonly failpoint: Failpoint;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** As a quick hand types: 25 ms a character, at least a blink, never longer than a reader would watch. */
const typingOf = (content: Content): number =>
  Math.min(3000, 300 + 25 * (content.type === 'text' ? content.text.length : (content.caption?.length ?? 40)));

export function createStation(needs: StationNeeds): Station {
  const { device, owner, store, events, clock, log } = needs;
  const acknowledgements = createAcknowledgements(clock);
  const changed = (row: MessageRow) => events.emit('message.changed', changeOf(row));
  let pairing = false;

  const supervisor = createSupervisor({
    openLink: needs.openLink,
    linkOptions: {
      route: needs.route,
      memory: withFailpoints(store.deviceMemory(owner), needs.failpoint),
      findSent: (whatsappId) => store.messages.findProto(owner.device_id, whatsappId),
    },
    onState: (state) => {
      if (state.is === 'connected') pairing = false;
      else outbox.onDisconnected();
      if (state.is === 'pairing' && device.kind === 'sandbox') needs.scanSandbox(device, state.qr);
      outbox.wake();
      remember(state);
    },
    onLinkEvent: (event) => {
      outbox.onLinkEvent(event);
      onLinkEvent(event);
    },
    clock,
    random: needs.random,
    log,
  });

  const delivery = createDelivery({
    owner,
    messages: store.messages,
    registrations: createRegistrations(clock),
    acknowledgements,
    media: needs.media,
    typingMs: device.kind === 'sandbox' ? () => 0 : typingOf,
    changed,
    durable: store.durable,
    failpoint: needs.failpoint,
    stalled: () => supervisor.restart('no acknowledgement came'),
    clock,
    log,
  });

  const outbox = createOutbox({
    owner,
    messages: store.messages,
    delivery,
    acknowledgements,
    link: () => (supervisor.state.is === 'connected' && supervisor.state.caughtUp ? supervisor.link : undefined),
    changed,
    durable: store.durable,
    clock,
    log,
  });

  /** What `device` remembers of the state, for lists and for the time after a start. Writes go out in order. */
  let remembering = Promise.resolve();
  function remember(state: DeviceState): void {
    remembering = remembering
      .then(() => store.devices.update(device.account_id, device.id, patchOf(state, clock.now())))
      .then(() => events.emit('device.changed', { accountId: device.account_id, deviceId: device.id, state: state.is }))
      .catch((error) => log.error({ err: asError(error) }, 'the state of a device could not be stored'));
  }

  function onLinkEvent(event: LinkEvent): void {
    if (event.type !== 'paired' && event.type !== 'open') return;
    const patch = { phone: event.phone, lid: event.lid, push_name: event.name, enabled: 1 as const };
    remembering = remembering
      .then(() => store.devices.update(device.account_id, device.id, patch))
      .then(() => undefined)
      .catch((error) => log.error({ err: asError(error) }, 'the number of a device could not be stored'));
  }

  return {
    owner,
    get state() {
      return supervisor.state;
    },
    get link() {
      return supervisor.link;
    },
    get pairingLink() {
      return supervisor.pairingLink;
    },
    get isPairing() {
      return pairing;
    },
    start() {
      outbox.start();
      supervisor.start();
    },
    startPairing() {
      pairing = true;
      outbox.start();
      supervisor.start();
    },
    wake: outbox.wake,
    async stop(graceMs) {
      await outbox.stop(graceMs);
      await supervisor.stop();
      await remembering;
    },
  };
}

function withFailpoints(memory: DeviceMemory, failpoint: Failpoint): DeviceMemory {
  return {
    ...memory,
    async writeKeys(changes, journal) {
      await memory.writeKeys(changes, journal);
      failpoint('keys_written');
    },
    async writeCreds(bytes) {
      await memory.writeCreds(bytes);
      failpoint('creds_written');
    },
  };
}

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
        enabled: 0 as const,
      };
  }
}
