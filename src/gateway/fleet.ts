import type { Clock } from '../base/clock.ts';
import { asError, failure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { every } from '../base/every.ts';
import type { Failpoint } from '../base/failpoints.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { DeviceRow, MessageRow, Store } from '../store/index.ts';
import type { Link, OpenLink, Route } from '../whatsapp/link.ts';
import type { Neighbours } from './cluster.ts';
import { createHeld } from './fleet/held.ts';
import { createRounds } from './fleet/rounds.ts';
import type { Happenings } from './happenings.ts';
import type { DeviceHealth } from './health.ts';
import type { MediaFetcher } from './media.ts';
import type { Hold } from './outbox.ts';
import type { Outcomes } from './outcomes.ts';
import { createStation, type Station } from './station.ts';
import type { DeviceState } from './supervisor.ts';

/**
 * The devices that this node keeps alive, and what it knows of those that others keep. A node owns a device by a lease with an epoch;
 * whatever the owner writes is fenced by it, so that a node that was frozen and wakes up late can change nothing (architecture.md, "One
 * machine to many"; one node uses the same tables).
 */
export interface Fleet {
  /** Takes the leases of enabled devices and starts them; goes on looking for new ones. */
  start(): Promise<void>;
  /** Hands everything back: outboxes drained, sockets closed, then the leases given up. */
  stop(graceMs: number): Promise<void>;
  /** Looks for devices to take at once, as after a change of one; other nodes look, too. */
  refresh(deviceId?: number): Promise<void>;
  /** Takes one device, to link or connect it now. Throws `device_busy` when another node holds it. */
  take(device: DeviceRow): Promise<Station>;
  /** Stops one device and gives its lease up. Another node that keeps it looks whether it still should. */
  drop(deviceId: number): Promise<void>;
  /** All of a kind that this node keeps. */
  dropKind(kind: DeviceRow['kind']): Promise<void>;
  /** Only of a device that this node keeps. */
  station(deviceId: number): Station | undefined;
  /** Those of this node. */
  stations(): readonly Pick<Station, 'kind' | 'state'>[];
  link(deviceId: number): Link | undefined;
  /** Of any device, whichever node keeps it. */
  state(deviceId: number): DeviceState;
  /** It is, or it is on its way from one node to another. */
  isConnected(deviceId: number): boolean;
  isPairing(deviceId: number): boolean;
  health(deviceId: number): DeviceHealth | undefined;
  hold(deviceId: number): Hold | undefined;
  /** The account has changed the device's settings. */
  changeSettings(row: DeviceRow): void;
  /** A message that was just accepted. */
  accepted(row: MessageRow): void;
  /** How many devices this node keeps. */
  readonly size: number;
}

export interface FleetNeeds {
  readonly store: Store;
  readonly openLink: OpenLink;
  /** Where a device connects to; undefined: nowhere now (the sandbox is off, or runs on another node). */
  readonly route: (device: Pick<DeviceRow, 'kind'>) => Route | undefined;
  readonly media: MediaFetcher;
  readonly outcomes: Pick<Outcomes, 'tell'>;
  readonly happenings: Happenings;
  readonly events: EventBus;
  /** The handset of a sandbox device scans the code at once. */
  readonly scanSandbox: (device: DeviceRow, qr: string) => void;
  /** How long WhatsApp took to acknowledge a stanza. */
  readonly acknowledged: (ms: number) => void;
  readonly failpoint: Failpoint;
  readonly node: string;
  /** The other nodes; undefined where there can be none. */
  readonly neighbours: Neighbours | undefined;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** What accounts have set is read at once when it has changed, or may have; and so often because a ring may be lost without a gap. */
const READ_MS = 3_600_000;
const READ_AGAIN_MS = 1_000;

export function createFleet(needs: FleetNeeds): Fleet {
  const { store, clock, log, node, neighbours } = needs;
  const held = createHeld({
    devices: store.devices,
    leases: store.leases,
    node,
    open: (device, owner, arrives) => {
      const route = needs.route(device);
      if (route === undefined)
        throw failure('device_busy', { state: 'a sandbox device', needed: 'reachable: SANDBOX is off' });
      return createStation({
        ...needs,
        device,
        owner,
        route,
        arrives,
        // Alone there is nobody who could take it meanwhile, and a database that fails for a while is waited for.
        isHeld: neighbours === undefined ? () => true : () => clock.monotonic() < held.heldUntil(device.id),
        tellOthers: neighbours && ((glimpse) => neighbours.mirror.put(owner, glimpse)),
        log: log.child({ device: device.id }),
      });
    },
    clock,
    log,
  });
  const { stations } = held;

  async function drop(deviceId: number): Promise<void> {
    if (!(await held.drop(deviceId))) neighbours?.bridge.ring('fleet.look', { deviceId });
  }

  const rounds = createRounds({ ...needs, held });
  const others = (id: number) => (stations.has(id) ? undefined : neighbours?.mirror.look(id));

  function settingsChanged(row: DeviceRow | undefined): void {
    if (row !== undefined) stations.get(row.id)?.changeSettings(row);
  }

  const settingsUnread = (error: unknown) => log.error({ err: asError(error) }, 'settings were not read');
  const reading = every(
    clock,
    READ_MS,
    async () => {
      for (const station of [...stations.values()]) {
        const { account_id, device_id } = station.owner;
        settingsChanged(await store.devices.find(account_id, device_id));
        await station.readZone();
      }
    },
    settingsUnread,
    READ_AGAIN_MS,
  );
  const readAgain = (error: unknown) => {
    settingsUnread(error);
    reading.soon();
  };

  neighbours?.bridge.onRemote('message.accepted', ({ deviceId }) => stations.get(deviceId)?.wake());
  neighbours?.bridge.onGap(() => {
    for (const station of stations.values()) station.wake();
    reading.soon();
  });
  neighbours?.bridge.onRemote('device.settings', ({ accountId, deviceId }) => {
    if (stations.has(deviceId)) store.devices.find(accountId, deviceId).then(settingsChanged, readAgain);
  });
  needs.events.on('people.changed', ({ accountId, userId }) => {
    // Of one person: not of the account itself.
    if (userId !== null) return;
    for (const station of stations.values())
      if (station.owner.account_id === accountId) station.readZone().catch(readAgain);
  });

  return {
    async start() {
      reading.start();
      await rounds.start();
    },
    async stop(graceMs) {
      await reading.stop();
      await rounds.stop(graceMs);
    },
    async refresh(deviceId) {
      neighbours?.bridge.ring('fleet.look', { deviceId: deviceId ?? 0 });
      await rounds.now(deviceId);
    },
    take: held.take,
    drop,
    async dropKind(kind) {
      await Promise.all(
        [...stations.values()].filter((one) => one.kind === kind).map(({ owner }) => drop(owner.device_id)),
      );
    },
    station: (id) => stations.get(id),
    stations: () => [...stations.values()],
    link: (id) => stations.get(id)?.link,
    state: (id) => stations.get(id)?.state ?? others(id)?.state ?? { is: 'idle' },
    isConnected(id) {
      const station = stations.get(id);
      return station === undefined
        ? others(id)?.state.is === 'connected'
        : station.state.is === 'connected' || station.isArriving;
    },
    isPairing: (id) => stations.get(id)?.isPairing ?? others(id)?.isPairing ?? false,
    health: (id) => stations.get(id)?.health() ?? others(id)?.health,
    hold: (id) => stations.get(id)?.hold ?? others(id)?.hold ?? undefined,
    changeSettings(row) {
      if (stations.has(row.id)) settingsChanged(row);
      else neighbours?.bridge.ring('device.settings', { accountId: row.account_id, deviceId: row.id });
    },
    accepted: (row) => stations.get(row.device_id)?.take(row),
    get size() {
      return stations.size;
    },
  };
}
