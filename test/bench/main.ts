import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Child } from './calls.ts';
import { type Idle, measureIdle } from './idle.ts';
import type { MeterCommands } from './meter.ts';
import { readProfile } from './profile.ts';
import {
  tellBeside,
  tellComparison,
  tellIdle,
  tellLatency,
  tellProfile,
  tellStatements,
  tellTenants,
} from './report.ts';
import { acceptLatency, compare, type Result, runRound, SCENARIOS, type Scenario } from './scenarios.ts';
import { percentile } from './statistics.ts';
import { type BesideTenant, besideTenants } from './tenants.ts';
import { type Beside, besideDeadEndpoints } from './webhooks.ts';
import { createWorld, type World } from './world.ts';

/**
 * The gateway beside a plain Baileys loop, on the same simulated network, in one run:
 *
 *   npm run bench -- [--quick | --full] [--only warm,group] [--rounds N] [--devices N] [--json FILE]
 *   npm run bench -- --profile warm [--json FILE]
 *
 * `--quick` stays under a minute. `--full` takes twice the rounds and measures 500 idle devices. `--devices 0` measures none.
 * Nothing is asserted: see docs/benchmarks.md for what the figures mean.
 */
const { values: asked } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    devices: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
});

/** Each device says every 20 s that it lives, which is most of what it costs: shorter looks see all of it or none. */
const KEEP_ALIVE_MS = 20_000;
const PLANS = {
  quick: { rounds: 3, share: 0.2, devices: 5, idleMs: 15_000, watchMs: 3_000, atMostMs: 120_000 },
  usual: { rounds: 5, share: 1, devices: 100, idleMs: 120_000, watchMs: KEEP_ALIVE_MS, atMostMs: 600_000 },
  full: { rounds: 9, share: 1, devices: 500, idleMs: 600_000, watchMs: KEEP_ALIVE_MS, atMostMs: 1_800_000 },
} as const;

const plan = PLANS[asked.full ? 'full' : asked.quick ? 'quick' : 'usual'];
const rounds = whole(asked.rounds, plan.rounds);
const devices = whole(asked.devices, plan.devices);
const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (text: string) => void process.stdout.write(`${text}\n\n`);

function whole(text: string | undefined, otherwise: number): number {
  const number = Number(text ?? otherwise);
  if (!Number.isInteger(number) || number < 0) throw new Error(`${text} is no whole number`);
  return number;
}

function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`no scenario ${name}; there are: ${SCENARIOS.map((one) => one.name).join(', ')}`);
  return found;
}

const machine = {
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? '',
  date: new Date().toISOString().slice(0, 10),
};

/** These have no plain Baileys beside them: what is compared is an endpoint, or a tenant, with and without a bad one beside it. */
const WEBHOOKS = 'webhooks';
const TENANTS = 'tenants';

async function measure(world: World): Promise<void> {
  const names = asked.only?.split(',') ?? [...SCENARIOS.map(({ name }) => name), WEBHOOKS, TENANTS];
  const chosen = names.filter((name) => name !== WEBHOOKS && name !== TENANTS).map(scenarioOf);
  let beside: Beside[] = [];
  let tenants: BesideTenant[] = [];
  if (names.includes(WEBHOOKS)) {
    say(`webhooks beside dead ones: ${rounds} rounds`);
    beside = await besideDeadEndpoints(world, Math.max(3, Math.round(rounds * 6 * plan.share)));
    print(tellBeside(beside));
  }
  if (names.includes(TENANTS)) {
    say(`a tenant beside others: ${rounds} rounds`);
    tenants = await besideTenants(world, Math.max(3, Math.round(rounds * 3 * plan.share)));
    print(tellTenants(tenants));
  }
  if (chosen.length === 0) return;
  const results: Result[] = [];
  const pair = await world.pair();
  for (const scenario of chosen) {
    say(`${scenario.title}: ${rounds} rounds`);
    results.push(await compare(scenario, rounds, plan.share, world, pair));
  }
  const accepted = await acceptLatency(pair, Math.round(500 * plan.share));
  pair.customer.close();
  await pair.plain.stop();
  await pair.gateway.stop();
  print(tellComparison(results));
  const latencies = [
    ['accept (202, async)', [accepted]],
    ...results.flatMap(({ scenario, rounds: done }) => [
      [`${scenario.name}: request to WhatsApp's ack`, done.gateway] as const,
      [`${scenario.name}: plain Baileys`, done.plain] as const,
    ]),
  ] as const;
  print(tellLatency(latencies));

  const steps = [1, 100, devices].filter((step, at, all) => step > 0 && step <= devices && all.indexOf(step) === at);
  const idle: Idle[] = await measureIdle(world, steps, plan.idleMs, plan.watchMs, say);
  if (idle.length > 0) print(tellIdle(idle));
  const books = await world.network.call('books');
  if (Object.values(books.counts).some((count) => count > 0) || books.errors.length > 0)
    print(`The network counted what must not be: ${JSON.stringify(books)}`);
  if (asked.json !== undefined) {
    const scenarios = results.map(({ scenario, cpu, perSecond, rounds: all }) => ({
      scenario: scenario.name,
      cpu,
      perSecond,
      cpuOfRounds: { plain: all.plain.map((one) => one.cpu), gateway: all.gateway.map((one) => one.cpu) },
    }));
    const latency = latencies.map(([what, some]) => {
      const every = some.flatMap((one) => one.latencies);
      return { what, p50: percentile(every, 0.5), p99: percentile(every, 0.99), of: every.length };
    });
    writeFileSync(
      asked.json,
      `${JSON.stringify({ machine, scenarios, latency, webhooks: beside.map(figures), tenants: tenants.map(figures), idle, books }, null, 2)}\n`,
    );
  }
}

const figures = ({ neighbour, latencies, ratio }: Beside | BesideTenant) => ({
  neighbour,
  p50: percentile(latencies, 0.5),
  p95: percentile(latencies, 0.95),
  ratio,
  of: latencies.length,
});

async function profile(world: World, name: string): Promise<void> {
  const scenario = scenarioOf(name);
  const pair = await world.pair();
  const messages = scenario.messages * 3;
  for (const side of ['plain', 'gateway'] as const) {
    say(`${side}: ${messages} messages of "${scenario.title}"`);
    await runRound(scenario, side, world, pair, Math.max(scenario.warmUp, scenario.messages));
    const measured: Child<MeterCommands> = pair[side];
    await measured.call('startProfile');
    const { cpu } = await runRound(scenario, side, world, pair, messages);
    const json = await measured.call('stopProfile');
    const file = `${name}-${side}.cpuprofile`;
    writeFileSync(file, json);
    print(`== ${side}: ${scenario.title}; ${cpu.toFixed(2)} CPU ms a message, all threads; ${file}`);
    print(tellProfile(readProfile(json), messages));
  }
  await pair.gateway.call('startCounting');
  await runRound(scenario, 'gateway', world, pair, scenario.messages);
  print(tellStatements(await pair.gateway.call('stopCounting'), scenario.messages));
  pair.customer.close();
}

const world = await createWorld();

let ending: Promise<void> | undefined;
/** Ends the children, and with them whatever is awaited of them. */
function giveUp(why: string): void {
  if (ending !== undefined) return;
  say(why);
  process.exitCode = 1;
  ending = world.stop();
}

const tooLong = setTimeout(() => giveUp(`given up after ${plan.atMostMs / 1000} s`), plan.atMostMs);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => giveUp(`ended by ${signal}`));
try {
  say(`${machine.date}, Node ${machine.node}, ${machine.cores} cores (${machine.cpu})`);
  await (asked.profile === undefined ? measure(world) : profile(world, asked.profile));
} catch (error) {
  // What fails because it is being ended is no news.
  if (ending === undefined) throw error;
} finally {
  clearTimeout(tooLong);
  await (ending ?? world.stop());
}
// Pooled sockets of the load generator hold nothing that is still of use.
process.exit();
