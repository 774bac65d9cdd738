import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { coalesced } from '../../src/store/durable.ts';
import { OutsideTransaction, openStore, type StoreTx } from '../../src/store/index.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { overEachDatabase, sqlitePlace, testVault } from '../support/databases.ts';
import { accept, createTenant, message, present, used } from './tenant.ts';

overEachDatabase('a store', ({ open }) => {
  test('says that it is ready, and which migration it has', async () => {
    const store = await open();
    await store.ready();
    expect(await store.version()).toBe(migrations.at(-1)?.name);
  });
});

overEachDatabase('a transaction', ({ kind, place, open }) => {
  test('keeps all or nothing', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device, subscription } = tenant;
    const both = async (tx: StoreTx) => {
      await tx.subscriptions.reserve(account.id, subscription.id);
      return tx.messages.insert(message(tenant));
    };
    const broken = store.transaction(async (tx) => {
      await both(tx);
      throw new Error('changed my mind');
    });
    await expect(broken).rejects.toThrow('changed my mind');
    expect(await used(store, tenant)).toBe(0);
    const row = await store.transaction(both);
    expect(await store.messages.find(account.id, device.id, row.id)).toEqual(row);
  });

  if (kind === 'postgres')
    test('whose commit was not heard of says that it may have been accepted', async () => {
      const at = await place();
      const store = await open({ at });
      const client = new pg.Client(at.url);
      await client.connect();
      // The server ends the connection in the midst of the commit.
      await client.query(`
        create function vanish() returns trigger language plpgsql as $$
          begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
        create constraint trigger vanish after insert on setting deferrable initially deferred
          for each row execute function vanish()`);
      await client.end();
      const written = store.transaction((tx) => tx.settings.set('sign_up', 'open'));
      await expect(written).rejects.toMatchObject({
        code: 'temporarily_unavailable',
        message: expect.stringContaining('may have been accepted'),
      });
      await store.ready();
    });

  test('tells a query of the store inside its callback, instead of hanging, and is undone', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const mistakes: ((tx: StoreTx) => Promise<unknown>)[] = [
      () => store.accounts.count(),
      () => store.transaction(async () => undefined),
      () => store.deviceMemory(tenant.owner).writeKeys([{ type: 'session', id: 'a', value: null }]),
      () => Promise.all([store.devices.list(tenant.account.id), store.accounts.list()]),
    ];
    for (const mistake of mistakes) {
      const work = store.transaction(async (tx) => {
        await tx.messages.insert(message(tenant));
        await mistake(tx);
      });
      await expect(work).rejects.toThrow(OutsideTransaction);
    }
    expect(await store.messages.countWaiting(tenant.owner)).toBe(0);
  });

  test('does not take a job that it started, and that outlives it, for a part of it', async () => {
    const store = await open();
    let later: Promise<number> | undefined;
    const committed = Promise.withResolvers<void>();
    await store.transaction(async () => {
      later = committed.promise.then(() => store.accounts.count());
    });
    committed.resolve();
    expect(await later).toBe(0);
  });

  test('is waited for by the queries around it', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const works = Array.from({ length: 50 }, async (_, at) => {
      if (at % 2 === 0) await accept(store, tenant, { recipient: `62${at}` });
      else await store.messages.countWaiting(tenant.owner);
    });
    await Promise.all(works);
    expect(await store.messages.countWaiting(tenant.owner)).toBe(25);
  });

  // SQLite has one writer.
  if (kind === 'postgres')
    test('that deletes a device and one that accepts a message for it do not wait for each other', async () => {
      const at = await place();
      const store = await open({ at });
      const tenant = await createTenant(store);
      const { account, device } = tenant;
      await accept(store, tenant);
      await store.devices.setToken(account.id, device.id, { hash: randomBytes(32), prefix: 'wag_', last4: 'abcd' });
      const other = new pg.Client(at.url);
      await other.connect();
      onTestFinished(() => other.end());
      const spent = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const accepting = store.transaction(async (tx) => {
        await tx.subscriptions.spend(account.id, store.now());
        spent.resolve();
        await go.promise;
        return tx.messages.insert(message(tenant));
      });
      await spent.promise;
      const removing = store.devices.remove(account.id, device.id);
      const waits = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      await expect.poll(async () => (await other.query(waits)).rowCount).toBe(1);
      go.resolve();
      expect(await accepting).toMatchObject({ device_id: device.id });
      expect(await removing).toBe(true);
    });

  // SQLite has no connection that could be lost.
  if (kind === 'postgres')
    test('that loses its connection undoes the transaction, says that nothing was accepted, and is replaced', async () => {
      const at = await place();
      const store = await open({ at });
      const tenant = await createTenant(store);
      const other = new pg.Client(at.url);
      await other.connect();
      onTestFinished(() => other.end());
      const cut = store.transaction(async (tx) => {
        await tx.messages.insert(message(tenant));
        await other.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        );
        await tx.messages.insert(message(tenant));
      });
      await expect(cut).rejects.toMatchObject({ code: 'temporarily_unavailable' });
      expect(await store.messages.countWaiting(tenant.owner)).toBe(0);
    });
});

test('one sync serves all who asked before it began, and nobody who asked later', async () => {
  const running: { end: () => void; fail: (error: Error) => void }[] = [];
  const sync = coalesced(() => new Promise<void>((resolve, reject) => running.push({ end: resolve, fail: reject })));
  const settled: string[] = [];
  const ask = (name: string) => sync().then(() => settled.push(name));
  const first = [ask('a'), ask('b')];
  await expect.poll(() => running.length).toBe(1);
  const second = [ask('c'), ask('d')];
  running[0]?.end();
  await Promise.all(first);
  expect(settled).toEqual(['a', 'b']);
  await expect.poll(() => running.length).toBe(2);
  const third = ask('e');
  running[1]?.end();
  await Promise.all(second);
  await expect.poll(() => running.length).toBe(3);
  running[2]?.fail(new Error('disk'));
  await expect(third).rejects.toThrow('disk');
  // After a failed sync nobody knows which pages the kernel dropped: no later one may say that all is well.
  await expect(sync()).rejects.toThrow('disk');
  expect(running).toHaveLength(3);
});

test('1,000 callers at once share a handful of syncs of the disk (SQLite)', async () => {
  let syncs = 0;
  const { dataDir } = await sqlitePlace();
  const datasync = (file: { datasync(): Promise<void> }) => {
    syncs++;
    return file.datasync();
  };
  const store = await openStore({ url: undefined, dataDir, vault: testVault, clock: systemClock, datasync });
  onTestFinished(() => store.close());
  await store.durable();
  syncs = 0;
  await Promise.all(Array.from({ length: 1_000 }, () => store.durable()));
  expect(syncs).toBe(1);
});

test('what was acknowledged is there when nothing but the synced bytes survives (SQLite)', async () => {
  const { dataDir } = await sqlitePlace();
  const wal = join(dataDir, 'wagate.db-wal');
  let synced = 0;
  const datasync = async (file: { datasync(): Promise<void> }) => {
    const { size } = statSync(wal);
    await file.datasync();
    synced = size;
  };
  const store = await openStore({ url: undefined, dataDir, vault: testVault, clock: systemClock, datasync });
  onTestFinished(() => store.close());
  const tenant = await createTenant(store);
  const memory = store.deviceMemory(tenant.owner);

  const after = join(dataDir, 'after');
  mkdirSync(after);
  const written = () => statSync(wal).size;
  const acknowledged = await accept(store, tenant, { recipient: '6281' });
  expect(synced).toBeLessThan(written());
  await store.durable();
  expect(synced).toBe(written());
  await memory.writeKeys([{ type: 'session', id: 'a', value: Buffer.from('advanced') }]);
  expect(synced).toBe(written());
  await memory.writeCreds(Buffer.from('creds'));
  expect(synced).toBe(written());
  const sending = await accept(store, tenant, { recipient: '6282' });
  const frozen = { proto: Buffer.from('proto'), type: 'text', chat: sending.chat, now: 1 } as const;
  await store.messages.markSending(tenant.owner, sending.id, frozen);
  // The mark is durable with the next step of the ratchet, which comes before the wire.
  await store.deviceMemory(tenant.owner).writeKeys([{ type: 'session', id: 'b', value: Buffer.from('step') }]);
  expect(synced).toBe(written());
  const lost = await accept(store, tenant, { recipient: '6283' });

  // Another process copies: closing the main file in this one would drop SQLite's own locks on it.
  execFileSync('cp', [join(dataDir, 'wagate.db'), wal, after]);
  expect(readFileSync(wal).length).toBeGreaterThan(synced);
  truncateSync(join(after, 'wagate.db-wal'), synced);
  const survivor = await openStore({ url: undefined, dataDir: after, vault: testVault, clock: systemClock });
  onTestFinished(() => survivor.close());
  const { account, device } = tenant;
  expect(await survivor.messages.find(account.id, device.id, acknowledged.id)).toEqual(acknowledged);
  expect(await survivor.messages.find(account.id, device.id, sending.id)).toMatchObject({ state: 'sending' });
  expect(String(await survivor.messages.findProto(device.id, sending.whatsapp_id))).toBe('proto');
  expect(await survivor.messages.find(account.id, device.id, lost.id)).toBeUndefined();
  const remembered = survivor.deviceMemory(tenant.owner);
  expect(String(present(await remembered.readCreds()))).toBe('creds');
  expect(String((await remembered.readKeys('session', ['a'])).get('a'))).toBe('advanced');
});

test('a disk that refuses makes the promise fail, not lie (SQLite)', async () => {
  const { dataDir } = await sqlitePlace();
  let broken = false;
  const datasync = async (file: { datasync(): Promise<void> }) => {
    if (broken) throw new Error('EIO');
    await file.datasync();
  };
  const store = await openStore({ url: undefined, dataDir, vault: testVault, clock: systemClock, datasync });
  const tenant = await createTenant(store);
  broken = true;
  const code = 'temporarily_unavailable';
  await expect(store.durable()).rejects.toMatchObject({ code });
  broken = false;
  await expect(store.deviceMemory(tenant.owner).writeCreds(Buffer.from('x'))).rejects.toMatchObject({ code });
  await expect(store.close()).rejects.toMatchObject({ code });
});

test('a store in memory works, and has nothing to sync', async () => {
  const store = await openStore({ url: undefined, dataDir: ':memory:', vault: testVault, clock: systemClock });
  const tenant = await createTenant(store);
  await accept(store, tenant);
  await store.durable();
  expect(await store.messages.countWaiting(tenant.owner)).toBe(1);
  await store.close();
});
