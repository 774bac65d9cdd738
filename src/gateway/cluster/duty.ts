import type { Clock } from '../../base/clock.ts';
import { every } from '../../base/every.ts';
import type { Store } from '../../store/index.ts';
import { LEASE_MS } from '../fleet/lease.ts';

/** What one node at a time does for all, such as running the network of the sandbox devices. */
export interface Duty {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** `start` tries once to get it before it resolves. The work is started and stopped as the duty comes and goes. */
export function createDuty({
  store,
  name,
  node,
  clock,
  work,
  failed,
}: {
  readonly store: Pick<Store, 'nodes'>;
  readonly name: string;
  readonly node: string;
  readonly clock: Clock;
  readonly work: Duty;
  readonly failed: (error: unknown) => void;
}): Duty {
  let mine = false;
  let until = 0;

  async function look(): Promise<void> {
    const begun = clock.monotonic();
    const has = await store.nodes.takeDuty(name, node, LEASE_MS).catch((error) => {
      // Kept while the database is away, as long as nobody else can have it.
      if (mine && clock.monotonic() < until) return true;
      throw error;
    });
    if (has) until = begun + LEASE_MS;
    if (has && !mine) await work.start();
    if (!has && mine) await work.stop();
    mine = has;
  }

  const looking = every(clock, LEASE_MS / 3, look, failed, 1_000);
  return {
    async start() {
      await look();
      looking.start();
    },
    async stop() {
      await looking.stop();
      if (!mine) return;
      mine = false;
      await work.stop();
      await store.nodes.leaveDuty(name, node);
    },
  };
}
