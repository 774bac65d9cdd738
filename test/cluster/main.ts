import { parseArgs } from 'node:util';
import { NOTHING_WRONG } from '../crash/audit.ts';
import { binaries } from '../support/postgres.ts';
import { chaos } from './chaos.ts';
import { failover } from './failover.ts';
import { rolling } from './rolling.ts';

/**
 * The long form of the cluster tests:
 *
 *   npm run test:cluster -- [--messages 6000] [--devices 60] [--rate 60] [--failovers 5] [--laps 1] [--only chaos,rolling,failover]
 *     [--seed N]
 *
 * Prints a line of figures for each scenario; ends with 1 when one of them is not what docs/reliability.md promises.
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '6000' },
    devices: { type: 'string', default: '60' },
    rate: { type: 'string', default: '60' },
    failovers: { type: 'string', default: '5' },
    laps: { type: 'string', default: '1' },
    only: { type: 'string' },
    seed: { type: 'string' },
  },
});
const bin = binaries();
if (bin === undefined) throw new Error('This needs the programs of PostgreSQL 15 or newer on this machine.');
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const plan = {
  bin,
  seed,
  devices: Number(values.devices),
  messages: Number(values.messages),
  perSecond: Number(values.rate),
};

const unharmed = { ...NOTHING_WRONG, staleWrites: 0, twoLines: 0, reusedIds: 0, reusedSteps: 0 };
const scenarios = {
  chaos: { run: () => chaos(plan), promised: unharmed },
  rolling: {
    run: () => rolling({ ...plan, laps: Number(values.laps) }),
    promised: {
      ...NOTHING_WRONG,
      staleWrites: 0,
      twoLines: 0,
      failed: 0,
      proxyFailed: 0,
      restarted: 5 * Number(values.laps),
    },
  },
  failover: {
    run: () => failover({ ...plan, failovers: Number(values.failovers) }),
    promised: { ...unharmed, epochsBack: 0, bells: 5, heard: 5 },
  },
} as const satisfies Record<string, { run: () => Promise<object>; promised: Readonly<Record<string, number>> }>;

process.stdout.write(`seed ${seed}\n`);
for (const [name, { run, promised }] of Object.entries(scenarios)) {
  if (values.only !== undefined && !values.only.split(',').includes(name)) continue;
  try {
    const { findings, ...figures } = (await run()) as unknown as { findings?: readonly string[] } & Record<
      string,
      unknown
    >;
    const wrong = Object.entries(promised).filter(([figure, value]) => figures[figure] !== value);
    const line = Object.entries(figures).filter(([figure]) => figure !== 'seed');
    process.stdout.write(
      `${wrong.length === 0 ? 'ok    ' : 'WRONG '} ${name.padEnd(10)} ${line.map(([k, v]) => `${k} ${v}`).join('  ')}\n`,
    );
    if (wrong.length > 0) process.exitCode = 1;
    for (const finding of wrong.length > 0 ? (findings ?? []).slice(0, 50) : [])
      process.stdout.write(`         ${finding}\n`);
  } catch (error) {
    process.exitCode = 1;
    const { message, cause } = error as Error;
    process.stdout.write(
      `FAILED ${name.padEnd(10)} ${message}: ${cause instanceof Error ? cause.stack : String(cause)}\n`,
    );
  }
}
