import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { binaries, type Postgres, startPostgres } from '../../support/postgres.ts';
import type { Part } from '../postgres.ts';
import { createWorld, type World } from '../world.ts';
import { type Fenced, measureFence } from './fence.ts';
import { type Installation, PEOPLE, type Role, startInstallation } from './installation.ts';
import { tellCosts, tellFence, tellRest, tellThroughput } from './report.ts';
import { type Compared, inTurns, restOf, type Side, type Stage, sendRound } from './rounds.ts';

/**
 * One node, two and three, each on a database of its own in one PostgreSQL that waits for its disk, on the same simulated network:
 *
 *   npm run bench:cluster -- [--quick] [--only scale,accept,bell,fence] [--rounds N] [--json FILE]
 *
 * `--quick` stays under a minute on an idle machine. Nothing is asserted: see docs/benchmarks.md for what the figures mean.
 */
const { values: asked } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'string' },
  },
});

const PLANS = {
  quick: { rounds: 3, devices: 3, messages: 60, alone: 20, writes: 300, restMs: 3_000, warmUp: 48, atMostMs: 180_000 },
  usual: {
    rounds: 5,
    devices: 6,
    messages: 300,
    alone: 60,
    writes: 1_500,
    restMs: 5_000,
    warmUp: 144,
    atMostMs: 600_000,
  },
} as const;
const plan = PLANS[asked.quick ? 'quick' : 'usual'];
const rounds = Number(asked.rounds ?? plan.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`${asked.rounds} is no number of rounds`);

const PHASES = ['scale', 'accept', 'bell', 'fence'] as const;
type Phase = (typeof PHASES)[number];
const only = asked.only?.split(',') ?? PHASES;
const unknown = only.find((name) => !PHASES.includes(name as Phase));
if (unknown !== undefined) throw new Error(`no phase ${unknown}; there are: ${PHASES.join(', ')}`);
const has = (phase: Phase) => only.includes(phase);

/** Messages on their way at the same time, over all nodes of an installation. */
const LANES = 16;
const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (text: string) => void process.stdout.write(`${text}\n\n`);
/** A machine that does other work says so. */
const load = () => (process.platform === 'linux' ? readFileSync('/proc/loadavg', 'utf8').split(' ')[0] : '–');
const machine = {
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? '',
  date: new Date().toISOString().slice(0, 10),
  loadBefore: load(),
};

const alls = (count: number): Role[] => Array.from({ length: count }, () => 'all');

async function measure(world: World, postgres: Postgres) {
  await world.network.call('people', { numbers: PEOPLE });
  const told: Record<string, readonly Compared[] | readonly Fenced[]> = {};
  const open: Installation[] = [];
  const start = async (roles: readonly Role[]) => {
    say(`starting ${roles.join(', ')}`);
    const installation = await startInstallation(world, postgres.url, roles, plan.devices);
    open.push(installation);
    // Sessions, compiled code.
    await sendRound({ world, postgres, rest: NOTHING }, installation, plan.warmUp, { lanes: LANES, from: 0 });
    return installation;
  };
  const stage = async (): Promise<Stage> => {
    const rest = await restOf(
      world,
      postgres,
      open.flatMap(({ nodes }) => nodes),
      plan.restMs,
    );
    print(tellRest(rest));
    return { world, postgres, rest };
  };
  let sent = 0;
  const side = (
    at: Stage,
    installation: Installation,
    messages: number,
    { lanes, async = false, without, title = installation.title }: SideOptions,
  ): Side => ({
    title,
    async run() {
      await Promise.all(installation.nodes.map((node) => node.call('leaveOut', { part: without })));
      sent += messages;
      const round = await sendRound(at, installation, messages, { lanes, async, from: sent });
      const counts = await Promise.all(installation.nodes.map((node) => node.call('leftOut')));
      if (without !== undefined && counts.every((count) => count === 0))
        throw new Error(`nothing of the ${without} was found that could be left out`);
      await Promise.all(installation.nodes.map((node) => node.call('leaveOut', { part: undefined })));
      return round;
    },
  });

  const one = await start(alls(1));
  if (has('scale') || has('accept')) {
    const several = [one, await start(alls(2)), await start(alls(3))];
    const at = await stage();
    if (has('scale')) {
      say(`synchronous sends through 1, 2 and 3 nodes: ${rounds} rounds`);
      told.scale = await inTurns(
        several.map((some) => side(at, some, plan.messages, { lanes: LANES })),
        rounds,
      );
      print(tellThroughput(`sync (200), ${LANES} at a time`, told.scale as Compared[]));
      print(tellCosts(told.scale as Compared[]));
    }
    if (has('accept')) {
      say(`accepting: ${rounds} rounds`);
      told.accept = await inTurns(
        several.map((some) => side(at, some, plan.alone * 2, { lanes: 1, async: true })),
        rounds,
      );
      print(tellThroughput('accept (202, async), one at a time', told.accept as Compared[]));
    }
    for (const some of several.slice(1)) {
      open.splice(open.indexOf(some), 1);
      await some.stop();
    }
  }
  if (has('bell')) {
    const two = await start(['api', 'worker']);
    const at = await stage();
    say(`request to answer, with the bell and without: ${rounds} rounds`);
    told.bell = await inTurns(
      [
        side(at, one, plan.alone, { lanes: 1 }),
        side(at, two, plan.alone, { lanes: 1 }),
        side(at, two, Math.ceil(plan.alone / 6), { lanes: 1, without: 'bell', title: 'the same, no bell: polls' }),
      ],
      rounds,
    );
    print(tellThroughput('request to answer, one at a time', told.bell as Compared[]));
    open.splice(open.indexOf(two), 1);
    await two.stop();
  }
  if (has('fence')) {
    const at = await stage();
    say(`with the fence and without: ${rounds} rounds`);
    told.whole = await inTurns(
      [
        side(at, one, plan.messages, { lanes: LANES, without: 'fence', title: '1 node, no fence' }),
        side(at, one, plan.messages, { lanes: LANES, title: '1 node' }),
      ],
      rounds,
    );
    print(tellThroughput('whole messages', told.whole as Compared[]));
    print(tellCosts(told.whole as Compared[]));
    told.fence = await measureFence(postgres, rounds, plan.writes);
    print(tellFence(told.fence as Fenced[]));
  }
  const books = await world.network.call('books');
  if (Object.values(books.counts).some((count) => count > 0) || books.errors.length > 0)
    print(`The network counted what must not be: ${JSON.stringify(books)}`);
  print(`load ${machine.loadBefore} before, ${load()} after`);
  if (asked.json !== undefined)
    writeFileSync(
      asked.json,
      `${JSON.stringify({ machine, loadAfter: load(), plan, rounds, told, books }, null, 2)}\n`,
    );
}

interface SideOptions {
  readonly lanes: number;
  readonly async?: boolean;
  readonly without?: Part;
  readonly title?: string;
}

const NOTHING = { nodes: 0, database: 0, network: 0, customers: 0 };

const bin = binaries();
if (bin === undefined) throw new Error('This needs the programs of PostgreSQL 15 or newer on this machine.');
const world = await createWorld();
let postgres: Postgres | undefined;

let ending: Promise<void> | undefined;
const end = async () => {
  await world.stop();
  await postgres?.stop();
};
/** Ends the children, and with them whatever is awaited of them. */
function giveUp(why: string): void {
  if (ending !== undefined) return;
  say(why);
  process.exitCode = 1;
  ending = end();
}

const tooLong = setTimeout(() => giveUp(`given up after ${plan.atMostMs / 1000} s`), plan.atMostMs);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => giveUp(`ended by ${signal}`));
try {
  say(`${machine.date}, Node ${machine.node}, ${machine.cores} cores (${machine.cpu}), load ${machine.loadBefore}`);
  postgres = await startPostgres(bin, ['fsync=on', 'synchronous_commit=on']);
  await measure(world, postgres);
} catch (error) {
  // What fails because it is being ended is no news.
  if (ending === undefined) throw error;
} finally {
  clearTimeout(tooLong);
  await (ending ?? end());
}
// Pooled sockets of the load generator hold nothing that is still of use.
process.exit();
