import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Vault } from '../../src/base/vault.ts';
import { sealedColumns } from '../../src/store/resealing.ts';

export interface Finding {
  readonly where: string;
  readonly word: string;
}

const includes = (bytes: Uint8Array, word: string) => Buffer.from(bytes).includes(word);

/**
 * Where these words stand in the files of a data folder, byte by byte: database, its journal, media, whatever else is there. Read by another
 * process: closing a file of SQLite's in this one would drop the locks of the app's connection.
 */
export function inFiles(dataDir: string, words: readonly string[]): Finding[] {
  return words.flatMap((word) => {
    const { status, stdout, stderr } = spawnSync('grep', ['-rlaF', '--', word, dataDir], { encoding: 'utf8' });
    if (status !== 0 && status !== 1) throw new Error(`grep: ${stderr}`);
    return stdout
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => ({ where: path.slice(dataDir.length + 1), word }));
  });
}

/** Where these words stand in the database, in what is sealed, too: each value is opened as its owner would. */
export function inTables(dataDir: string, vault: Pick<Vault, 'open'>, words: readonly string[]): Finding[] {
  const database = new DatabaseSync(join(dataDir, 'wagate.db'), { readOnly: true });
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as { name: string }[];
    return tables.flatMap(({ name }) => {
      const sealed = sealedColumns.filter(({ table }) => table === name);
      const account = sealed.some(({ byDevice }) => byDevice)
        ? ', (select account_id from device where device.id = device_id) as account_id'
        : '';
      const rows = database.prepare(`select * ${account} from "${name}"`).all() as Record<string, unknown>[];
      return rows.flatMap((row) =>
        Object.entries(row).flatMap(([column, value]) => {
          const place = sealed.find((one) => one.column === column);
          const bytes =
            value instanceof Uint8Array
              ? place === undefined
                ? value
                : vault.open(value, place.about(row as Parameters<typeof place.about>[0]))
              : Buffer.from(String(value));
          return words.filter((word) => includes(bytes, word)).map((word) => ({ where: `${name}.${column}`, word }));
        }),
      );
    });
  } finally {
    database.close();
  }
}
