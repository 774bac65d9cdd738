import { asError, isFailure } from '../../base/errors.ts';
import { every } from '../../base/every.ts';
import type { DeviceKind } from '../../store/index.ts';
import type { Neighbours } from '../cluster.ts';
import { LEASE_MS } from './lease.ts';
import type { Rounds, RoundsNeeds } from './rounds.ts';

/** An owner lets go so long before its lease ends, by its own clock: the next one finds the socket closed. */
const MARGIN_MS = 2_000;
const WATCH_MS = 500;
const AGAIN_MS = 1_000;
/** Devices that a node takes in a round of 4 s: 20 logins a second. */
const MOST_TAKEN = 80;
/** Devices beyond its share are left to others for so long. */
const LEFT_MS = 1_000;
/** After a lease has ended. */
const JUST_AFTER_MS = 20;
/** Devices that a node with more than its share hands over in a round, one after the other. */
const MOST_HANDED = 20;
/** Devices that a node that ends hands over at a time. */
const HANDING_LANES = 4;
const TAKING_LANES = 8;
const HANDING_GRACE_MS = 5_000;
/** The bell tells of accepted messages; this poll finds those that it did not tell of. */
const POLL_MS = 500;
/** A row may become visible after a younger one: the poll looks back over so many of its own rounds. */
const LOOKS_BACK = 40;

/** Many nodes: each keeps its share, takes what is free, and gives what it has too much of to one that has less. */
export function createShares({
  held,
  store,
  route,
  node,
  neighbours,
  clock,
  log,
}: RoundsNeeds & { readonly neighbours: Neighbours }): Rounds {
  const { stations } = held;
  const { nodes, bridge } = neighbours;
  const keeps = nodes.role !== 'api';
  let draining = false;
  const kinds = (): DeviceKind[] => (['whatsapp', 'sandbox'] as const).filter((kind) => route({ kind }) !== undefined);

  /** All leases in one UPDATE. What is not this node's any more is let go of at once. */
  async function renew(): Promise<void> {
    const begun = clock.monotonic();
    const before = [...stations.entries()];
    const renewed = await store.leases.renew(
      node,
      before.map(([id]) => id),
      LEASE_MS,
    );
    const lost = before.filter(
      ([id, { owner }]) => renewed.get(id) !== owner.epoch && stations.get(id)?.owner === owner,
    );
    held.renewed(
      before.filter((one) => !lost.includes(one)).map(([id]) => id),
      begun + LEASE_MS,
    );
    for (const [id] of lost) letGo(id, 'another node has taken it');
    if (!(await nodes.beat(stations.size, draining)))
      neighbours.ended('Another process runs under the name of this node. Give each its own WAGATE_NODE.');
  }

  function letGo(id: number, because: string): void {
    held.lose(id, because).catch((error) => log.error({ device: id, err: asError(error) }, 'a device was not let go'));
  }

  /** A node that was frozen comes here first when it wakes: its timers run before its sockets are read. */
  async function watch(): Promise<void> {
    const now = clock.monotonic();
    for (const id of [...stations.keys()])
      if (held.heldUntil(id) - MARGIN_MS <= now) letGo(id, 'it could not be renewed in time');
  }

  async function handOver(deviceId: number, graceMs: number): Promise<void> {
    if (await held.handOver(deviceId, graceMs)) bridge.ring('fleet.free', { deviceId });
  }

  /** Comes again when the next lease of another node ends: that of a node that lives is renewed long before. */
  async function round(): Promise<number | undefined> {
    const before = [...stations];
    await held.prune(before, await store.devices.stillWanted(before.map(([id]) => id)));
    for (const station of stations.values()) station.tellHealth();
    if (!keeps || draining) return undefined;
    await nodes.look();
    const share = await shareOf();
    await takeFree(share - stations.size);
    for (const id of tooMany(share)) {
      if (draining) return undefined;
      await handOver(id, HANDING_GRACE_MS);
    }
    const end = await store.leases.nextEnd(node);
    const next = end === undefined ? LEASE_MS : Math.max(0, end) + JUST_AFTER_MS;
    return left.size > 0 ? Math.min(next, LEFT_MS) : next;
  }

  /** Devices of a kind are shared by the nodes that can connect it. */
  async function shareOf(): Promise<number> {
    const count = await store.devices.countEnabled();
    const keepers = Math.max(1, nodes.keepers().length);
    return Math.ceil(count.whatsapp / keepers) + (kinds().includes('sandbox') ? count.sandbox : 0);
  }

  /** Free devices that were beyond this node's share when it looked last. */
  let left: ReadonlySet<number> = new Set();

  /** What is still free at the next look is taken beyond the share: whose it is may be frozen, and not yet known to be. */
  async function takeFree(room: number): Promise<void> {
    const all = await store.devices.listFree(kinds(), MOST_TAKEN + Math.max(0, room));
    const mine = all.slice(0, Math.max(0, room));
    const beyond = all.slice(mine.length);
    const free = [...mine, ...beyond.filter(({ id }) => left.has(id))].slice(0, MOST_TAKEN);
    left = new Set(beyond.map(({ id }) => id));
    // Side by side: a lease that somebody's transaction still locks holds up nobody else.
    await inLanes(TAKING_LANES, free, async (device) => {
      if (draining || held.keeps(device.id)) return;
      try {
        (await held.takeWanted(device.id, device.state === 'connected'))?.start();
      } catch (error) {
        // Another node was faster.
        if (!isFailure(error, 'device_busy')) throw error;
      }
    });
  }

  /** A third of what is too much and what others have room for: it is counted again before more goes. */
  function tooMany(share: number): number[] {
    const room = nodes.awake().reduce((sum, { devices }) => sum + Math.max(0, share - devices), 0);
    const excess = Math.min(room, stations.size - share);
    const movable = [...stations].filter(([, { isPairing, isArriving }]) => !isPairing && !isArriving);
    return movable.slice(0, Math.max(0, Math.min(MOST_HANDED, Math.ceil(excess / 3)))).map(([id]) => id);
  }

  /** The newest ids that were seen, the oldest look first. */
  const seen: number[] = [];
  async function poll(): Promise<void> {
    const { devices, newest } = await store.messages.queuedAfter(seen[0] ?? 0);
    if (seen.length === 0) seen.push(newest);
    seen.push(newest);
    if (seen.length > LOOKS_BACK) seen.shift();
    for (const id of devices) stations.get(id)?.wake();
  }

  const failed = (what: string) => (error: unknown) => log.error({ err: asError(error) }, what);
  const renewing = every(clock, LEASE_MS / 3, renew, failed('the leases could not be renewed'), AGAIN_MS);
  const watching = every(clock, WATCH_MS, watch, failed('the leases could not be watched'));
  const rounding = every(clock, LEASE_MS / 3, round, failed('devices could not be shared'), AGAIN_MS);
  const polling = every(clock, POLL_MS, poll, failed('new messages could not be looked up'));

  bridge.onRemote('fleet.look', () => {
    renewing.soon();
    rounding.soon();
  });
  bridge.onRemote('fleet.free', () => {
    if (keeps && !draining) rounding.soon();
  });

  return {
    async start() {
      // Else a node that was killed would wait for its own leases to end.
      await store.leases.giveUpAll(node);
      await renew();
      renewing.start();
      watching.start();
      rounding.start();
      if (keeps) polling.start();
    },

    async stop(graceMs) {
      draining = true;
      await rounding.stop();
      await polling.stop();
      await renew().catch(failed('the leases could not be renewed'));
      await inLanes(HANDING_LANES, [...stations.keys()], (id) => handOver(id, graceMs));
      await renewing.stop();
      await watching.stop();
    },

    async now(deviceId) {
      if (!keeps || draining) return;
      if (deviceId === undefined || held.keeps(deviceId)) {
        await renew();
        await round();
        return;
      }
      // Until then it is not free.
      await held.settled(deviceId);
      const [device] = (await store.devices.listFree(kinds(), 10_000)).filter(({ id }) => id === deviceId);
      if (device !== undefined) (await held.takeWanted(deviceId, false))?.start();
    },
  };
}

/** A few at a time. One that fails is thrown when all are through. */
async function inLanes<T>(lanes: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const failures: unknown[] = [];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift())
      await work(item).catch((error) => failures.push(error));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failures.length > 0) throw failures[0];
}
