import type { Clock } from '../../base/clock.ts';
import { failure } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { DeviceRow, Owner, Store } from '../../store/index.ts';
import type { Station } from '../station.ts';
import { LEASE_MS } from './lease.ts';

/**
 * The devices that this node keeps. One after the other for each device: whoever wants one that is being let go of gets a new station when
 * its lease is given up, and one that is being taken is let go of when it was taken.
 */
export interface Held {
  /** Those that are being let go of, too: their leases must hold until they are through. */
  readonly stations: ReadonlyMap<number, Station>;
  /** Kept, and not being let go of. */
  keeps(deviceId: number): boolean;
  /** Throws `device_busy` when another node holds it, `not_found` when it is gone. */
  take(device: Named): Promise<Station>;
  /** Undefined when it shall not be connected any more. `arrives`: it was connected on another node until now. Throws `device_busy`. */
  takeWanted(deviceId: number, arrives: boolean): Promise<Station | undefined>;
  /** Stops it and gives its lease up. False: this node does not keep it. */
  drop(deviceId: number, graceMs?: number): Promise<boolean>;
  /** To another node: nobody is told that it is not connected meanwhile. */
  handOver(deviceId: number, graceMs: number): Promise<boolean>;
  /** Lets go of those of `before` that are not in `wanted`, which was read later. Not of those that are just being linked, nor of newer ones. */
  prune(before: Iterable<readonly [number, Station]>, wanted: ReadonlySet<number>): Promise<void>;
  /** The lease is another's: closes the socket first, and writes nothing any more. */
  lose(deviceId: number, because: string): Promise<void>;
  /** Resolves when the device is not being let go of. */
  settled(deviceId: number): Promise<void>;
  /** The lease holds by this node's own clock until then. Monotonic ms. */
  heldUntil(deviceId: number): number;
  renewed(deviceIds: Iterable<number>, until: number): void;
}

type Named = Pick<DeviceRow, 'id' | 'account_id'>;

export interface HeldNeeds {
  readonly devices: Pick<Store['devices'], 'find' | 'findWanted'>;
  readonly leases: Pick<Store['leases'], 'take' | 'giveUp'>;
  readonly node: string;
  /** The station of a device whose lease was just taken. Throws when it can not be reached from here. */
  readonly open: (device: DeviceRow, owner: Owner, arrives: boolean) => Station;
  readonly clock: Clock;
  readonly log: Log;
}

export function createHeld({ devices, leases, node, open, clock, log }: HeldNeeds): Held {
  const stations = new Map<number, Station>();
  const starting = new Map<number, Promise<Station | undefined>>();
  const ending = new Map<number, Promise<void>>();
  const until = new Map<number, number>();

  /**
   * `read` gives the device as it is when the lease is this node's: what was read before may be old, and whoever lets go of it from now
   * on waits for the station. Undefined when it gives none.
   */
  async function take(id: number, arrives: boolean, read: () => Promise<DeviceRow | undefined>) {
    const present = starting.get(id) ?? (ending.has(id) ? undefined : stations.get(id));
    if (present !== undefined) return present;
    const taking = (async () => {
      await settled(id);
      const begun = clock.monotonic();
      const epoch = await leases.take(id, node, LEASE_MS);
      if (epoch === undefined) throw failure('device_busy', { state: 'kept by another node', needed: 'free' });
      until.set(id, begun + LEASE_MS);
      let station: Station | undefined;
      try {
        const device = await read();
        if (device === undefined) return undefined;
        station = open(device, { account_id: device.account_id, device_id: id, epoch }, arrives);
        stations.set(id, station);
        return station;
      } finally {
        if (station === undefined) await leases.giveUp(id, node, epoch);
      }
    })().finally(() => starting.delete(id));
    starting.set(id, taking);
    return taking;
  }

  async function takeThis({ account_id, id }: Named): Promise<Station> {
    const read = async () => {
      const device = await devices.find(account_id, id);
      if (device === undefined) throw failure('not_found');
      return device;
    };
    // The first time it may be a round that takes it, and lets it be.
    const station = (await take(id, false, read)) ?? (await take(id, false, read));
    if (station === undefined) throw failure('device_busy', { state: 'just switched off', needed: 'free' });
    return station;
  }

  /** How it went is told to those who let go of it. */
  async function settled(id: number): Promise<void> {
    await ending.get(id)?.catch(() => undefined);
  }

  async function letGo(id: number, stop: (station: Station) => Promise<void>): Promise<boolean> {
    // How taking it went is told to those who take it.
    const coming = starting.get(id)?.catch(() => undefined);
    // Else without a pause: from the call on, nobody gets the old station any more.
    if (coming !== undefined) await coming;
    const station = stations.get(id);
    if (station === undefined) return false;
    await (ending.get(id) ?? whileEnding(id, release(station, stop)));
    return true;
  }

  function whileEnding(id: number, work: Promise<void>): Promise<void> {
    const end = work.finally(() => {
      if (ending.get(id) === end) ending.delete(id);
    });
    ending.set(id, end);
    return end;
  }

  async function release(station: Station, stop: (station: Station) => Promise<void>): Promise<void> {
    const { device_id, epoch } = station.owner;
    try {
      await stop(station);
    } catch (error) {
      // The store failed. Kept like this it would never connect again; the lease ends by itself, or is taken anew.
      await station.lose();
      throw error;
    } finally {
      forget(station);
    }
    await leases.giveUp(device_id, node, epoch);
  }

  function forget(station: Station): void {
    const { device_id } = station.owner;
    if (stations.get(device_id) === station) stations.delete(device_id);
  }

  const keeps = (id: number) => stations.has(id) && !ending.has(id);
  const drop = (id: number, graceMs = 0) => letGo(id, (station) => station.stop(graceMs));

  return {
    stations,
    keeps,
    take: takeThis,
    takeWanted: (id, arrives) => take(id, arrives, () => devices.findWanted(id)),
    drop,
    async prune(before, wanted) {
      for (const [id, station] of before)
        if (!wanted.has(id) && !station.isPairing && stations.get(id) === station && keeps(id)) await drop(id);
    },
    handOver: (id, graceMs) => letGo(id, (station) => station.stop(graceMs, true)),
    async lose(id, because) {
      const station = stations.get(id);
      if (station === undefined) return;
      forget(station);
      log.warn({ device: id, reason: because }, 'the lease of a device was lost');
      await whileEnding(
        id,
        Promise.all([station.lose(), settled(id)]).then(() => undefined),
      );
    },
    settled,
    heldUntil: (id) => until.get(id) ?? 0,
    renewed(ids, at) {
      for (const id of ids) until.set(id, at);
    },
  };
}
