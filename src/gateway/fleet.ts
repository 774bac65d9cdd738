import type { Clock } from '../base/clock.ts';
import { asError, failure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { Failpoint } from '../base/failpoints.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { DeviceRow, MessageRow, Owner, Store } from '../store/index.ts';
import type { Link, OpenLink, Route } from '../whatsapp/link.ts';
import type { Happenings } from './happenings.ts';
import type { MediaFetcher } from './media.ts';
import type { Outcomes } from './outcomes.ts';
import { createStation, type Station } from './station.ts';
import type { DeviceState } from './supervisor.ts';

/**
 * The devices that this node keeps alive. A node owns a device by a lease with an epoch; whatever the owner writes is fenced by it, so
 * that a node that was frozen and wakes up late can change nothing (architecture.md, "One machine to many"; one node uses the same
 * tables).
 */
export interface Fleet {
  /** Takes the leases of all enabled devices and starts them; goes on looking for new ones. */
  start(): Promise<void>;
  /** Hands everything back: outboxes drained, sockets closed, then the leases given up. */
  stop(graceMs: number): Promise<void>;
  /** Looks for devices to take at once, as after a change of one. */
  refresh(): Promise<void>;
  /** Takes one device, to link or connect it now. Throws `device_busy` when another node holds it. */
  take(device: DeviceRow): Promise<Station>;
  /** Stops one device and gives its lease up. */
  drop(deviceId: number): Promise<void>;
  station(deviceId: number): Station | undefined;
  /** Those of this node. */
  stations(): readonly Pick<Station, 'kind' | 'state'>[];
  state(deviceId: number): DeviceState;
  isConnected(deviceId: number): boolean;
  link(deviceId: number): Link | undefined;
  /** A message that was just accepted. */
  accepted(row: MessageRow): void;
}

export interface FleetNeeds {
  readonly store: Store;
  readonly openLink: OpenLink;
  /** Where a device connects to; undefined: nowhere now (the sandbox is off). */
  readonly route: (device: DeviceRow) => Route | undefined;
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
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

export const LEASE_MS = 12_000;

export function createFleet(needs: FleetNeeds): Fleet {
  const { store, clock, log, node } = needs;
  const stations = new Map<number, Station>();
  const starting = new Map<number, Promise<Station>>();
  const ending = new AbortController();
  let rounds: Promise<void> | undefined;

  async function take(device: DeviceRow): Promise<Station> {
    const present = stations.get(device.id) ?? starting.get(device.id);
    if (present !== undefined) return present;
    const taking = (async () => {
      const epoch = await store.leases.take(device.id, node, LEASE_MS);
      if (epoch === undefined) throw failure('device_busy', { state: 'kept by another node', needed: 'free' });
      const owner: Owner = { account_id: device.account_id, device_id: device.id, epoch };
      const route = needs.route(device);
      if (route === undefined)
        throw failure('device_busy', { state: 'a sandbox device', needed: 'reachable: SANDBOX is off' });
      const station = createStation({ ...needs, device, owner, route, log: log.child({ device: device.id }) });
      stations.set(device.id, station);
      return station;
    })().finally(() => starting.delete(device.id));
    starting.set(device.id, taking);
    return taking;
  }

  async function drop(deviceId: number, graceMs = 0): Promise<void> {
    const station = stations.get(deviceId);
    if (station === undefined) return;
    await station.stop(graceMs);
    stations.delete(deviceId);
    await store.leases.giveUp(deviceId, node, station.owner.epoch);
  }

  /** Renews what is held, drops what was lost or switched off, takes what is free. */
  async function round(): Promise<void> {
    const renewed = new Set(await store.leases.renew(node, [...stations.keys()], LEASE_MS));
    for (const [id, station] of [...stations]) {
      if (renewed.has(id)) continue;
      log.warn({ device: id }, 'the lease of a device was lost');
      await station.stop(0);
      stations.delete(id);
    }
    const wanted = await store.devices.listEnabled();
    const ids = new Set(wanted.map(({ id }) => id));
    for (const station of stations.values()) station.tellHealth();
    for (const [id, station] of [...stations]) if (!ids.has(id) && !station.isPairing) await drop(id);
    for (const device of wanted) {
      if (ending.signal.aborted) return;
      if (stations.has(device.id) || needs.route(device) === undefined) continue;
      try {
        (await take(device)).start();
      } catch (error) {
        log.debug({ device: device.id, err: asError(error) }, 'a device is not free');
      }
    }
  }

  async function keepRounds(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await clock.sleep(LEASE_MS / 3, ending.signal);
        await round();
      } catch (error) {
        if (!ending.signal.aborted) log.error({ err: asError(error) }, 'the fleet could not renew its leases');
      }
    }
  }

  return {
    async start() {
      await round();
      rounds = keepRounds();
    },
    async stop(graceMs) {
      ending.abort();
      await rounds;
      await Promise.all([...stations.keys()].map((id) => drop(id, graceMs)));
    },
    refresh: round,
    take,
    drop,
    station: (id) => stations.get(id),
    stations: () => [...stations.values()],
    state: (id) => stations.get(id)?.state ?? { is: 'idle' },
    isConnected: (id) => stations.get(id)?.state.is === 'connected',
    link: (id) => stations.get(id)?.link,
    accepted: (row) => stations.get(row.device_id)?.take(row),
  };
}
