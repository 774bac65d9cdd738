import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { type Clock, isoMicros } from '../base/clock.ts';
import { ConfigError } from '../base/config.ts';
import { unpackFiles } from './archive.ts';
import { openDatabase } from './database.ts';
import { copyToPostgres, NotEmpty } from './tables.ts';

export interface Place {
  readonly url: string | undefined;
  readonly dataDir: string;
  /** Has the folder `inbox`: SHARED_DIR, where several nodes share one, else the data folder. */
  readonly filesDir: string;
}

/** What a restore moves: the database and what SQLite keeps beside it; in the home of the files, the inbox. */
const PIECES = {
  data: ['wagate.db', 'wagate.db-wal', 'wagate.db-shm', 'sandbox.db', 'sandbox.db-wal', 'sandbox.db-shm'],
  files: ['inbox'],
};

/**
 * A folder in each home (one, where they are the same): the two may be on different disks, and what is unpacked where it shall be needs
 * only another name in the end, which can not fail for want of room.
 */
export interface Staging {
  readonly data: string;
  readonly files: string;
}

export const stagingIn = ({ dataDir, filesDir }: Place): Staging => {
  const name = `restoring-${process.pid}`;
  return { data: join(dataDir, name), files: join(filesDir, name) };
};

/** What restores left in a folder that were cut off: each a whole copy. Names; not those of a process that still runs. */
export function cutOffIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => {
    const pid = /^restoring-(\d+)$/.exec(name)?.[1];
    return pid !== undefined && !isRunning(Number(pid));
  });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process runs, too: EPERM.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A restore that was killed can not clear up after itself: the next one does, before it needs the room. */
export function clearCutOff({ dataDir, filesDir }: Place): void {
  for (const home of [dataDir, filesDir])
    for (const name of cutOffIn(home)) rmSync(join(home, name), { recursive: true, force: true });
}

export function clearStaging({ data, files }: Staging): void {
  for (const folder of [data, files]) rmSync(folder, { recursive: true, force: true });
}

/**
 * Refuses what a restore must not run over: a gateway at work, and (unless `replace`) an installation with an account in it. Throws
 * ConfigError with what to do.
 */
export async function refuseInhabited(place: Place, replace: boolean, now: number): Promise<void> {
  const { accounts, nodes } = await inhabitants(place, now);
  if (nodes.length > 0)
    throw new ConfigError(
      `A gateway is at work here (${nodes.join(', ')}). Stop it first; after a kill wait 15 seconds. Two gateways with one device’s keys make messages that nobody can read.`,
    );
  if (accounts > 0 && !replace)
    throw new ConfigError(
      `There is an installation with ${accounts} account(s) here already. To put the backup in its place, say --overwrite; ${
        place.url === undefined
          ? 'what is here is kept in a folder beside it'
          : 'what is here is deleted, so back it up first'
      }.`,
    );
}

interface Inhabitants {
  readonly accounts: number;
  readonly nodes: readonly string[];
}

const QUESTIONS = {
  accounts: 'select count(*) as n from account',
  nodes: 'select distinct node from device_lease where expires_at > ',
  /** Those that keep no device, too: an api node takes messages in. */
  alive: 'select name as node from node where alive_until > ',
};

const SERVER_TIME = 'cast(extract(epoch from clock_timestamp()) * 1000 as bigint)';

async function inhabitants({ url, dataDir }: Place, now: number): Promise<Inhabitants> {
  if (url !== undefined) return askServer(url);
  const path = join(dataDir, 'wagate.db');
  if (!existsSync(path)) return { accounts: 0, nodes: [] };
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    // Not ours, or empty: nothing to lose that --overwrite would not keep.
    if (file.prepare("select 1 from sqlite_master where name = 'device_lease'").get() === undefined)
      return { accounts: 0, nodes: [] };
    return {
      accounts: Number(file.prepare(QUESTIONS.accounts).get()?.n),
      nodes: file
        .prepare(`${QUESTIONS.nodes} ?`)
        .all(now)
        .map(({ node }) => String(node)),
    };
  } finally {
    file.close();
  }
}

async function askServer(url: string): Promise<Inhabitants> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const { rows } = await client.query("select to_regclass('device_lease') as leases, to_regclass('node') as nodes");
    if (rows[0]?.leases === null) return { accounts: 0, nodes: [] };
    const counted = await client.query(QUESTIONS.accounts);
    // An older version has no table of nodes.
    const kinds = rows[0]?.nodes === null ? [QUESTIONS.nodes] : [QUESTIONS.nodes, QUESTIONS.alive];
    const found = await client.query(kinds.map((question) => `${question} ${SERVER_TIME}`).join(' union '));
    return { accounts: Number(counted.rows[0].n), nodes: found.rows.map(({ node }) => String(node)).sort() };
  } finally {
    await client.end();
  }
}

/** Unpacks a backup into folders of its own, as an installation that nobody owns yet. */
export function stageArchive(path: string, staging: Staging): void {
  clearStaging(staging);
  for (const folder of [staging.data, staging.files]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const to = join(staging.data, 'wagate.db');
  copyFileSync(path, to);
  const file = new DatabaseSync(to);
  try {
    unpackFiles(file, staging);
    // The nodes of then are gone; their epochs go on.
    file.exec(`
      drop table archive_part; drop table archive_file; drop table archive_facts;
      update device_lease set expires_at = 0, epoch = epoch + 1;
      update webhook set lease_node = null, lease_until = 0;
      ${file.prepare("select 1 from sqlite_master where name = 'node'").get() === undefined ? '' : 'delete from node;'}
      vacuum;`);
  } finally {
    file.close();
  }
}

/** Puts what was staged in its place. Gives the folders where the files of before were put, when there were any. */
export async function placeStaged(
  staging: Staging,
  place: Place,
  { replace, clock }: { readonly replace: boolean; readonly clock: Pick<Clock, 'now'> },
): Promise<readonly string[]> {
  if (place.url !== undefined) {
    // Its tables first, by the same migrations that the staged file has.
    const { db } = await openDatabase({ url: place.url, dataDir: place.dataDir, clock });
    await db.destroy();
    const file = new DatabaseSync(join(staging.data, 'wagate.db'), { readOnly: true });
    await copyToPostgres(file, place.url, replace)
      .catch((error: unknown) => {
        throw error instanceof NotEmpty
          ? new ConfigError('Somebody has made an account in this database meanwhile; nothing was restored.')
          : error;
      })
      .finally(() => file.close());
    rmSync(join(staging.data, 'wagate.db'));
  }
  const homes = [
    { from: staging.data, to: place.dataDir, pieces: PIECES.data },
    { from: staging.files, to: place.filesDir, pieces: PIECES.files },
  ];
  const name = `replaced-${isoMicros(clock.now()).slice(0, 19).replace(/\D/g, '')}`;
  const asides = new Set<string>();
  for (const { to, pieces } of homes)
    for (const piece of pieces.filter((one) => existsSync(join(to, one)))) {
      const aside = join(to, name);
      mkdirSync(aside, { recursive: true, mode: 0o700 });
      renameSync(join(to, piece), join(aside, piece));
      asides.add(aside);
    }
  for (const { from, to } of homes)
    for (const piece of readdirSync(from)) renameSync(join(from, piece), join(to, piece));
  clearStaging(staging);
  return [...asides];
}
