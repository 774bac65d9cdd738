import { parseArgs } from 'node:util';
import { growthOfSpaces, type Look, soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '50' },
    messages: { type: 'string', default: '100000' },
    minutes: { type: 'string', default: '20' },
    'warm-up': { type: 'string', default: '50000' },
    segment: { type: 'string', default: '1000' },
    lanes: { type: 'string', default: '25' },
    snapshots: { type: 'string' },
  },
});

const write = (text: string) => process.stdout.write(`${text}\n`);
const report = await soak({
  devices: Number(values.devices),
  messages: Number(values.messages),
  seconds: Number(values.minutes) * 60,
  warmUp: Number(values['warm-up']),
  segment: Number(values.segment),
  lanes: Number(values.lanes),
  say: write,
  ...(values.snapshots !== undefined && { snapshots: values.snapshots }),
});
const { growth, judged, looks, ...rest } = report;
const range = (value: (look: Look) => number) =>
  `${Math.min(...judged.map(value))} to ${Math.max(...judged.map(value))}`;
write(JSON.stringify(rest, null, 2));
write(
  `${looks.length} looks, ${judged.length} after the warm-up, over ${((judged.at(-1)?.seconds ?? 0) - (judged[0]?.seconds ?? 0)).toFixed(0)} s`,
);
for (const [name, { slope, plusMinus }] of Object.entries(growth))
  write(`${name.padEnd(9)} ${slope.toFixed(2)} ± ${plusMinus.toFixed(2)} MiB an hour`);
for (const { space, slope, plusMinus } of growthOfSpaces(judged))
  write(`  ${space.padEnd(27)} ${slope.toFixed(2)} ± ${plusMinus.toFixed(2)} MiB an hour`);
write(`listeners ${range((look) => look.listeners)}`);
for (const kind of Object.keys(judged[0]?.handles ?? {}))
  write(`handles   ${kind}: ${range((look) => look.handles[kind] ?? 0)}`);
const isBad = report.rejections.length > 0 || report.books.unsent > 0 || growth.kept.slope - growth.kept.plusMinus > 1;
process.exitCode = isBad ? 1 : 0;
