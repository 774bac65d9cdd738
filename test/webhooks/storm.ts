import { parseArgs } from 'node:util';
import { storm } from './storming.ts';

/**
 * The long form of `storm.test.ts`: node test/webhooks/storm.ts [--events 10000] [--kills 50] [--compare 800] [--seed N]
 * Prints its figures; ends with 1 when something was lost, doubled, unsigned or redirected.
 */
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '50' },
    compare: { type: 'string', default: '800' },
    /** A receiver in a good mood: only the kills are the subject. */
    calm: { type: 'boolean', default: false },
    seed: { type: 'string' },
  },
});
const compare = Number(values.compare);
const report = await storm({
  seed: Number(values.seed ?? Math.floor(Math.random() * 1_000_000)),
  events: Number(values.events),
  kills: Number(values.kills),
  ...(values.calm ? { failing: 0, hanging: 0, redirecting: 0 } : {}),
  ...(compare > 0 ? { compare } : {}),
});
const { findings, ...figures } = report;
process.stdout.write(`${JSON.stringify(figures)}\n${findings.slice(0, 50).join('\n')}\n`);
const { receiptedButAbsent, storedTwice, undelivered, unstableIds, badSignatures, singleSignatures } = report;
const wrong = receiptedButAbsent + storedTwice + undelivered + unstableIds + badSignatures + singleSignatures;
if (wrong + report.followedRedirects > 0) process.exitCode = 1;
