import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { newToken, systemRandom, tokenHash } from '../../src/base/ids.ts';
import { createVault, type MasterKeys, SealBroken } from '../../src/base/vault.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { sealedColumns } from '../../src/store/resealing.ts';
import { overEachDatabase, type Place } from '../support/databases.ts';
import { run } from '../support/process.ts';
import { fill } from './filled.ts';

const SECRET = 'kata-rahasia-7f3a91';
const [first, second, third] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];

async function open(at: Place, vault: MasterKeys): Promise<Store> {
  const store = await openStore({ ...at, vault, clock: systemClock });
  onTestFinished(() => store.close());
  return store;
}
const refused = (at: Place, keys: MasterKeys) =>
  openStore({ ...at, vault: keys, clock: systemClock }).then(
    (store) => store.close().then(() => 'was opened'),
    (error: Error) => error.message,
  );

/** Every sealed value of the database, with its place. */
async function sealedValues(at: Place) {
  const { db } = await openDatabase({ ...at, clock: systemClock });
  onTestFinished(() => db.destroy());
  const values: { table: string; column: string; about: string; sealed: Uint8Array }[] = [];
  for (const { table, column, about, byDevice } of sealedColumns) {
    const account = byDevice
      ? sql`, (select account_id from device where device.id = ${sql.ref(`${table}.device_id`)}) as account_id`
      : sql``;
    const { rows } = await sql<Parameters<typeof about>[0]>`
      select ${sql.table(table)}.* ${account} from ${sql.table(table)} where ${sql.ref(column)} is not null`.execute(
      db,
    );
    for (const row of rows) values.push({ table, column, about: about(row), sealed: row[column] as Uint8Array });
  }
  return { db, values };
}

overEachDatabase('the master key', ({ kind, place }) => {
  test('seals every column whose name says so, and each of them is in the list of the change', async () => {
    const at = await place();
    const store = await open(at, { current: first, previous: undefined });
    await fill(store, { secret: SECRET });
    const { db, values } = await sealedValues(at);
    const columns =
      kind === 'sqlite'
        ? sql<{ name: string }>`select m.name || '.' || c.name as name from sqlite_master m, pragma_table_info(m.name) c
            where m.type = 'table' and c.name like 'sealed%'`
        : sql<{ name: string }>`select table_name || '.' || column_name as name from information_schema.columns
            where table_schema = 'public' and column_name like 'sealed%'`;
    const named = (await columns.execute(db)).rows.map(({ name }) => name).sort();
    const listed = sealedColumns.map(({ table, column }) => `${table}.${column}`);
    expect([...listed, 'master_key.sealed_token_key'].sort()).toEqual(named);
    // Each was filled, holds the secret only sealed, and opens in its own place alone.
    expect(new Set(values.map(({ table, column }) => `${table}.${column}`))).toEqual(new Set(listed));
    for (const { about, sealed } of values) {
      expect(Buffer.from(sealed).includes(SECRET)).toBe(false);
      expect(store.vault.open(sealed, about).includes(SECRET)).toBe(true);
      expect(() => store.vault.open(sealed, `${about}x`)).toThrow(SealBroken);
      const altered = Buffer.from(sealed);
      altered[altered.length - 20] = (altered[altered.length - 20] ?? 0) ^ 1;
      expect(() => store.vault.open(altered, about)).toThrow(SealBroken);
    }
  });

  test('is changed: both are read meanwhile, an end in the middle is gone on from, then the old one is refused', async () => {
    const at = await place();
    const old = await open(at, { current: first, previous: undefined });
    const tenants = [];
    for (let n = 0; n < 5; n++) tenants.push(await fill(old, { secret: `${SECRET}-${n}` }));
    const [tenant] = tenants;
    if (tenant === undefined) throw new Error('no tenant');
    const token = newToken(systemRandom);
    const words = { hash: tokenHash(old.vault.tokenKey, token), prefix: 'wag_', last4: 'abcd' };
    await old.devices.setToken(tenant.account.id, tenant.device.id, words);

    // A wrong key is told at the start.
    expect(await refused(at, { current: second, previous: undefined })).toMatch(/MASTER_KEY is not the key/);
    expect(await refused(at, { current: second, previous: third })).toMatch(/Neither MASTER_KEY nor/);

    const changing = await open(at, { current: second, previous: first });
    expect(changing.vault.keyVersion).toBe(2);
    await fill(changing, { secret: `${SECRET}-new` });
    const body = async (store: Store) =>
      (await store.histories.page(tenant.account.id, {}, 10, 1)).rows.map((row) => row.body.text);
    expect(await body(changing)).toEqual([`${SECRET}-0`]);
    expect(await refused(at, { current: second, previous: undefined })).toMatch(/Some values are still sealed/);

    const all = await changing.resealing.left();
    expect(all).toBe(5 * sealedColumns.length);
    // Ended in the middle.
    let steps = 0;
    await expect(
      changing.resealing.reseal(() => {
        if (++steps === 5) throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    const left = await changing.resealing.left();
    expect([left > 0, left < all]).toEqual([true, true]);
    expect(await body(changing)).toEqual([`${SECRET}-0`]);
    expect(await refused(at, { current: second, previous: undefined })).toMatch(/Some values are still sealed/);

    // Gone on from, by another process.
    const again = await open(at, { current: second, previous: first });
    expect(await again.resealing.reseal(() => undefined)).toBe(left);
    expect(await again.resealing.left()).toBe(0);
    await again.resealing.retireOlder();

    const now = await open(at, { current: second, previous: undefined });
    expect(await body(now)).toEqual([`${SECRET}-0`]);
    // A token is a hash, and outlives the key.
    expect((await now.devices.findByToken(tokenHash(now.vault.tokenKey, token)))?.device.id).toBe(tenant.device.id);
    expect(now.vault.blind('62812')).toEqual(old.vault.blind('62812'));
    const { values } = await sealedValues(at);
    const opens = (key: Buffer, keyVersion: number) =>
      values.filter(({ sealed, about }) => {
        try {
          return createVault(key, { keyVersion }).open(sealed, about).length > 0;
        } catch {
          return false;
        }
      }).length;
    expect([values.length, opens(second, 2), opens(first, 1), opens(first, 2)]).toEqual([
      values.length,
      values.length,
      0,
      0,
    ]);

    // Refused from now on, alone or as the one before.
    expect(await refused(at, { current: first, previous: undefined })).toMatch(
      /was replaced, and nothing is sealed with it/,
    );
    expect(await refused(at, { current: third, previous: first })).toMatch(/Neither MASTER_KEY nor/);
    // And the next change begins from here.
    expect((await open(at, { current: third, previous: second })).vault.keyVersion).toBe(3);
  });

  test('is changed beside a gateway at work: what it wrote meanwhile stays', async () => {
    const at = await place();
    const old = await open(at, { current: first, previous: undefined });
    const { owner } = await fill(old, { secret: SECRET });
    const store = await open(at, { current: second, previous: first });
    const memory = store.deviceMemory(owner);
    for (let n = 0; n < 450; n++)
      await old.deviceMemory(owner).writeKeys([{ type: 'session', id: `${n}.0`, value: randomBytes(40) }]);
    let wrote = false;
    const writing: Promise<void>[] = [];
    await store.resealing.reseal(({ table }) => {
      if (table !== 'device_key' || wrote) return;
      wrote = true;
      for (let n = 0; n < 450; n += 7)
        writing.push(memory.writeKeys([{ type: 'session', id: `${n}.0`, value: Buffer.from(`newer ${n}`) }]));
    });
    await Promise.all(writing);
    const ids = Array.from({ length: 65 }, (_, n) => `${n * 7}.0`);
    const read = await memory.readKeys('session', ids);
    expect(ids.map((id) => Buffer.from(read.get(id) ?? []).toString())).toEqual(
      ids.map((id) => `newer ${id.slice(0, -2)}`),
    );
    expect(await store.resealing.left()).toBe(0);
  });
});

overEachDatabase('a gateway that was not started again', ({ place }) => {
  test('seals with the old key after that was refused: both keys read it, and seal it anew', async () => {
    const at = await place();
    const old = await open(at, { current: first, previous: undefined });
    const { owner } = await fill(old, { secret: SECRET });
    const both = { current: second, previous: first };
    const changing = await open(at, both);
    await changing.resealing.reseal(() => undefined);
    await changing.resealing.retireOlder();

    await old.deviceMemory(owner).writeKeys([{ type: 'session', id: '1.0', value: Buffer.from('late') }]);
    const read = async (store: Store) =>
      Buffer.from((await store.deviceMemory(owner).readKeys('session', ['1.0'])).get('1.0') ?? []).toString();
    const alone = await open(at, { current: second, previous: undefined });
    await expect(read(alone)).rejects.toThrow(/sealed with master key 1, which is not known here/);
    expect(await alone.resealing.left()).toBe(1);
    const again = await open(at, both);
    expect(await read(again)).toBe('late');
    expect(await again.resealing.reseal(() => undefined)).toBe(1);
    expect(await read(alone)).toBe('late');
  });
});

overEachDatabase('npm run wagate -- keys rotate', ({ place }) => {
  test('killed in the middle, goes on where it was, and then the old key starts nothing', async () => {
    const at = await place();
    const hex = (key: Buffer) => key.toString('hex');
    const store = await openStore({ ...at, vault: { current: first, previous: undefined }, clock: systemClock });
    const { owner } = await fill(store, { secret: SECRET });
    const values = Array.from({ length: 40_000 }, (_, n) => ({
      type: 'session',
      id: `${n}.0`,
      value: randomBytes(80),
    }));
    await store.deviceMemory(owner).writeKeys(values);
    await store.close();

    const env = { DATA_DIR: at.dataDir, DATABASE_URL: at.url ?? '', PORT: '0', SANDBOX: 'false' };
    const changing = { ...env, MASTER_KEY: hex(second), MASTER_KEY_PREVIOUS: hex(first) };
    const rotate = () => run('src/cli.ts', ['keys', 'rotate', '--json'], changing);
    const killed = rotate();
    await killed.line(/^device_key: \d+ values sealed anew$/);
    expect(await killed.end('SIGKILL')).toBe('SIGKILL');
    const between = await open(at, { current: second, previous: first });
    const left = await between.resealing.left();
    expect([left > 0, left < 40_000]).toEqual([true, true]);
    const ids = values.map(({ id }) => id);
    expect((await between.deviceMemory(owner).readKeys('session', ids)).size).toBe(40_000);

    const again = rotate();
    expect(await again.ended).toBe(0);
    expect(JSON.parse(again.lines.at(-1) ?? '')).toEqual({ sealed: left, version: 2 });
    const list = run('src/cli.ts', ['keys', 'list', '--json'], { ...env, MASTER_KEY: hex(second) });
    expect(await list.ended).toBe(0);
    expect(JSON.parse(list.lines.at(-1) ?? '')).toMatchObject({
      left: 0,
      keys: [
        { version: 2, retired: null },
        { version: 1, retired: expect.any(String) },
      ],
    });
    const late = run('src/main.ts', [], { ...env, MASTER_KEY: hex(first) });
    expect(await late.ended).toBe(1);
    expect(late.lines.join('\n')).toMatch(/MASTER_KEY was replaced/);
  });
});

overEachDatabase('two nodes that start with the new key at one moment', ({ place }) => {
  test('agree on its number', async () => {
    const at = await place();
    const { db } = await openDatabase({ ...at, clock: systemClock });
    onTestFinished(() => db.destroy());
    const { openKeyring } = await import('../../src/store/keyring.ts');
    await openKeyring(db, systemClock, { current: first, previous: undefined });
    const both = { current: second, previous: first };
    const vaults = await Promise.all([1, 2, 3].map(() => openKeyring(db, systemClock, both)));
    expect(vaults.map(({ keyVersion }) => keyVersion)).toEqual([2, 2, 2]);
  });
});
