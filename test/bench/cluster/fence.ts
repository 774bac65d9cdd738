import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../src/base/clock.ts';
import { createVault } from '../../../src/base/vault.ts';
import { openStore } from '../../../src/store/index.ts';
import { createTenant } from '../../store/tenant.ts';
import type { Postgres } from '../../support/postgres.ts';
import { inLanes, timed } from '../lanes.ts';
import { leaveOut, leftOut, serverCpu } from '../postgres.ts';
import { median, percentile } from '../statistics.ts';
import { createDatabase } from './installation.ts';

/** Devices that write at the same time, as a node of this size has them. */
const DEVICES = 8;
/** As an outgoing message moves the ratchet on, and as an incoming one does. */
const WRITES = [
  { what: 'a session: one statement', incoming: false },
  { what: 'a session and its journal entry: a transaction', incoming: true },
] as const;
const SIDES = ['fenced', 'unfenced'] as const;
type Side = (typeof SIDES)[number];

export interface Fenced {
  readonly what: string;
  readonly of: number;
  /** Medians over the rounds; `ratio`: of fenced to unfenced, of each round's own. */
  readonly perSecond: Readonly<Record<Side | 'ratio', number>>;
  readonly cpu: Readonly<Record<Side | 'ratio', number>>;
  readonly p50: Readonly<Record<Side, number>>;
}

/**
 * Durable writes of Signal keys through the store, as they come with each message, with the check of the lease and with it taken out of
 * the statements. CPU: of the server.
 */
export async function measureFence(postgres: Postgres, rounds: number, writes: number): Promise<Fenced[]> {
  const store = await openStore({
    url: await createDatabase(postgres.url, 'fence'),
    dataDir: '.',
    vault: createVault(randomBytes(32)),
    clock: systemClock,
  });
  try {
    const tenants = await Promise.all(Array.from({ length: DEVICES }, () => createTenant(store)));
    const memories = tenants.map(({ owner }) => store.deviceMemory(owner));
    const found: Fenced[] = [];
    for (const { what, incoming } of WRITES) {
      const write = async (n: number) => {
        const value = randomBytes(400);
        const journal = incoming ? { hash: randomBytes(32), plaintext: value } : undefined;
        await memories[n % DEVICES]?.writeKeys([{ type: 'session', id: String(n % 50), value }], journal);
      };
      const turn = async (side: Side) => {
        leaveOut(side === 'unfenced' ? 'fence' : undefined);
        const before = serverCpu(postgres.pid()) ?? Number.NaN;
        const each = Array.from({ length: writes }, (_, n) => n);
        const { ms, latencies } = await timed(() => inLanes(each, DEVICES, write));
        const cpu = ((serverCpu(postgres.pid()) ?? Number.NaN) - before) / writes;
        if (side === 'unfenced' && leftOut() < writes) throw new Error('a check was not found, and not left out');
        leaveOut(undefined);
        return { perSecond: (writes * 1000) / ms, cpu, p50: percentile(latencies, 0.5) };
      };
      for (const side of SIDES) await turn(side);
      const done: Record<Side, Awaited<ReturnType<typeof turn>>[]> = { fenced: [], unfenced: [] };
      for (let round = 0; round < rounds; round++)
        for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) done[side].push(await turn(side));
      const summary = (of: 'perSecond' | 'cpu') => ({
        fenced: median(done.fenced.map((one) => one[of])),
        unfenced: median(done.unfenced.map((one) => one[of])),
        ratio: median(done.fenced.map((one, at) => one[of] / (done.unfenced[at]?.[of] ?? Number.NaN))),
      });
      found.push({
        what,
        of: writes * rounds,
        perSecond: summary('perSecond'),
        cpu: summary('cpu'),
        p50: {
          fenced: median(done.fenced.map(({ p50 }) => p50)),
          unfenced: median(done.unfenced.map(({ p50 }) => p50)),
        },
      });
    }
    return found;
  } finally {
    await store.close();
  }
}
