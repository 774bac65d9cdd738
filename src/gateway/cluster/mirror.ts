import type { LiveRow, Owner, Store } from '../../store/index.ts';
import type { DeviceHealth } from '../health.ts';
import type { Hold } from '../outbox.ts';
import type { DeviceState } from '../supervisor.ts';

/** What the owner of a device knows of it at this moment. */
export interface Glimpse {
  readonly state: DeviceState;
  readonly health: DeviceHealth;
  readonly hold: Hold | null;
  readonly isPairing: boolean;
}

/** The devices that other nodes keep, as they last told. */
export interface Mirror {
  /** Undefined for a device that no other node has told of. */
  look(deviceId: number): Glimpse | undefined;
  put(owner: Owner, glimpse: Glimpse): Promise<void>;
  load(deviceIds: readonly number[]): Promise<void>;
  loadAll(): Promise<void>;
}

/**
 * A device on its way from one node to the next counts as connected for so long: a lease (12 s), the round that takes it, and a login.
 * What is accepted meanwhile waits for it.
 */
export const MOVING_MS = 30_000;

export function createMirror({
  store,
  node,
  deadFor,
  meet,
}: {
  readonly store: Pick<Store, 'lives'>;
  readonly node: string;
  /** Milliseconds since a node was last known to live. */
  readonly deadFor: (node: string) => number;
  /** Learns which nodes live: one that joined a moment ago is in no list yet, and would pass for long dead. */
  readonly meet: () => Promise<void>;
}): Mirror {
  const known = new Map<number, LiveRow & { readonly learned: number }>();
  let lessons = 0;
  const learn = (row: LiveRow) => known.set(row.device_id, { ...row, learned: ++lessons });

  return {
    look(deviceId) {
      const row = known.get(deviceId);
      if (row === undefined) return undefined;
      const glimpse = row.live as Glimpse;
      if (deadFor(row.node) < MOVING_MS || glimpse.state.is === 'idle' || glimpse.state.is === 'down') return glimpse;
      const state: DeviceState = {
        is: 'waiting',
        until: 0,
        reason: 'moving',
        because: 'The server that kept this device has gone, and no other has taken it yet.',
      };
      return { ...glimpse, state, hold: null, isPairing: false };
    },
    async put(owner, glimpse) {
      await store.lives.put(owner, node, glimpse);
      learn({ device_id: owner.device_id, node, live: glimpse });
    },
    async load(deviceIds) {
      const rows = await store.lives.find(deviceIds);
      if (rows.some((row) => deadFor(row.node) === Number.POSITIVE_INFINITY)) await meet();
      for (const row of rows) learn(row);
    },
    async loadAll() {
      const begun = lessons;
      // What was learned meanwhile may be newer than what this reads.
      for (const row of await store.lives.all()) if ((known.get(row.device_id)?.learned ?? 0) <= begun) learn(row);
    },
  };
}
