import { type Clock, startOfDay } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { Failpoint } from '../base/failpoints.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { DeviceMemory, DevicePatch, DeviceRow, MessageRow, Owner, Store } from '../store/index.ts';
import type { Content, Incoming, Link, LinkEvent, OpenLink, Route } from '../whatsapp/link.ts';
import { createAcknowledgements } from './acknowledgements.ts';
import { createConversations } from './conversations.ts';
import { createDelivery } from './delivery.ts';
import { createHealth, type DeviceHealth } from './health.ts';
import type { MediaFetcher } from './media.ts';
import { changeOf } from './messages.ts';
import { createOutbox, type Hold } from './outbox.ts';
import { createPacing, type Pacing } from './pacing.ts';
import { createRegistrations } from './registrations.ts';
import { pacingOf } from './settings.ts';
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
  /** Everything waits until then: the pacing. */
  readonly hold: Hold | undefined;
  health(): DeviceHealth;
  /** Looks whether something has changed by the mere passing of time. */
  tellHealth(): void;
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

const DAY_MS = 86_400_000;
/** WhatsApp did not say how long it lets no conversation be opened. */
const UNTOLD_LOCK_MS = DAY_MS;

/** As a quick hand types: 25 ms a character, at least a blink, never longer than a reader would watch. */
const typingOf = (content: Content): number =>
  Math.min(3000, 300 + 25 * (content.type === 'text' ? content.text.length : (content.caption?.length ?? 40)));

export function createStation(needs: StationNeeds): Station {
  const { device, owner, store, events, clock, log } = needs;
  const acknowledgements = createAcknowledgements(clock);
  const changed = (row: MessageRow) => events.emit('message.changed', changeOf(row));
  let pairing = false;
  const isSandbox = device.kind === 'sandbox';
  const conversations = createConversations({ owner, store: store.conversations, clock });
  const health = createHealth(device, clock);
  let pacing: Pacing | undefined;
  let lockedUntil = device.time_lock_until ?? 0;
  let noticed = '';
  const freshMemory = () => withFailpoints(store.deviceMemory(owner), needs.failpoint);
  let memory = freshMemory();

  const supervisor = createSupervisor({
    openLink: needs.openLink,
    linkOptions: {
      route: needs.route,
      // Read at each opening: a device that is linked anew starts with an empty one.
      get memory() {
        return memory;
      },
      findSent: (whatsappId) => store.messages.findProto(owner.device_id, whatsappId),
    },
    onState: (state) => {
      if (state.is === 'connected') pairing = false;
      else outbox.onDisconnected();
      if (pairing && state.is === 'down' && state.reason === 'logged_out') return linkAnew();
      if (state.is === 'pairing' && device.kind === 'sandbox') needs.scanSandbox(device, state.qr);
      outbox.wake();
      remember(state);
      tellHealth();
    },
    onLinkEvent: (event) => {
      outbox.onLinkEvent(event);
      onLinkEvent(event);
      tellHealth();
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
    typingMs: isSandbox ? () => 0 : typingOf,
    changed,
    durable: store.durable,
    failpoint: needs.failpoint,
    wroteTo: isSandbox ? async () => undefined : conversations.wroteTo,
    acknowledged: (tookMs) => {
      health.acknowledged(tookMs);
      tellHealth();
    },
    storeFailed: () => {
      health.storeFailed();
      tellHealth();
    },
    stalled: () => {
      health.stalled();
      supervisor.restart('no acknowledgement came');
    },
    clock,
    log,
  });

  const outbox = createOutbox({
    owner,
    messages: store.messages,
    delivery,
    pacing: loadPacing,
    conversations: isSandbox ? { isNew: async () => false } : conversations,
    acknowledgements,
    link: () => (supervisor.state.is === 'connected' && supervisor.state.caughtUp ? supervisor.link : undefined),
    changed,
    durable: store.durable,
    clock,
    log,
  });

  /**
   * Somebody wants to link the device, and WhatsApp does not know what it remembers: it was unlinked on the phone, or the process died
   * when the credentials were durable and the phone had not heard of them. They open nothing any more; without them there is a QR code.
   */
  function linkAnew(): void {
    remembering = remembering
      .then(() => supervisor.stop())
      .then(() => store.clearMemory(owner))
      .then(() => {
        memory = freshMemory();
        supervisor.start();
      })
      .catch((error) =>
        log.error({ err: asError(error) }, 'the credentials of an unlinked device could not be deleted'),
      );
  }

  /** What `device` remembers of the state, for lists and for the time after a start. Writes go out in order. */
  let remembering = Promise.resolve();
  function remember(state: DeviceState): void {
    remembering = remembering
      .then(() => store.devices.update(device.account_id, device.id, patchOf(state, clock.now())))
      .then(() => events.emit('device.changed', { accountId: device.account_id, deviceId: device.id, state: state.is }))
      .catch((error) => log.error({ err: asError(error) }, 'the state of a device could not be stored'));
  }

  function onLinkEvent(event: LinkEvent): void {
    const now = clock.now();
    switch (event.type) {
      case 'paired':
        keep({ ...account(event), linked_at: now, phone_seen_at: now });
        break;
      case 'open':
        keep(account(event));
        break;
      case 'phone_seen':
        health.phoneSeen(event.at);
        keep({ phone_seen_at: event.at });
        break;
      case 'capping':
        health.capped();
        break;
      case 'time_lock':
        // One number of the sandbox refuses with 463; the others must go on.
        if (!isSandbox) lock(event.until ?? now + UNTOLD_LOCK_MS);
        break;
      case 'message':
        told(hear(event), 'who wrote could not be stored');
        break;
      default:
    }
  }

  async function hear(event: Incoming): Promise<void> {
    if (event.fromMe) return;
    if (!isSandbox) await conversations.heardFrom([event.phone, event.lid]);
    const { whatsappId } = event;
    events.emit('message.received', { accountId: device.account_id, deviceId: device.id, whatsappId });
  }

  const account = (event: { phone: string; lid: string | null; name: string | null }) => ({
    phone: event.phone,
    lid: event.lid,
    push_name: event.name,
    enabled: 1 as const,
  });

  function keep(patch: DevicePatch): void {
    remembering = remembering
      .then(() => store.devices.update(device.account_id, device.id, patch))
      .then(() => undefined)
      .catch((error) => log.error({ err: asError(error) }, 'a fact about a device could not be stored'));
  }

  function lock(until: number): void {
    lockedUntil = until;
    pacing?.lock(until);
    keep({ time_lock_until: until });
  }

  /** What an earlier life of the process sent counts on. */
  async function loadPacing(): Promise<Pacing> {
    const row = await store.accounts.find(device.account_id);
    const timeZone = row?.time_zone ?? 'UTC';
    const settings = pacingOf(device);
    const now = clock.now();
    pacing = createPacing({
      settings,
      timeZone,
      linkedAt: device.linked_at ?? now,
      history: {
        sent: settings.enabled ? await store.messages.sentSince(owner, now - DAY_MS, settings.per_day) : [],
        newToday: settings.enabled ? await store.conversations.countOpened(device.id, startOfDay(timeZone, now)) : 0,
      },
      lockedUntil,
      clock,
      random: needs.random,
    });
    return pacing;
  }

  const look = (): DeviceHealth => health.look({ state: supervisor.state, lockedUntil });

  /** One event when what is wrong has changed. */
  function tellHealth(): void {
    const { notices } = look();
    const now = notices.map(({ code }) => code).join(' ');
    if (now === noticed) return;
    noticed = now;
    events.emit('device.health', { accountId: device.account_id, deviceId: device.id });
  }

  const told = (work: Promise<void>, what: string) => {
    work.catch((error) => log.error({ err: asError(error) }, what));
  };

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
    get hold() {
      return outbox.hold;
    },
    health: look,
    tellHealth,
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
        // Keys that can not be read may be restored; the next start looks again. Everything else needs a person at the device.
        ...(state.reason === 'unreadable' ? {} : { enabled: 0 as const }),
      };
  }
}
