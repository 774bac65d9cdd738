import { systemClock } from '../base/clock.ts';
import { readConfig } from '../base/config.ts';
import { invalid } from '../base/errors.ts';
import { copyInstallation, type Place } from '../store/copying.ts';
import type { CommandAnswer, CommandEnvironment } from './commands.ts';

/** `sqlite`: the file in DATA_DIR; `postgres`: DATABASE_URL; else an address or a folder. */
function placeOf(given: string | undefined, option: string): Place {
  const { DATA_DIR, DATABASE_URL } = readConfig();
  if (given === undefined || given === '')
    throw invalid(option, `--${option} is required: sqlite, postgres, a folder or an address.`);
  if (given === 'sqlite') return { url: undefined, dataDir: DATA_DIR };
  if (given === 'postgres') {
    if (DATABASE_URL === undefined)
      throw invalid(option, `--${option} postgres needs DATABASE_URL, or give its address.`);
    return { url: DATABASE_URL, dataDir: DATA_DIR };
  }
  return /^postgres(ql)?:\/\//.test(given) ? { url: given, dataDir: DATA_DIR } : { url: undefined, dataDir: given };
}

/** Copies an installation from one database to another, and says what was copied. */
export async function copy({ options, say }: CommandEnvironment): Promise<CommandAnswer> {
  const from = placeOf(options.from, 'from');
  const to = placeOf(options.to, 'to');
  const tables = await copyInstallation({
    from,
    to,
    clock: systemClock,
    told: ({ table, rows, checksum }) =>
      say(`${table.padEnd(16)} ${String(rows).padStart(9)} rows  ${checksum.slice(0, 16)}`),
  });
  const rows = tables.reduce((sum, one) => sum + one.rows, 0);
  return {
    text: `Copied and verified: ${rows} rows in ${tables.length} tables. Start the gateway on the new database with the same MASTER_KEY; no device needs to be linked again. Do not start it on the old one any more.`,
    data: { rows, tables },
  };
}
