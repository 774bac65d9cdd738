import type { Clock } from '../../base/clock.ts';
import { asError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { DeviceRow, Store } from '../../store/index.ts';
import type { Neighbours } from '../cluster.ts';
import type { Held } from './held.ts';
import { LEASE_MS } from './lease.ts';
import { createShares } from './shares.ts';

/** What comes again and again: leases are renewed, what was switched off is dropped, what is free is taken. */
export interface Rounds {
  start(): Promise<void>;
  stop(graceMs: number): Promise<void>;
  /** At once; with this device among those to take. */
  now(deviceId?: number): Promise<void>;
}

export interface RoundsNeeds {
  readonly held: Held;
  readonly store: Pick<Store, 'leases' | 'devices' | 'messages'>;
  readonly route: (device: Pick<DeviceRow, 'kind'>) => unknown;
  readonly node: string;
  readonly neighbours: Neighbours | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export const createRounds = (needs: RoundsNeeds): Rounds =>
  needs.neighbours === undefined ? createAlone(needs) : createShares({ ...needs, neighbours: needs.neighbours });

/** One node: everything is its own. */
function createAlone({ held, store, route, node, clock, log }: RoundsNeeds): Rounds {
  const { stations } = held;
  const ending = new AbortController();
  let rounds: Promise<void> | undefined;

  async function round(): Promise<void> {
    const before = [...stations];
    const ids = before.map(([id]) => id);
    const renewed = await store.leases.renew(node, ids, LEASE_MS);
    for (const [id, station] of before)
      if (renewed.get(id) !== station.owner.epoch && stations.get(id) === station)
        await held.lose(id, 'another process has taken it');
    for (const station of stations.values()) station.tellHealth();
    await held.prune(before, await store.devices.stillWanted(ids));
    // Read last: what was wanted again while it was dropped is among them.
    for (const device of await store.devices.listEnabled()) {
      if (ending.signal.aborted) return;
      if (held.keeps(device.id) || route(device) === undefined) continue;
      try {
        (await held.takeWanted(device.id, false))?.start();
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
      await Promise.all([...stations.values()].map(({ owner }) => held.drop(owner.device_id, graceMs)));
    },
    now: round,
  };
}
