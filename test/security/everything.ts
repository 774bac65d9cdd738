import { spawnSync } from 'node:child_process';
import type { Vault } from '../../src/base/vault.ts';
import { sealedColumns } from '../../src/store/resealing.ts';
import { onPostgres, placeOf } from '../support/own-database.ts';
import { rows } from '../support/rows.ts';

export interface Finding {
  readonly where: string;
  readonly word: string;
}

const includes = (bytes: Uint8Array, word: string) => Buffer.from(bytes).includes(word);

/**
 * Where these words stand in the files of a data folder, byte by byte: database, its journal, media, whatever else is there. Read by another
 * process: closing a file of SQLite's in this one would drop the locks of the app's connection. On PostgreSQL, whose files are the server's
 * and hold what autovacuum has yet to reuse, the rows are read instead, as they are stored.
 */
export async function inFiles(dataDir: string, words: readonly string[]): Promise<Finding[]> {
  const found = words.flatMap((word) => {
    const { status, stdout, stderr } = spawnSync('grep', ['-rlaF', '--', word, dataDir], { encoding: 'utf8' });
    if (status !== 0 && status !== 1) throw new Error(`grep: ${stderr}`);
    return stdout
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => ({ where: path.slice(dataDir.length + 1), word }));
  });
  return onPostgres()
    ? [...found, ...(await inTables(dataDir, { open: (value) => Buffer.from(value) }, words))]
    : found;
}

const TABLES = {
  sqlite: "select name from sqlite_master where type = 'table'",
  postgres: "select table_name as name from information_schema.tables where table_schema = 'public'",
};

/** Where these words stand in the database, in what is sealed, too: each value is opened as its owner would. */
export async function inTables(
  dataDir: string,
  vault: Pick<Vault, 'open'>,
  words: readonly string[],
): Promise<Finding[]> {
  const at = placeOf(dataDir);
  const found: Finding[] = [];
  for (const { name } of await rows<{ name: string }>(at, TABLES[onPostgres() ? 'postgres' : 'sqlite'])) {
    const sealed = sealedColumns.filter(({ table }) => table === name);
    const account = sealed.some(({ byDevice }) => byDevice)
      ? ', (select account_id from device where device.id = device_id) as account_id'
      : '';
    for (const row of await rows(at, `select * ${account} from "${name}"`))
      for (const [column, value] of Object.entries(row)) {
        const place = sealed.find((one) => one.column === column);
        const bytes =
          value instanceof Uint8Array
            ? place === undefined
              ? value
              : vault.open(value, place.about(row as Parameters<typeof place.about>[0]))
            : Buffer.from(String(value));
        for (const word of words) if (includes(bytes, word)) found.push({ where: `${name}.${column}`, word });
      }
  }
  return found;
}
