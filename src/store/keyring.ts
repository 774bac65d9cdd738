import { type Selectable, sql } from 'kysely';
import type { Clock } from '../base/clock.ts';
import { ConfigError } from '../base/config.ts';
import { createVault, firstTokenKey, type MasterKeys, SealBroken, type Vault } from '../base/vault.ts';
import type { MasterKeyTable } from './schema.ts';
import { about } from './seals.ts';
import type { Queries } from './transactions.ts';

type KeyRow = Selectable<MasterKeyTable>;

/**
 * The vault for the keys that this process was given, judged by the database itself: each master key has a row, and in it the key that
 * hashes tokens, sealed with it. So a wrong key is told at the start, and not by the first value that does not open; and tokens outlive
 * a change of the master key. Throws ConfigError with a sentence for a person.
 */
export async function openKeyring(db: Queries, clock: Pick<Clock, 'now'>, keys: MasterKeys): Promise<Vault> {
  for (;;) {
    const rows = await db.selectFrom('master_key').selectAll().orderBy('version', 'desc').execute();
    const [newest] = rows;
    if (newest === undefined) {
      await insert(db, clock, keys.current, 1, firstTokenKey(keys.current));
      continue;
    }
    const mine = openedBy(keys.current, rows);
    const before = keys.previous && openedBy(keys.previous, rows);
    if (mine === undefined) {
      if (before === undefined || before.row.version !== newest.version) throw wrongKey(keys);
      // Another node may have written the same row in this moment; then it is read, and judged like any other.
      await insert(db, clock, keys.current, newest.version + 1, before.tokenKey);
      continue;
    }
    if (mine.row.retired_at !== null) throw retired(mine.row);
    const left = rows.find((row) => row.version < mine.row.version && row.retired_at === null);
    if (left !== undefined && before?.row.version !== left.version) throw unfinished();
    const { version } = mine.row;
    // Also one that is refused by now: a gateway that was not started again may have sealed with it until a moment ago.
    const older =
      before !== undefined && keys.previous !== undefined && before.row.version < version
        ? { masterKey: keys.previous, keyVersion: before.row.version }
        : undefined;
    return createVault(keys.current, { keyVersion: version, tokenKey: mine.tokenKey, older });
  }
}

/** Values of the keys before are gone: from now on these keys are refused. */
export async function retireOlder(
  db: Queries,
  clock: Pick<Clock, 'now'>,
  vault: Pick<Vault, 'keyVersion'>,
): Promise<void> {
  await db
    .updateTable('master_key')
    .set({ retired_at: clock.now() })
    .where('version', '<', vault.keyVersion)
    .where('retired_at', 'is', null)
    .execute();
}

async function insert(db: Queries, clock: Pick<Clock, 'now'>, key: Uint8Array, version: number, tokenKey: Buffer) {
  if (version > 255)
    throw new ConfigError('This database has had 255 master keys, which is all that it can tell apart.');
  const sealed = createVault(key, { keyVersion: version }).seal(tokenKey, about.tokenKey(version));
  await sql`
    insert into master_key (version, sealed_token_key, created_at) values (${version}, ${sealed}, ${clock.now()})
    on conflict (version) do nothing`.execute(db);
}

function openedBy(
  key: Uint8Array,
  rows: readonly KeyRow[],
): { readonly row: KeyRow; readonly tokenKey: Buffer } | undefined {
  for (const row of rows) {
    try {
      const vault = createVault(key, { keyVersion: row.version });
      return { row, tokenKey: vault.open(row.sealed_token_key, about.tokenKey(row.version)) };
    } catch (error) {
      // Another key's row says so by not opening; that is the question.
      if (!(error instanceof SealBroken)) throw error;
    }
  }
  return undefined;
}

const wrongKey = ({ previous }: MasterKeys) =>
  new ConfigError(
    previous === undefined
      ? 'MASTER_KEY is not the key that this database was sealed with. Give the right one; to change it, keep the old one in MASTER_KEY_PREVIOUS until the command `keys rotate` has ended (docs/security.md).'
      : 'Neither MASTER_KEY nor MASTER_KEY_PREVIOUS is the newest key that this database was sealed with. Give the right ones.',
  );

const retired = ({ retired_at }: KeyRow) =>
  new ConfigError(
    `MASTER_KEY was replaced, and nothing is sealed with it any more (since ${new Date(retired_at ?? 0).toISOString()}). Give the newer key.`,
  );

const unfinished = () =>
  new ConfigError(
    'Some values are still sealed with the master key before this one. Give that key in MASTER_KEY_PREVIOUS, and end the change with the command `keys rotate` (docs/security.md).',
  );
