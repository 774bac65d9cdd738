import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import { every } from '../base/every.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Bell, NodeRole, Store } from '../store/index.ts';
import { type Bridge, createBridge } from './cluster/bridge.ts';
import { type Calls, createCalls } from './cluster/calls.ts';
import { createMirror, type Mirror } from './cluster/mirror.ts';
import { createNodes, type Nodes } from './cluster/nodes.ts';
import type { Outcomes } from './outcomes.ts';

/** The nodes that share this node's database, and the ways to them. */
export interface Neighbours {
  readonly nodes: Nodes;
  readonly bridge: Bridge;
  readonly mirror: Mirror;
  readonly calls: Calls;
  /** This node may not go on; the sentence says why. */
  ended(because: string): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface NeighboursNeeds {
  readonly store: Store;
  readonly bell: Bell;
  readonly events: EventBus;
  readonly outcomes: Pick<Outcomes, 'heard' | 'look'>;
  readonly node: string;
  readonly role: NodeRole;
  readonly version: string;
  readonly memoryMb: () => number;
  readonly ended: (because: string) => void;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** Answers that nobody rang for are looked up so often. */
const POLL_MS = 500;
const PRUNE_MS = 60_000;
/** What other nodes know of their devices: at once after a gap, and so often because a ring may be lost without one. */
const LEARN_MS = 60_000;
const LEARN_AGAIN_MS = 1_000;
const SCHEMA_MS = 5_000;

export function createNeighbours(needs: NeighboursNeeds): Neighbours {
  const { store, events, outcomes, clock, random, log, node } = needs;
  const nodes = createNodes({ ...needs, name: node });
  const mirror = createMirror({ store, node, deadFor: nodes.deadFor, meet: nodes.look });
  const bridge = createBridge({ bell: needs.bell, events, beforeDevices: mirror.load, log });
  const calls = createCalls({ store, bridge, node, clock, random, log });
  const failed = (error: unknown) => log.error({ err: asError(error) }, 'other nodes could not be heard');

  bridge.onRemote('message.changed', outcomes.heard);
  bridge.onGap(() => {
    learning.soon();
    looking.soon();
  });
  const learning = every(clock, LEARN_MS, mirror.loadAll, failed, LEARN_AGAIN_MS);
  const looking = every(clock, POLL_MS, outcomes.look, failed);
  const pruning = every(
    clock,
    PRUNE_MS,
    async () => {
      await store.nodeCalls.prune();
      await store.rates.prune();
    },
    failed,
  );

  const judging = every(
    clock,
    SCHEMA_MS,
    async () => {
      const foreign = await store.foreign();
      if (foreign !== undefined)
        needs.ended(
          `A newer version of WAGate has changed the database (migration ${foreign}) in a way that this version can not serve. Start the newer version on this machine, too.`,
        );
    },
    failed,
  );

  return {
    nodes,
    bridge,
    mirror,
    calls,
    ended: needs.ended,
    async start() {
      await nodes.begin();
      await mirror.loadAll();
      bridge.start();
      calls.start();
      learning.start();
      looking.start();
      pruning.start();
      judging.start();
    },
    async stop() {
      await calls.stop();
      await learning.stop();
      await looking.stop();
      await pruning.stop();
      await judging.stop();
      await nodes.end().catch(failed);
    },
  };
}
