import type { Clock } from '../base/clock.ts';
import type { EventBus } from '../base/events.ts';
import type { Failpoint } from '../base/failpoints.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { DeviceMemory, DeviceRow, MessageRow, Owner, Store } from '../store/index.ts';
import type { Content, Link, LinkEvent, MessageKey, OpenLink, Route } from '../whatsapp/link.ts';
import { createAcknowledgements } from './acknowledgements.ts';
import type { Glimpse } from './cluster/mirror.ts';
import { createConversations } from './conversations.ts';
import { createDelivery } from './delivery.ts';
import { type Happenings, tellingMessages } from './happenings.ts';
import { createHealth, type DeviceHealth } from './health.ts';
import type { Self } from './inbox/rows.ts';
import { createSurfacing } from './inbox/surfacing.ts';
import type { MediaFetcher } from './media.ts';
import { createOutbox, type Hold } from './outbox.ts';
import type { Outcomes } from './outcomes.ts';
import { createRegistrations } from './registrations.ts';
import { reactionRow, sendReaction } from './replies.ts';
import { createPace } from './station/pace.ts';
import { createSyncing } from './station/syncing.ts';
import { createTelling } from './station/telling.ts';
import { createSupervisor, type DeviceState } from './supervisor.ts';

/** One device at work on this node: its supervisor, its outbox, and the owner's lease that both write under. */
export interface Station {
  readonly owner: Owner;
  readonly kind: DeviceRow['kind'];
  readonly state: DeviceState;
  readonly link: Link | undefined;
  readonly pairingLink: Link | undefined;
  /** It came from another node a moment ago and was connected there: it is about to be again. */
  readonly isArriving: boolean;
  /** It runs to be linked, although the device is not enabled yet. */
  readonly isPairing: boolean;
  /** Connects, with what the device remembers. */
  start(): void;
  /** Connects to show QR codes. */
  startPairing(): void;
  /** Everything waits until then: the pacing. */
  readonly hold: Hold | undefined;
  health(): DeviceHealth;
  /** The account has changed the device's settings: they hold from the next message on. */
  changeSettings(row: Pick<DeviceRow, 'kind' | 'settings'>): void;
  /** Looks whether the account has another time zone now. */
  readZone(): Promise<void>;
  /** Looks whether something has changed by the mere passing of time. */
  tellHealth(): void;
  wake(): void;
  /** A row that was just accepted. */
  take(row: MessageRow): void;
  /** Reacts to a message, and waits for WhatsApp's acknowledgement. Throws `device_not_connected`, `refused_by_whatsapp`, `send_failed`. */
  react(to: MessageKey, emoji: string, peer: string): Promise<void>;
  /** `movesOn`: another node takes it over, so that nobody need be told that it is not connected. */
  stop(graceMs: number, movesOn?: boolean): Promise<void>;
  /** The lease is lost, or about to be: the socket is closed first, and nothing is written any more. */
  lose(): Promise<void>;
}

export interface StationNeeds {
  readonly device: DeviceRow;
  readonly owner: Owner;
  readonly route: Route;
  readonly store: Store;
  readonly openLink: OpenLink;
  readonly media: MediaFetcher;
  readonly outcomes: Pick<Outcomes, 'tell'>;
  readonly happenings: Happenings;
  readonly events: EventBus;
  readonly scanSandbox: (device: DeviceRow, qr: string) => void;
  readonly acknowledged: (ms: number) => void;
  /** Whether the lease holds for certain, by this node's own clock. */
  readonly isHeld: () => boolean;
  /** It was connected on another node until now. */
  readonly arrives: boolean;
  /** For other nodes; undefined when there are none. */
  readonly tellOthers: ((glimpse: Glimpse) => Promise<void>) | undefined;
  readonly failpoint: Failpoint;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** WhatsApp did not say how long it lets no conversation be opened. */
const UNTOLD_LOCK_MS = 86_400_000;

/** As a quick hand types: 25 ms a character, at least a blink, never longer than a reader would watch. */
const typingOf = (content: Content): number =>
  Math.min(3000, 300 + 25 * (content.type === 'text' ? content.text.length : (content.caption?.length ?? 40)));

export function createStation(needs: StationNeeds): Station {
  const { device, owner, store, events, clock, log } = needs;
  const acknowledgements = createAcknowledgements(clock);
  const messages = tellingMessages(store, needs.happenings);
  let self: Self = { phone: device.phone, lid: device.lid };
  const changed = (row: MessageRow) => {
    needs.outcomes.tell(row);
    // It waits for another time now: the outbox must know which.
    if (row.state === 'queued') outbox.wake();
  };
  let pairing = false;
  let arriving = needs.arrives;
  /** Another node keeps the device from now on: what becomes of it here is nobody's news. */
  let leaving = false;
  const isSandbox = device.kind === 'sandbox';
  const conversations = createConversations({
    owner,
    store: store.conversations,
    numberSince: device.number_since,
    clock,
  });
  const health = createHealth(device, clock);
  const pace = createPace({ device, owner, store, clock, random: needs.random });
  const syncing = createSyncing({ durable: store.durable, clock, log });
  const freshMemory = () => withFailpoints(store.deviceMemory(owner), needs.failpoint);
  let memory = freshMemory();

  /** What it remembers is being deleted: it is not down for those who look meanwhile. */
  let linkingAnew = false;
  /** Nothing is begun any more that nobody would end. */
  let stopping = false;
  const stateNow = (): DeviceState => (linkingAnew ? { is: 'connecting', attempt: 1 } : supervisor.state);

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
      if (state.is === 'connected') linked();
      else outbox.onDisconnected();
      if (leaving) return;
      const begins = state.is === 'idle' || (state.is === 'connecting' && state.attempt === 1);
      if (!begins) arriving = false;
      // A sandbox phone is at hand; its network may be another one than before, when another node runs it.
      const linksItself = pairing || (isSandbox && needs.tellOthers !== undefined);
      if (linksItself && state.is === 'down' && state.reason === 'logged_out') return linkAnew();
      if (state.is === 'pairing' && device.kind === 'sandbox') needs.scanSandbox(device, state.qr);
      outbox.wake();
      // Who moves from node to node was connected and will be: that is no news.
      if (arriving) return;
      telling.state(state);
      telling.health();
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
    messages,
    registrations: createRegistrations(clock),
    acknowledgements,
    media: needs.media,
    typingMs: isSandbox ? () => 0 : typingOf,
    changed,
    held: () => outbox.wake(),
    durable: store.durable,
    durableSoon: syncing.soon,
    failpoint: needs.failpoint,
    wroteTo: isSandbox ? async () => undefined : conversations.wroteTo,
    acknowledged: (tookMs) => {
      needs.acknowledged(tookMs);
      // Only the end of a trouble is news; the rest is looked at in every round of the fleet.
      if (health.acknowledged(tookMs)) telling.health();
    },
    storeFailed: () => {
      health.storeFailed();
      telling.health();
    },
    lineClosed: (link) => outbox.onClosedLine(link),
    stalled: (link) => {
      // Another message has said so of it already.
      if (link !== supervisor.link) return;
      health.stalled();
      supervisor.restart('nothing is acknowledged on it');
    },
    clock,
    log,
  });

  const outbox = createOutbox({
    owner,
    messages,
    delivery,
    pacing: pace.pacing,
    conversations: isSandbox ? { isNew: async () => false } : conversations,
    acknowledgements,
    link: () =>
      supervisor.state.is === 'connected' && supervisor.state.caughtUp && needs.isHeld() ? supervisor.link : undefined,
    changed,
    durable: store.durable,
    durableSoon: syncing.soon,
    clock,
    log,
  });

  const surfacing = createSurfacing({
    owner,
    store,
    happenings: needs.happenings,
    events,
    self: () => self,
    heardFrom: async (peers) => {
      if (isSandbox) return;
      // No new conversations any more, whatever their messages were put off for.
      for (const recipient of await conversations.heardFrom(peers)) outbox.lookAgain({ recipient });
    },
    clock,
    log,
  });

  /**
   * Somebody wants to link the device, and WhatsApp does not know what it remembers: it was unlinked on the phone, or the process died
   * when the credentials were durable and the phone had not heard of them. They open nothing any more; without them there is a QR code.
   */
  function linkAnew(): void {
    linkingAnew = true;
    telling.inOrder(async () => {
      try {
        await supervisor.stop();
        await store.clearMemory(owner);
        memory = freshMemory();
        if (!stopping) supervisor.start();
      } finally {
        linkingAnew = false;
      }
    }, 'the credentials of an unlinked device could not be deleted');
  }

  function onLinkEvent(event: LinkEvent): void {
    const now = clock.now();
    switch (event.type) {
      case 'paired': {
        const isAnother = self.phone !== null && self.phone !== event.phone;
        self = { phone: event.phone, lid: event.lid };
        pace.linked(now);
        health.phoneSeen(now);
        telling.keep({ ...account(event), ...wantedFromNow(), linked_at: now, phone_seen_at: now });
        if (isAnother) beginAnew(now);
        break;
      }
      case 'open':
        self = { phone: event.phone, lid: event.lid };
        telling.keep(account(event));
        break;
      case 'phone_seen':
        health.phoneSeen(event.at);
        telling.keep({ phone_seen_at: event.at });
        break;
      case 'capping':
        health.capped();
        telling.health();
        break;
      case 'time_lock':
        // One number of the sandbox refuses with 463; the others must go on.
        if (!isSandbox) lock(event.until ?? now + UNTOLD_LOCK_MS);
        break;
      case 'message':
        surfacing.hear(event);
        break;
      default:
    }
  }

  const look = (): DeviceHealth => health.look({ state: supervisor.state, lockedUntil: pace.lockedUntil });

  const telling = createTelling({
    device,
    owner,
    store,
    happenings: needs.happenings,
    events,
    glimpse: () => ({ state: stateNow(), health: look(), hold: outbox.hold ?? null, isPairing: pairing }),
    tellOthers: needs.tellOthers,
    isMoving: () => leaving || arriving,
    health: look,
    clock,
    log,
  });

  const account = (event: { phone: string; lid: string | null; name: string | null }) => ({
    phone: event.phone,
    lid: event.lid,
    push_name: event.name,
  });

  /** Whoever links a device wants it connected. Nobody else switches one on here: it may just have been switched off. */
  const wantedFromNow = () => (pairing ? { enabled: 1 as const } : {});

  function linked(): void {
    // Its phone may have linked it before, in a process that died when it had the credentials only.
    if (pairing) telling.keep(wantedFromNow());
    pairing = false;
  }

  /** Another number than before: WhatsApp trusts it as little as a new one, and has nothing against it yet. */
  function beginAnew(now: number): void {
    pace.beginAnew(now);
    conversations.beginAnew(now);
    health.beginAnew();
    telling.keep({ number_since: now, time_lock_until: null });
    telling.health();
    outbox.lookAgain();
  }

  function lock(until: number): void {
    const isSooner = until < pace.lockedUntil;
    pace.lock(until);
    if (isSooner) outbox.lookAgain({ reason: 'time_lock' });
    telling.keep({ time_lock_until: until });
    telling.health();
  }

  return {
    owner,
    kind: device.kind,
    get state() {
      return stateNow();
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
    get isArriving() {
      return arriving && !leaving;
    },
    start() {
      // It was let go of before the one who took it came to start it.
      if (stopping) return;
      outbox.start();
      surfacing.start();
      supervisor.start();
    },
    startPairing() {
      if (stopping) return;
      pairing = true;
      outbox.start();
      surfacing.start();
      supervisor.start();
    },
    get hold() {
      return outbox.hold;
    },
    health: look,
    changeSettings(row) {
      pace.change(row);
      outbox.lookAgain();
    },
    async readZone() {
      await pace.readZone();
      outbox.lookAgain();
    },
    tellHealth() {
      telling.health();
      // What holds the outbox comes and goes without an event.
      telling.look();
    },
    wake: outbox.wake,
    async react(to, emoji, peer) {
      const on = { link: supervisor.link, acknowledgements, random: needs.random };
      const sent = await sendReaction(on, to, emoji);
      const row = await store.inbox.insert(owner, reactionRow(to, emoji, peer, { ...sent, at: clock.now() }));
      await store.durable();
      if (row !== undefined)
        events.emit('inbox.changed', { accountId: owner.account_id, deviceId: owner.device_id, inboxId: row.id });
    },
    take: outbox.take,
    async stop(graceMs, movesOn = false) {
      stopping = true;
      await outbox.stop(graceMs);
      leaving = movesOn;
      await supervisor.stop();
      await surfacing.stop();
      await telling.settled();
      syncing.cancel();
      await store.durable();
    },
    async lose() {
      stopping = true;
      leaving = true;
      const closed = supervisor.stop();
      syncing.cancel();
      await closed;
      await outbox.stop(0);
      await surfacing.stop();
      await telling.settled();
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
