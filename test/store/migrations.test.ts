import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ConfigError } from '../../src/base/config.ts';
import type { Dialect } from '../../src/store/dialect.ts';
import { openStore } from '../../src/store/index.ts';
import { migrate } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Tables } from '../../src/store/schema.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { overEachDatabase, type Place, sqlitePlace, testVault } from '../support/databases.ts';
import { accept, createTenant } from './tenant.ts';

function raw({ url, dataDir }: Place): { db: Kysely<Tables>; dialect: Dialect } {
  const dialect = url
    ? openPostgres({ url, limits: true })
    : openSqlite({ path: join(dataDir, 'wagate.db'), clock: systemClock });
  const db = new Kysely<Tables>({ dialect: dialect.kysely });
  onTestFinished(() => db.destroy());
  return { db, dialect };
}

overEachDatabase('migrations', ({ place, open }) => {
  test('make an empty database, and leave one that is up to date alone', async () => {
    const { db, dialect } = raw(await place());
    expect(await migrate(db, dialect, 1)).toEqual(migrations.map(({ name }) => name));
    expect(await migrate(db, dialect, 2)).toEqual([]);
  });

  test('keep the data of an older database', async () => {
    const at = await place();
    const store = await open({ at });
    const tenant = await createTenant(store);
    const kept = await accept(store, tenant, { body: { text: 'from before the upgrade' } });
    const { db, dialect } = raw(at);
    const later = { name: '9999_later', statements: () => ['alter table message add column colour text'] };
    expect(await migrate(db, dialect, 3, [...migrations, later])).toEqual(['9999_later']);
    const found = await store.messages.find(tenant.account.id, tenant.device.id, kept.id);
    expect(found).toMatchObject({ body: { text: 'from before the upgrade' }, colour: null });
  });

  test('that fail half-way leave nothing behind', async () => {
    const { db, dialect } = raw(await place());
    await migrate(db, dialect, 1);
    const broken = { name: '9999_broken', statements: () => ['create table fresh (id integer)', 'create nonsense'] };
    await expect(migrate(db, dialect, 2, [...migrations, broken])).rejects.toThrow();
    await expect(sql`select * from fresh`.execute(db)).rejects.toThrow();
    expect(await migrate(db, dialect, 3)).toEqual([]);
  });

  test('of a newer version stop the start with a sentence', async () => {
    const at = await place();
    await open({ at });
    const { db } = raw(at);
    await sql`insert into migration (name, applied_at) values ('9999_future', 1)`.execute(db);
    const failed = await open({ at }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigError);
    expect(String(failed)).toContain('was made by a newer version of WAGate (it has the migration 9999_future');
  });

  test('run once when many nodes start together', async () => {
    const at = await place();
    const stores = await Promise.all(Array.from({ length: at.url ? 5 : 1 }, () => open({ at })));
    expect(await stores[0]?.accounts.count()).toBe(0);
  });
});

const start = (dataDir: string) => openStore({ url: undefined, dataDir, vault: testVault, clock: systemClock });

test('the data folder is made for its owner alone', async () => {
  const dataDir = join((await sqlitePlace()).dataDir, 'new', 'data');
  const store = await start(dataDir);
  onTestFinished(() => store.close());
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  expect(existsSync(join(dataDir, 'wagate.db'))).toBe(true);
});

test('a database file that another process has locked is told in a sentence', async () => {
  const { dataDir } = await sqlitePlace();
  await (await start(dataDir)).close();
  const other = new DatabaseSync(join(dataDir, 'wagate.db'));
  onTestFinished(() => other.close());
  other.exec('begin immediate');
  await expect(start(dataDir)).rejects.toThrow(/wagate\.db is locked by another process\. Stop the other server/);
});

test('a file that is no database is told in a sentence, and stays as it was', async () => {
  const { dataDir } = await sqlitePlace();
  const path = join(dataDir, 'wagate.db');
  writeFileSync(path, 'this is a letter, and no database at all. '.repeat(100));
  await expect(start(dataDir)).rejects.toThrow(/wagate\.db is not a database/);
  expect(readFileSync(path, 'utf8')).toMatch(/^this is a letter/);
});

test('a server that is not there is told in a sentence without the password', async () => {
  const url = 'postgres://gate:secret@127.0.0.1:1/wagate';
  const failed = await openStore({ url, dataDir: '.', vault: testVault, clock: systemClock }).catch((e: unknown) => e);
  expect(String(failed)).toMatch(
    /The database at postgres:\/\/gate@127\.0\.0\.1:1\/wagate could not be opened: .*ECONNREFUSED/,
  );
  expect(String(failed)).not.toContain('secret');
});
