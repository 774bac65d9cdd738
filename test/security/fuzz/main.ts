import { parseArgs } from 'node:util';
import { fuzz } from './run.ts';

/**
 * `npm run test:fuzz [-- --requests 20000 --seed 1 --database postgres://…]`: the long form of fuzz.test.ts. The same seed asks the same
 * questions; what an answer taught it (ids) may differ. The database must be empty; without one, SQLite.
 */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    database: { type: 'string' },
  },
});

const began = performance.now();
const report = await fuzz({
  requests: Number(values.requests),
  seed: Number(values.seed),
  databaseUrl: values.database,
  onThousand: (count) => process.stderr.write(`${count} requests\n`),
});
const seconds = Math.round((performance.now() - began) / 1000);
process.stdout.write(
  [
    `${report.requests} requests to ${report.operations} operations in ${seconds} s, seed ${values.seed}, ${values.database === undefined ? 'SQLite' : 'PostgreSQL'}`,
    ...Object.entries(report.byStatus).map(([status, count]) => `  ${status}  ${count}`),
    `${report.breaches.length} answers of 5xx or against the description`,
    ...report.breaches.map((breach) => `  ${breach}`),
    '',
  ].join('\n'),
);
process.exit(report.breaches.length === 0 ? 0 : 1);
