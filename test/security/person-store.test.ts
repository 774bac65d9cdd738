import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { rowOf } from '../../src/gateway/inbox/rows.ts';
import type { PersonFile, Store } from '../../src/store/index.ts';
import { accept, createTenant, send, type Tenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';
import { incoming } from './filled.ts';

const PERSON = '628123456000';
const person = { phone: PERSON, lids: [] };

async function leave(store: Store, tenant: Tenant): Promise<void> {
  const { owner, device } = tenant;
  const memory = store.deviceMemory(owner);
  const hash = createHash('sha256').update('x').digest();
  const envelope = { whatsappId: 'J', from: `${PERSON}:3@s.whatsapp.net`, timestamp: 1, offline: false };
  const keys = [
    ['session', `${PERSON}.0`, 's'],
    ['session', '62777.0', 'other'],
    ['session', '99887766_1.0', 'by hidden id'],
    ['sender-key', `120363@g.us::${PERSON}::0`, 'g'],
    ['sender-key', `${PERSON}-1600000000@g.us::62777::0`, 'of the group that they founded'],
    ['lid-mapping', PERSON, '"99887766"'],
    ['lid-mapping', '99887766_reverse', `"${PERSON}"`],
    ['sender-key-memory', '120363@g.us', `{"${PERSON}:0@s.whatsapp.net":true}`],
    ['device-list', '62777', '["0"]'],
  ] as const;
  await memory.writeKeys(
    keys.map(([type, id, value]) => ({ type, id, value: Buffer.from(value) })),
    { hash, plaintext: Buffer.from('halo'), envelope },
  );
  await send(store, tenant, await accept(store, tenant, { recipient: PERSON, body: { text: 'satu' } }));
  const upload = { path: '/data/media/uploads/ab12', bytes: 1 };
  await accept(store, tenant, { recipient: PERSON, body: { is: 'media', upload } });
  const quoted = { whatsappId: 'Q', sender: `${PERSON}@s.whatsapp.net`, message: 'aGFsbw==' };
  const group = await accept(store, tenant, { recipient: '120363@g.us', body: { is: 'text', text: 'ya', quoted } });
  await store.messages.cancel(tenant.account.id, device.id, group.id);
  const insert = (more: Parameters<typeof incoming>[0]) =>
    store.transaction((tx) => tx.inbox.insert(owner, rowOf(incoming(more), { phone: '62899', lid: null })));
  const row = await insert({ text: 'dari orang itu' });
  await store.inbox.keepFile(tenant.account.id, device.id, row?.id ?? 0, `${device.id}/${row?.id}`, 10);
  const others = { chat: '62777@s.whatsapp.net', sender: '62777@s.whatsapp.net', phone: '62777', lid: '5@lid' };
  await insert({ ...others, text: `nomornya ${PERSON} atau 0${PERSON.slice(2)}, bukan ${PERSON}1` });
  await store.conversations.open(owner, PERSON, 'us', 1);
  await store.conversations.optOut(owner, PERSON, 5, 5);
}

overEachDatabase('one person in the store', ({ open }) => {
  test('is known by each of the names, read whole, and erased from one account alone', async () => {
    const store = await open();
    const [tenant, stranger] = [await createTenant(store), await createTenant(store)];
    for (const one of [tenant, stranger]) await leave(store, one);
    const { account, device, owner } = tenant;
    const before = (await store.subscriptions.current(account.id, store.now()))?.used;

    const names = await store.people.namesOf(account.id, person);
    expect(names).toEqual({ phone: PERSON, lids: ['99887766'] });
    expect(await store.people.namesOf(account.id, { phone: null, lids: ['99887766'] })).toEqual(names);
    const found = await store.people.read(account.id, names);
    expect([found.messages.length, found.inbox.length, found.conversations.length, found.sessions]).toEqual([
      2, 1, 1, 6,
    ]);

    const files: PersonFile[] = [];
    const untold: number[] = [];
    const erased = await store.people.erase(account.id, names, async (file) => {
      files.push(file);
      untold.push((await store.journal.unsurfaced(owner)).length);
    });
    // Once the device may be taken anew, its journal has nothing of the person that would be told behind the erasure.
    expect(untold).toEqual([1, 0]);
    expect(erased).toMatchObject({ messages: 2, inbox: 1, files: 2, journal: 1, conversations: 1, keys: 6, struck: 2 });
    expect(files).toEqual([{ upload: '/data/media/uploads/ab12' }, { received: expect.stringMatching(/^\d+\/\d+$/) }]);
    // What waited gave its quota back.
    expect((await store.subscriptions.current(account.id, store.now()))?.used).toBe((before ?? 0) - 1);
    const left = await store.inbox.list(account.id, device.id, { limit: 10, page: 1 });
    expect(left.rows.map(({ body }) => body.text)).toEqual([`nomornya [erased] atau [erased], bukan ${PERSON}1`]);
    const { rows } = await store.messages.list(account.id, device.id, { limit: 10, page: 1 });
    expect(rows.map(({ body }) => body)).toEqual([{ is: 'text', text: 'ya' }]);
    // Whoever held the device in memory can not write the keys back.
    await expect(store.deviceMemory(owner).writeKeys([])).rejects.toThrow();
    const epoch = (await store.leases.take(device.id, 'node-1', 60_000)) ?? 0;
    const sessions = await store.deviceMemory({ ...owner, epoch }).readKeys('session', [`${PERSON}.0`, '62777.0']);
    expect([...sessions.keys()]).toEqual(['62777.0']);
    // The wish outlives the name.
    expect(await store.conversations.optedOut(device.id, [PERSON, '62777'])).toEqual(new Set([PERSON]));
    expect(await store.conversations.isOptedOut(device.id, PERSON)).toBe(true);
    expect(await store.conversations.isOptedOut(device.id, '62777')).toBe(false);
    expect(await store.conversations.isKnown(device.id, PERSON)).toBe(false);
    await store.conversations.optOut({ ...owner, epoch }, PERSON, null, 9);
    expect(await store.conversations.optedOut(device.id, [PERSON])).toEqual(new Set());

    const again = await store.people.erase(account.id, names, () => Promise.reject(new Error('no file is left')));
    expect(again).toMatchObject({ messages: 0, inbox: 0, keys: 0, struck: 0 });
    // The stranger's account has all of it.
    const theirs = await store.people.read(stranger.account.id, names);
    expect([theirs.messages.length, theirs.inbox.length, theirs.sessions]).toEqual([2, 1, 6]);
  });

  test('goes with time where the account keeps nothing for ever; what waits stays', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    await leave(store, tenant);
    const { account, device } = tenant;
    expect(await store.retention.limited()).toEqual([]);
    await store.retention.set(account.id, 30);
    expect(await store.retention.limited()).toEqual([{ id: account.id, retention_days: 30 }]);
    const files: PersonFile[] = [];
    const forget = async (file: PersonFile) => {
      files.push(file);
    };
    expect(await store.retention.prune(account.id, store.now() - 1_000_000, forget)).toBe(0);
    expect(await store.retention.prune(account.id, store.now() + 1_000, forget)).toBe(3);
    expect(files).toEqual([{ received: expect.stringMatching(/^\d+\/\d+$/) }]);
    const { rows } = await store.messages.list(account.id, device.id, { limit: 10, page: 1 });
    expect(rows.map(({ state }) => state)).toEqual(['queued', 'sending']);
    expect((await store.inbox.list(account.id, device.id, { limit: 10, page: 1 })).total).toBe(0);
    expect(await store.conversations.optedOut(device.id, [PERSON])).toEqual(new Set([PERSON]));
  });
});
