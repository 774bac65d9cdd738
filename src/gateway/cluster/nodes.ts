import type { RandomBytes } from '../../base/ids.ts';
import type { NodeRole, NodeRow, Store } from '../../store/index.ts';

/** This node among those that share the database. */
export interface Nodes {
  readonly name: string;
  readonly role: NodeRole;
  begin(): Promise<void>;
  /** Says that this node lives, and learns who else does. False: another process has taken its name. */
  beat(devices: number, draining: boolean): Promise<boolean>;
  /** Looks who lives now. */
  look(): Promise<void>;
  end(): Promise<void>;
  /** Nodes that live and take devices. */
  keepers(): readonly NodeRow[];
  /** Others of these, who have said so a moment ago. */
  awake(): readonly NodeRow[];
  isAlive(node: string): boolean;
  /** Milliseconds since it was last known to live; 0 while it does. */
  deadFor(node: string): number;
}

/** A node that says nothing for so long is taken for dead: a moment before its leases end, so that the others count without it then. */
export const NODE_MS = 11_000;
/** It says so every 4 s. */
const AWAKE_MS = 6_000;
const FORGOTTEN_MS = 24 * 3_600_000;

export function createNodes({
  store,
  name,
  role,
  version,
  random,
  memoryMb,
}: {
  readonly store: Pick<Store, 'nodes'>;
  readonly name: string;
  readonly role: NodeRole;
  readonly version: string;
  readonly random: RandomBytes;
  readonly memoryMb: () => number;
}): Nodes {
  const life = random(12).toString('hex');
  let rows: readonly NodeRow[] = [];
  const self = (devices: number, draining: boolean) =>
    ({ name, life, role, version, draining: draining ? 1 : 0, devices, memory_mb: memoryMb() }) as const;
  const find = (node: string) => rows.find((row) => row.name === node);

  const keepers = () => rows.filter((row) => row.dead_for < 0 && row.draining === 0 && row.role !== 'api');

  return {
    name,
    role,
    async begin() {
      await store.nodes.begin(self(0, false), NODE_MS);
      await store.nodes.prune(FORGOTTEN_MS);
      rows = await store.nodes.list();
    },
    async beat(devices, draining) {
      const lives = await store.nodes.beat(self(devices, draining), NODE_MS);
      rows = await store.nodes.list();
      return lives;
    },
    async look() {
      rows = await store.nodes.list();
    },
    end: () => store.nodes.end(name, life),
    keepers,
    awake: () => keepers().filter((row) => row.name !== name && -row.dead_for > NODE_MS - AWAKE_MS),
    isAlive: (node) => (find(node)?.dead_for ?? 1) < 0,
    deadFor: (node) => Math.max(0, find(node)?.dead_for ?? Number.POSITIVE_INFINITY),
  };
}
