import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { ConfigError } from '../base/config.ts';
import { asError } from '../base/errors.ts';
import type { Vault } from '../base/vault.ts';
import { migrate } from './migrate.ts';
import type { Tables } from './schema.ts';
import { about } from './seals.ts';
import { openSqlite } from './sqlite.ts';
import { copyFromPostgres, countsOf } from './tables.ts';

/**
 * A backup: one SQLite file, whichever database it is of, with all tables as they were at one instant, the files of the inbox, and a
 * table that says what it is (docs/decisions/0005). Values in it stay sealed; the master key is not in it.
 */
export interface ArchiveFacts {
  readonly format: 1;
  /** Unix ms. */
  readonly made_at: number;
  readonly app_version: string;
  readonly from: 'sqlite' | 'postgres';
  readonly migration: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly files: number;
  readonly file_bytes: number;
  /** Files that the database names and the folder does not have. */
  readonly missing_files: number;
}

export interface ArchivedFile {
  /** Below the folder of the files: `inbox/12/345`; or `sandbox.db`. */
  readonly name: string;
  readonly path: string;
}

export interface ArchiveSource {
  readonly url: string | undefined;
  readonly dataDir: string;
  /** Has the folder `inbox`: SHARED_DIR, where several nodes share one. */
  readonly filesDir: string;
  readonly vault: Pick<Vault, 'open'>;
  readonly appVersion: string;
  readonly now: () => number;
  /** The simulated network of sandbox devices, when there is one. */
  readonly sandbox: boolean;
}

const PART_BYTES = 1_048_576;

/**
 * Writes a backup while the gateway runs, opens it again and looks at all of it; only then it gets its name. Throws ConfigError with a
 * sentence, and leaves nothing behind.
 */
export async function writeArchive(path: string, source: ArchiveSource): Promise<ArchiveFacts> {
  const part = `${path}.part`;
  const scratch = `${path}.sandbox-part`;
  for (const leftover of [part, scratch, `${part}-journal`]) rmSync(leftover, { force: true });
  try {
    // Its owner's alone from the first byte on.
    closeSync(openSync(part, 'w', 0o600));
    const counted = await (source.url === undefined ? copyFile(source, part) : copyServer(source.url, source, part));
    const facts = await complete(part, scratch, source, counted);
    const file = openSync(part, 'r+');
    fsyncSync(file);
    closeSync(file);
    verifyArchive(part, source.vault);
    await rename(part, path);
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
    return facts;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`The backup could not be written to ${path}: ${asError(error).message}. Nothing was kept.`, {
      cause: error,
    });
  } finally {
    for (const leftover of [part, scratch, `${part}-journal`]) rmSync(leftover, { force: true });
  }
}

/** SQLite itself writes what its readers see at one instant; writers go on meanwhile. */
function copyFile({ dataDir }: ArchiveSource, part: string): undefined {
  rmSync(part);
  vacuumInto(join(dataDir, 'wagate.db'), part);
  return undefined;
}

function vacuumInto(from: string, to: string): void {
  const file = new DatabaseSync(from, { timeout: 30_000 });
  try {
    // The new file takes the rights of this process's mask; its owner's alone is what they shall be.
    const mask = process.umask(0o077);
    try {
      file.prepare('vacuum into ?').run(to);
    } finally {
      process.umask(mask);
    }
  } finally {
    file.close();
  }
}

async function copyServer(url: string, { now }: ArchiveSource, part: string): Promise<Record<string, number>> {
  const dialect = openSqlite({ path: part, clock: { now } });
  const db = new Kysely<Tables>({ dialect: dialect.kysely });
  await migrate(db, dialect, now()).finally(() => db.destroy());
  const file = new DatabaseSync(part);
  try {
    file.exec('pragma journal_mode = delete');
    return await copyFromPostgres(url, file);
  } finally {
    file.close();
  }
}

/** Adds the files and the facts. */
async function complete(
  part: string,
  scratch: string,
  source: ArchiveSource,
  counted: Record<string, number> | undefined,
): Promise<ArchiveFacts> {
  const file = new DatabaseSync(part);
  try {
    file.exec(`
      pragma journal_mode = delete;
      pragma synchronous = full;
      create table archive_file (id integer primary key, name text not null unique, bytes integer not null, sha256 text not null) strict;
      create table archive_part (file_id integer not null, n integer not null, bytes blob not null, primary key (file_id, n)) strict;
      create table archive_facts (json text not null) strict;`);
    const rows = countsOf(file);
    refuseEmpty(rows);
    // Of SQLite the copy is the instant; PostgreSQL has counted for itself.
    for (const [table, count] of Object.entries(counted ?? {}))
      if (rows[table] !== count)
        throw new ConfigError(
          `The backup has ${rows[table]} rows of ${table}, and the database ${count}. Please repeat it.`,
        );
    const keys = file.prepare('select media_key from inbox where media_key is not null order by id').all();
    const wanted: ArchivedFile[] = keys.map(({ media_key }) => ({
      name: `inbox/${media_key}`,
      path: join(source.filesDir, 'inbox', String(media_key)),
    }));
    if (source.sandbox && existsSync(join(source.dataDir, 'sandbox.db'))) {
      vacuumInto(join(source.dataDir, 'sandbox.db'), scratch);
      wanted.push({ name: 'sandbox.db', path: scratch });
    }
    let bytes = 0;
    let missing = 0;
    for (const one of wanted) {
      const size = existsSync(one.path) ? await keepFile(file, one) : undefined;
      if (size === undefined) missing += 1;
      else bytes += size;
    }
    const facts: ArchiveFacts = {
      format: 1,
      made_at: source.now(),
      app_version: source.appVersion,
      from: source.url === undefined ? 'sqlite' : 'postgres',
      migration: String(file.prepare('select max(name) as name from migration').get()?.name),
      rows,
      files: wanted.length - missing,
      file_bytes: bytes,
      missing_files: missing,
    };
    file.prepare('insert into archive_facts (json) values (?)').run(JSON.stringify(facts));
    return facts;
  } finally {
    file.close();
  }
}

async function keepFile(file: DatabaseSync, { name, path }: ArchivedFile): Promise<number> {
  const hash = createHash('sha256');
  const id = Number(
    file.prepare("insert into archive_file (name, bytes, sha256) values (?, 0, '')").run(name).lastInsertRowid,
  );
  const insert = file.prepare('insert into archive_part (file_id, n, bytes) values (?, ?, ?)');
  let bytes = 0;
  let n = 0;
  file.exec('begin');
  for await (const chunk of createReadStream(path, { highWaterMark: PART_BYTES })) {
    hash.update(chunk);
    bytes += chunk.length;
    insert.run(id, n++, chunk);
  }
  file.prepare('update archive_file set bytes = ?, sha256 = ? where id = ?').run(bytes, hash.digest('hex'), id);
  file.exec('commit');
  return bytes;
}

function refuseEmpty(rows: Readonly<Record<string, number>>): void {
  if (!rows.account)
    throw new ConfigError(
      'There is no account in this database, so there is nothing to back up. Please check DATA_DIR and DATABASE_URL.',
    );
}

/**
 * Looks at all of a backup: the file itself, its references, the number of rows, each file's checksum; and, given the vault, whether the
 * credentials of every device open. Throws ConfigError with what is wrong.
 */
export function verifyArchive(path: string, vault?: Pick<Vault, 'open'>): ArchiveFacts {
  if (!existsSync(path)) throw new ConfigError(`There is no file ${path}.`);
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    const facts = factsOf(file, path);
    const damaged = (what: string) =>
      new ConfigError(`The backup ${path} is damaged: ${what}. Please take another one.`);
    const [sound] = file.prepare('pragma integrity_check(1)').all();
    if (sound?.integrity_check !== 'ok') throw damaged('its pages do not fit together');
    if (file.prepare('pragma foreign_key_check').all().length > 0) throw damaged('rows refer to what is not there');
    const rows = countsOf(file);
    refuseEmpty(rows);
    for (const [table, count] of Object.entries(facts.rows))
      if (rows[table] !== count) throw damaged(`${table} has ${rows[table] ?? 'no'} rows of ${count}`);
    for (const one of filesOf(file)) if (!isWhole(file, one)) throw damaged(`the file ${one.name} is not whole`);
    if (vault !== undefined)
      for (const row of file
        .prepare('select device_id, account_id, sealed_creds from device_creds join device on device.id = device_id')
        .all())
        vault.open(
          row.sealed_creds as Uint8Array,
          about.creds({ account_id: Number(row.account_id), device_id: Number(row.device_id) }),
        );
    return facts;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`The file ${path} is no sound backup of WAGate: ${asError(error).message}.`, {
      cause: error,
    });
  } finally {
    file.close();
  }
}

function factsOf(file: DatabaseSync, path: string): ArchiveFacts {
  const isOurs = file.prepare("select 1 from sqlite_master where name = 'archive_facts'").get() !== undefined;
  if (!isOurs) throw new ConfigError(`The file ${path} is no backup of WAGate (the command backup makes one).`);
  const facts: ArchiveFacts = JSON.parse(String(file.prepare('select json from archive_facts').get()?.json ?? '{}'));
  if (facts.format !== 1)
    throw new ConfigError(
      `The backup ${path} was made by a newer version of WAGate. Please restore it with that version.`,
    );
  return facts;
}

const filesOf = (file: DatabaseSync) =>
  file
    .prepare('select id, name, bytes, sha256 from archive_file order by id')
    .all()
    .map((row) => ({
      id: Number(row.id),
      name: String(row.name),
      bytes: Number(row.bytes),
      sha256: String(row.sha256),
    }));

function* partsOf(file: DatabaseSync, id: number): Generator<Uint8Array> {
  for (const { bytes } of file.prepare('select bytes from archive_part where file_id = ? order by n').iterate(id))
    yield bytes as Uint8Array;
}

function isWhole(file: DatabaseSync, expected: ReturnType<typeof filesOf>[number]): boolean {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const part of partsOf(file, expected.id)) {
    hash.update(part);
    bytes += part.length;
  }
  return bytes === expected.bytes && hash.digest('hex') === expected.sha256;
}

/** Puts the files of an open archive below two folders: what the inbox received, and the rest. */
export function unpackFiles(
  file: DatabaseSync,
  { data, files }: { readonly data: string; readonly files: string },
): void {
  for (const { id, name } of filesOf(file)) {
    // Names are ours, `inbox/1/2` or `sandbox.db`; a file that somebody made up shall write nowhere else.
    if (!/^(inbox\/\d+\/\d+|sandbox\.db)$/.test(name))
      throw new ConfigError(`The backup has a file with a strange name: ${name}`);
    const path = join(name.startsWith('inbox/') ? files : data, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const out = openSync(path, 'w', 0o600);
    for (const part of partsOf(file, id)) writeSync(out, part);
    fsyncSync(out);
    closeSync(out);
  }
}
