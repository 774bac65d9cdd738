import { parseArgs } from 'node:util';
import { startServer } from '../support/own-database.ts';
import { storm } from './storming.ts';

/**
 * The long form of `storm.test.ts`:
 *
 *   npm run test:storm -- [--events 10000] [--kills 50] [--calm] [--seed N] [--postgres]
 *
 * Prints its figures; ends with 1 when something was lost, doubled, unsigned or redirected.
 */
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '50' },
    /** A receiver in a good mood: only the kills are the subject. */
    calm: { type: 'boolean', default: false },
    seed: { type: 'string' },
    /** Instead of SQLite's file, on a server that is started for the run. */
    postgres: { type: 'boolean', default: false },
  },
});
const postgres = values.postgres ? await startServer() : undefined;
const { findings, ...figures } = await storm({
  seed: Number(values.seed ?? Math.floor(Math.random() * 1_000_000)),
  events: Number(values.events),
  kills: Number(values.kills),
  ...(values.calm ? { failing: 0, hanging: 0, redirecting: 0 } : {}),
});
const { receiptedButAbsent, storedTwice, undelivered, unstableIds, badSignatures } = figures;
const { singleSignatures, followedRedirects } = figures;
const wrong =
  receiptedButAbsent + storedTwice + undelivered + unstableIds + badSignatures + singleSignatures + followedRedirects;
const line = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
process.stdout.write(`${wrong === 0 ? 'ok    ' : 'WRONG '} ${line.join('  ')}\n`);
for (const finding of findings.slice(0, 50)) process.stdout.write(`         ${finding}\n`);
if (wrong > 0) process.exitCode = 1;
await postgres?.stop();
