import { parseArgs } from 'node:util';
import type { FailpointName } from '../../src/base/failpoints.ts';
import { startServer } from '../support/own-database.ts';
import { NOTHING_WRONG } from './audit.ts';
import { killWhilePairing } from './pairing.ts';
import { exceedQuota, repeatKeyAfterKill, repeatKeys, writeBothWays } from './pressure.ts';
import { dieWhileReceiving, killWhileReceiving } from './receiving.ts';
import { dieAt, killWhileSending, loseAcks, watchTheWire } from './sending.ts';

/**
 * The long form of the crash tests:
 *
 *   npm run test:crash -- [--kills 500] [--messages 10000] [--only text,groups,…] [--seed N] [--postgres]
 *
 * `--postgres`: each world has a database of its own on a server that is started for the run, instead of SQLite's file.
 * Prints a line of figures for each scenario; ends with 1 when one of them is not what docs/reliability.md promises.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    messages: { type: 'string', default: '10000' },
    only: { type: 'string' },
    seed: { type: 'string' },
    postgres: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const kills = Number(values.kills);
const messages = Number(values.messages);
const part = (share: number) => Math.max(1, Math.round(kills * share));

type Figures = Readonly<Record<string, number>>;
interface Scenario {
  readonly run: () => Promise<object>;
  /** Figures that must be exactly these. */
  readonly promised: Figures;
}

const unharmed: Figures = { ...NOTHING_WRONG, reusedIds: 0, reusedSteps: 0 };
const received: Figures = { receiptedButAbsent: 0, neverReceipted: 0, storedTwice: 0, otherText: 0, retriesAsked: 0 };

/** Each named instant of sending, at eight of its passes. */
const failpoints: readonly FailpointName[] = [
  'accepted',
  'prepared',
  'marked',
  'keys_written',
  'relayed',
  'acknowledged',
  'sent',
];
const passes = [1, 2, 3, 4, 5, 6, 7, 8];

const plain = (store: string, resend: string) => ({
  run: () =>
    killWhileSending({
      seed,
      kills: part(0.2),
      messages: Math.round(messages / 5),
      program: 'plain.ts',
      env: { PLAIN_RESEND: resend, PLAIN_STORE: store },
    }),
  promised: {},
});

const scenarios: Readonly<Record<string, Scenario>> = {
  text: { run: () => killWhileSending({ seed, kills, messages }), promised: unharmed },
  groups: {
    run: () => killWhileSending({ seed, kills: part(0.2), messages: Math.round(messages / 5), to: 'groups' }),
    promised: unharmed,
  },
  ...Object.fromEntries(
    failpoints.map((name) => [
      `die-${name}`,
      {
        run: () => dieAt(name, { seed, hits: passes }),
        promised: unharmed,
      },
    ]),
  ),
  pairing: { run: () => killWhilePairing({ seed, kills: part(0.2) }), promised: { unreadable: 0, stuck: 0 } },
  receiving: {
    run: () => killWhileReceiving({ seed, kills: part(0.4), messages: Math.round(messages / 2) }),
    promised: received,
  },
  'die-receiving': {
    run: () => sumOf(passes.map((hit) => () => dieWhileReceiving('keys_written', { seed: seed + hit, hit }))),
    promised: received,
  },
  'both-ways': {
    run: () => writeBothWays({ seed }),
    promised: { out: 200, in: 200, outUnreadable: 0, inRefused: 0, outMissing: 0, inMissing: 0 },
  },
  'lost-acks': { run: () => loseAcks({ seed, messages: 400 }), promised: { ...unharmed, accepted: 400 } },
  keys: { run: () => repeatKeys({ seed }), promised: { messages: 50, seenOnce: 50, disagreeing: 0, otherAnswers: 0 } },
  'keys-after-kill': { run: () => repeatKeyAfterKill({ seed }), promised: { answered: 5, doubled: 0 } },
  quota: { run: () => exceedQuota({ seed }), promised: { accepted: 100, exhausted: 900, used: 100, seen: 100 } },
  ratchet: { run: () => watchTheWire({ seed, messages: 400 }), promised: { behind: 0 } },
  'plain-again': plain('sqlite', 'again'),
  'plain-forget': plain('sqlite', 'forget'),
  'plain-files': plain('files', 'again'),
};

/** Runs one after the other and adds the figures up; the most is what counts of `mostAttempts`. */
async function sumOf(runs: readonly (() => Promise<object>)[]): Promise<object> {
  const sum: Record<string, number> = {};
  const findings: unknown[] = [];
  for (const run of runs) {
    const report = await run();
    for (const [name, value] of Object.entries(report)) {
      if (Array.isArray(value)) findings.push(...value);
      else if (typeof value === 'number' && name !== 'seed')
        sum[name] = name === 'mostAttempts' ? Math.max(sum[name] ?? 0, value) : (sum[name] ?? 0) + value;
    }
  }
  return { ...sum, findings };
}

/** The witness reads SQLite's file between a frame and its answer; plain Baileys keeps files of its own. */
const onFile = Object.keys(scenarios).filter((name) => name === 'ratchet' || name.startsWith('plain-'));

const only = values.only?.split(',');
const unknown = only?.filter((name) => !(name in scenarios)) ?? [];
if (unknown.length > 0)
  throw new Error(`There is no ${unknown.join(', ')}. There are: ${Object.keys(scenarios).join(', ')}.`);

const postgres = values.postgres ? await startServer() : undefined;
process.stdout.write(`seed ${seed}${postgres ? ', PostgreSQL' : ''}\n`);
for (const [name, { run, promised }] of Object.entries(scenarios)) {
  if (only && !only.includes(name)) continue;
  if (postgres && onFile.includes(name)) {
    process.stdout.write(`       ${name.padEnd(18)} stands on SQLite's file, and is left out\n`);
    continue;
  }
  try {
    const { findings, ...figures } = (await run()) as { findings?: readonly unknown[] } & Figures;
    const wrong = Object.entries(promised).filter(([figure, value]) => figures[figure] !== value);
    const line = Object.entries(figures)
      .filter(([figure]) => figure !== 'seed')
      .map(([figure, value]) => `${figure} ${value}`);
    process.stdout.write(`${wrong.length === 0 ? 'ok    ' : 'WRONG '} ${name.padEnd(18)} ${line.join('  ')}\n`);
    if (wrong.length === 0) continue;
    process.exitCode = 1;
    for (const finding of findings?.slice(0, 50) ?? []) process.stdout.write(`         ${String(finding)}\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stdout.write(
      `FAILED ${name.padEnd(18)} ${error instanceof Error ? `${error.message}: ${error.cause}` : String(error)}\n`,
    );
  }
}
await postgres?.stop();
