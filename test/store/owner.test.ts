import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { StaleOwner } from '../../src/store/index.ts';
import type { DeviceMemory as Contract, KeyChange } from '../../src/whatsapp/memory.ts';
import { overEachDatabase } from '../support/databases.ts';
import { accept, createTenant, present, send } from './tenant.ts';

const bytes = (text: string) => Buffer.from(text);
const hash = (text: string) => createHash('sha256').update(text).digest();
const session = (id: string, text: string): KeyChange => ({ type: 'session', id, value: bytes(text) });
const texts = (found: Map<string, Uint8Array>) =>
  Object.fromEntries([...found].map(([id, value]) => [id, Buffer.from(value).toString()]));
const envelope = {
  whatsappId: '3EB0AA',
  from: '123@lid',
  senderAlt: '628@s.whatsapp.net',
  timestamp: 1_700_000_000,
  offline: true,
};

overEachDatabase('a lease', ({ open }) => {
  test('belongs to one node; a free, spent or own one is taken under the next epoch', async () => {
    const store = await open();
    const { device } = await createTenant(store);
    const { take, renew, giveUp } = store.leases;
    expect(await take(device.id, 'node-2', 60_000)).toBeUndefined();
    expect(await take(device.id, 'node-1', 60_000)).toBe(2);
    await giveUp(device.id, 'node-1', 1);
    expect(await take(device.id, 'node-2', 60_000)).toBeUndefined();
    await giveUp(device.id, 'node-1', 2);
    expect(await renew('node-1', [device.id], 60_000)).toEqual(new Map());
    const epoch = present(await take(device.id, 'node-2', 60_000));
    expect(epoch).toBeGreaterThan(2);
    expect(await renew('node-1', [device.id], 60_000)).toEqual(new Map());
    expect(await renew('node-2', [device.id], 60_000)).toEqual(new Map([[device.id, epoch]]));
  });

  test('runs out by the clock of the database', async () => {
    const store = await open();
    const { device } = await createTenant(store);
    await store.leases.renew('node-1', [device.id], 100);
    let epoch: number | undefined;
    while (epoch === undefined) epoch = await store.leases.take(device.id, 'node-2', 60_000);
    expect(epoch).toBe(2);
    expect((await store.leases.renew('node-1', [device.id], 60_000)).size).toBe(0);
  });

  test('is won by exactly one of many nodes that reach for it together', async () => {
    const store = await open();
    const { device, owner } = await createTenant(store);
    await store.leases.giveUp(device.id, 'node-1', owner.epoch);
    const epochs = await Promise.all(
      Array.from({ length: 20 }, (_, at) => store.leases.take(device.id, `other-${at}`, 60_000)),
    );
    expect(epochs.filter((epoch) => epoch !== undefined)).toHaveLength(1);
  });

  test('of many devices is renewed in one go', async () => {
    const store = await open();
    const [one, two, three] = [await createTenant(store), await createTenant(store), await createTenant(store)];
    await store.leases.giveUp(two.device.id, 'node-1', two.owner.epoch);
    await store.leases.take(two.device.id, 'node-2', 60_000);
    const all = [one, two, three].map(({ device }) => device.id);
    const renewed = await store.leases.renew('node-1', all, 60_000);
    expect([...renewed.keys()].sort()).toEqual([one.device.id, three.device.id].sort());
  });
});

overEachDatabase('an owner whose lease was taken', ({ open }) => {
  test('can write nothing any more, and nothing is changed by the attempt', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device, owner: stale } = tenant;
    const memory = store.deviceMemory(stale);
    await memory.writeCreds(bytes('creds'));
    await memory.writeKeys([session('a', 'one'), session('b', 'two')], {
      hash: hash('c'),
      plaintext: bytes('p'),
      envelope,
    });
    const [journal] = await store.journal.unsurfaced(stale);
    const unknown = await send(store, tenant, await accept(store, tenant, { recipient: '6281' }));
    const queued = await accept(store, tenant, { recipient: '6282' });
    const old = await accept(store, tenant, { recipient: '6283', expires_at: 1 });
    await store.leases.giveUp(device.id, 'node-1', stale.epoch);
    const owner = { ...stale, epoch: present(await store.leases.take(device.id, 'node-2', 60_000)) };

    const { messages } = store;
    const now = store.now();
    const frozen = { proto: bytes('proto'), type: 'text', chat: queued.chat, now } as const;
    const writes = {
      writeCreds: () => memory.writeCreds(bytes('other')),
      upsert: () => memory.writeKeys([session('a', 'other')]),
      mixed: () => memory.writeKeys([session('a', 'other'), { type: 'session', id: 'b', value: null }]),
      delete: () => memory.writeKeys([{ type: 'session', id: 'b', value: null }]),
      journal: () => memory.writeKeys([], { hash: hash('d'), plaintext: bytes('q') }),
      clear: () => store.clearMemory(stale),
      markSurfaced: () => store.journal.markSurfaced(stale, [present(journal).id]),
      markWaiting: () => messages.markWaiting(stale, queued.id, 'pacing'),
      makeDue: () => messages.makeDue(stale, {}, now),
      markSending: () => messages.markSending(stale, queued.id, frozen),
      resend: () => messages.markSending(stale, unknown.id, frozen),
      markResending: () => messages.markResending(stale, unknown.id, now),
      markSent: () => messages.markSent(stale, unknown.whatsapp_id, 1, now),
      applyReceipt: () => messages.applyReceipt(stale, unknown.whatsapp_id, 'read', now),
      markFailed: () => messages.markFailed(stale, unknown.id, 'send_failed', 'no', now),
      requeue: () => messages.requeue(stale, unknown.id, now, 'retry'),
      expire: () => messages.expire(stale, now),
      isAnyLate: () => messages.isAnyLate(stale, now),
      markExpired: () => messages.markExpired(stale, unknown.id, now),
    };
    for (const [name, write] of Object.entries(writes)) await expect(write(), name).rejects.toThrow(StaleOwner);
    expect(await messages.claim(stale, now, 10)).toEqual([]);

    const fresh = store.deviceMemory(owner);
    expect(Buffer.from(present(await fresh.readCreds())).toString()).toBe('creds');
    expect(texts(await fresh.readKeys('session', ['a', 'b']))).toEqual({ a: 'one', b: 'two' });
    expect(await fresh.readJournal(hash('d'))).toBeUndefined();
    expect(await store.journal.unsurfaced(owner)).toHaveLength(1);
    for (const row of [unknown, queued, old]) expect(await messages.find(account.id, device.id, row.id)).toEqual(row);
    expect((await messages.claim(owner, now, 10)).map(({ id }) => id)).toEqual([queued.id]);
  });
});

overEachDatabase("a device's memory", ({ open }) => {
  test('keeps what it was given, the last value of each key, and forgets what is deleted', async () => {
    const store = await open();
    const { owner } = await createTenant(store);
    const memory: Contract = store.deviceMemory(owner);
    expect(await memory.readCreds()).toBeUndefined();
    await memory.writeCreds(bytes('one'));
    await memory.writeCreds(bytes('two'));
    expect(Buffer.from(present(await memory.readCreds())).toString()).toBe('two');

    await memory.writeKeys([session('a', '1'), session('a', '2'), session('b', '1')]);
    await memory.writeKeys([{ type: 'pre-key', id: 'a', value: bytes('p') }]);
    expect(texts(await memory.readKeys('session', ['a', 'b', 'c']))).toEqual({ a: '2', b: '1' });
    await memory.writeKeys([
      session('c', '1'),
      { type: 'session', id: 'a', value: null },
      { type: 'pre-key', id: 'zz', value: null },
    ]);
    expect(texts(await memory.readKeys('session', ['a', 'b', 'c']))).toEqual({ b: '1', c: '1' });
    expect(texts(await memory.readKeys('pre-key', ['a']))).toEqual({ a: 'p' });
    expect(await memory.readKeys('pre-key', [])).toEqual(new Map());
    await memory.writeKeys([]);
  });

  test('takes 2,500 changes in one go', async () => {
    const store = await open();
    const memory = store.deviceMemory((await createTenant(store)).owner);
    const ids = Array.from({ length: 2_500 }, (_, at) => `key-${at}`);
    await memory.writeKeys(ids.map((id) => ({ type: 'pre-key', id, value: bytes(id) })));
    const found = await memory.readKeys('pre-key', ids);
    expect(found.size).toBe(2_500);
    expect(texts(found)['key-2499']).toBe('key-2499');
    await memory.writeKeys(ids.slice(1).map((id) => ({ type: 'pre-key', id, value: null })));
    expect(texts(await memory.readKeys('pre-key', ids))).toEqual({ 'key-0': 'key-0' });
  });

  test('writes all of a change or nothing', async () => {
    const store = await open();
    const memory = store.deviceMemory((await createTenant(store)).owner);
    await memory.writeKeys([session('a', 'before')]);
    // The journal refuses a hash that is none (a check of the table), after the keys were written.
    const broken = { hash: bytes('short'), plaintext: bytes('text') };
    const changes: KeyChange[] = [
      session('a', 'after'),
      session('b', 'new'),
      { type: 'session', id: 'a', value: null },
    ];
    await expect(memory.writeKeys(changes, broken)).rejects.toThrow();
    expect(texts(await memory.readKeys('session', ['a', 'b']))).toEqual({ a: 'before' });
  });

  test('a value that was altered or moved throws, and is never taken for missing', async () => {
    const store = await open();
    const [one, two] = [await createTenant(store), await createTenant(store)];
    await store.deviceMemory(one.owner).writeKeys([session('a', 'secret')]);
    const forged = store.deviceMemory({ ...one.owner, account_id: two.account.id });
    await expect(forged.readKeys('session', ['a'])).rejects.toThrow(/can not be decrypted/);
    expect(await forged.readKeys('session', ['b'])).toEqual(new Map());
  });

  test('is forgotten for a new pairing, but for what was received and told to nobody', async () => {
    const store = await open();
    const { owner } = await createTenant(store);
    const memory = store.deviceMemory(owner);
    await memory.writeCreds(bytes('creds'));
    await memory.writeKeys([session('a', '1')], { hash: hash('1'), plaintext: bytes('one'), envelope });
    await store.clearMemory(owner);
    expect(await memory.readCreds()).toBeUndefined();
    expect(await memory.readKeys('session', ['a'])).toEqual(new Map());
    expect(await store.journal.unsurfaced(owner)).toHaveLength(1);
  });

  test('the journal answers for a ciphertext, and hands out what was not surfaced, in order', async () => {
    const store = await open();
    const { owner } = await createTenant(store);
    const memory = store.deviceMemory(owner);
    for (const text of ['one', 'two', 'three'])
      await memory.writeKeys([session('a', text)], { hash: hash(text), plaintext: bytes(text), envelope });
    await memory.writeKeys([session('a', 'four')], { hash: hash('four'), plaintext: bytes('four') });
    await memory.writeKeys([session('a', 'again')], { hash: hash('one'), plaintext: bytes('another'), envelope });

    expect(Buffer.from(present(await memory.readJournal(hash('one')))).toString()).toBe('one');
    expect(await memory.readJournal(hash('unknown'))).toBeUndefined();
    const waiting = await store.journal.unsurfaced(owner);
    expect(waiting.map(({ plaintext }) => plaintext.toString())).toEqual(['one', 'two', 'three']);
    expect(waiting[0]?.envelope).toEqual(envelope);

    await store.journal.markSurfaced(owner, [present(waiting[0]).id, present(waiting[2]).id]);
    expect((await store.journal.unsurfaced(owner)).map(({ plaintext }) => plaintext.toString())).toEqual(['two']);
    expect(await store.journal.prune(store.now() + 1, 2)).toBe(2);
    expect(await store.journal.prune(store.now() + 1, 10)).toBe(1);
    expect(await memory.readJournal(hash('one'))).toBeUndefined();
    expect(await memory.readJournal(hash('two'))).toBeDefined();
  });
});
