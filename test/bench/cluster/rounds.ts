import pg from 'pg';
import type { Postgres } from '../../support/postgres.ts';
import { inLanes, timed } from '../lanes.ts';
import { serverCpu } from '../postgres.ts';
import { median } from '../statistics.ts';
import type { World } from '../world.ts';
import type { Installation } from './installation.ts';

/** CPU ms of each that takes part. Undefined: this machine does not tell. */
export interface Cpu {
  readonly nodes: number;
  readonly database: number | undefined;
  readonly network: number;
  readonly customers: number;
}
export type Party = keyof Cpu;
export const PARTIES: readonly Party[] = ['nodes', 'database', 'network', 'customers'];

export interface Round {
  readonly perSecond: number;
  /** For each message. */
  readonly cpu: Cpu;
  /** Ms from the call to the answer. */
  readonly latencies: readonly number[];
  /** For each message: transactions of the nodes that wait for the disk, and bytes of the server's log. */
  readonly commits: number;
  readonly walBytes: number;
}

export interface Stage {
  readonly world: World;
  readonly postgres: Postgres;
  /** CPU ms for each ms while nothing is sent; of all that run, so that it is known what a round has to pay for others. */
  readonly rest: Cpu;
}

/** What all use up from now on. */
async function account(world: World, postgres: Postgres, nodes: Installation['nodes']) {
  const own = process.cpuUsage();
  const before = serverCpu(postgres.pid());
  await Promise.all([world.network.call('begin'), ...nodes.map((node) => node.call('begin'))]);
  return async (): Promise<Cpu> => {
    const spent = await Promise.all(nodes.map((node) => node.call('spent')));
    const network = await world.network.call('spent');
    const after = serverCpu(postgres.pid());
    const { user, system } = process.cpuUsage(own);
    return {
      nodes: spent.reduce((all, one) => all + one, 0),
      database: before === undefined || after === undefined ? undefined : after - before,
      network,
      customers: (user + system) / 1000,
    };
  };
}

export const eachCpu = (cpu: Cpu, of: (value: number, party: Party) => number): Cpu =>
  Object.fromEntries(
    PARTIES.map((party) => {
      const value = cpu[party];
      return [party, value === undefined ? undefined : of(value, party)];
    }),
  ) as unknown as Cpu;

/** CPU of a while in which nothing is sent. `nodes`: of one of them, on average. */
export async function restOf(world: World, postgres: Postgres, nodes: Installation['nodes'], ms: number): Promise<Cpu> {
  const end = await account(world, postgres, nodes);
  // What is measured is that nothing happens for so long.
  await new Promise((resolve) => setTimeout(resolve, ms));
  const cpu = await end();
  return eachCpu(cpu, (value, party) => value / ms / (party === 'nodes' ? nodes.length : 1));
}

/** So many messages, from the first call to the last receipt. */
export async function sendRound(
  { world, postgres, rest }: Stage,
  installation: Installation,
  messages: number,
  { lanes, from, async = false }: { lanes: number; from: number; async?: boolean },
): Promise<Round> {
  const end = await account(world, postgres, installation.nodes);
  const disk = await diskOf(postgres, installation.nodes);
  const began = performance.now();
  const each = Array.from({ length: messages }, (_, n) => from + n);
  const { ms, latencies } = await timed(() => inLanes(each, lanes, (n) => installation.send(n, { async })));
  await installation.settled();
  const lasted = performance.now() - began;
  const cpu = await end();
  const idle = (party: Party) => (rest[party] ?? 0) * (party === 'nodes' ? installation.nodes.length : 1) * lasted;
  const { commits, walBytes } = await disk();
  return {
    perSecond: (messages * 1000) / ms,
    latencies,
    commits: commits / messages,
    walBytes: walBytes / messages,
    cpu: eachCpu(cpu, (value, party) => Math.max(0, value - idle(party)) / messages),
  };
}

/** What goes to the disk from now on. */
async function diskOf({ url }: Postgres, nodes: Installation['nodes']) {
  const read = async () => {
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client
      .query("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as bytes")
      .finally(() => client.end());
    const commits = await Promise.all(nodes.map((node) => node.call('committed')));
    return { walBytes: Number(rows[0]?.bytes), commits: commits.reduce((all, one) => all + one, 0) };
  };
  const before = await read();
  return async () => {
    const after = await read();
    return { walBytes: after.walBytes - before.walBytes, commits: after.commits - before.commits };
  };
}

/** Something that is done in turns with others. */
export interface Side {
  readonly title: string;
  run(round: number): Promise<Round>;
}

export interface Compared {
  readonly title: string;
  readonly rounds: readonly Round[];
  readonly perSecond: number;
  /** Median of the ratios to the first side, within the same round. */
  readonly ratio: number;
  readonly cpu: Cpu;
  readonly cpuRatio: Cpu;
  readonly commits: number;
  readonly walBytes: number;
}

/** All sides in each round, in turning order: what else the machine does falls on all. */
export async function inTurns(sides: readonly Side[], rounds: number): Promise<Compared[]> {
  const done = sides.map((): Round[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...sides.keys()];
    for (const at of round % 2 === 0 ? order : order.toReversed()) {
      const result = await sides[at]?.run(round);
      if (result) done[at]?.push(result);
    }
  }
  const ratio = (at: number, of: (round: Round) => number | undefined) =>
    median((done[at] ?? []).map((one, n) => (of(one) ?? Number.NaN) / (of(done[0]?.[n] as Round) ?? Number.NaN)));
  return sides.map(({ title }, at) => {
    const own = done[at] ?? [];
    const cpuOf = (party: Party) => median(own.map(({ cpu }) => cpu[party] ?? Number.NaN));
    const known = own[0]?.cpu as Cpu;
    return {
      title,
      rounds: own,
      perSecond: median(own.map(({ perSecond }) => perSecond)),
      ratio: ratio(at, ({ perSecond }) => perSecond),
      cpu: eachCpu(known, (_, party) => cpuOf(party)),
      cpuRatio: eachCpu(known, (_, party) => ratio(at, ({ cpu }) => cpu[party])),
      commits: median(own.map(({ commits }) => commits)),
      walBytes: median(own.map(({ walBytes }) => walBytes)),
    };
  });
}
