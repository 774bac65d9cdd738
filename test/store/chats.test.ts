import { expect, test } from 'vitest';
import type { NewInboxRow, Store } from '../../src/store/index.ts';
import { overEachDatabase } from '../support/databases.ts';
import { accept, createTenant, present, type Tenant } from './tenant.ts';

const BUDI = '6281300000001';
const ANI = '6281300000002';
const GROUP = '120363000000000001@g.us';
let drawn = 0;

/** A message that came in, or (`out`) was written on the phone. */
async function hear(store: Store, { owner }: Tenant, peer: string, more: Partial<NewInboxRow> = {}): Promise<number> {
  drawn += 1;
  const row = await store.inbox.insert(owner, {
    direction: 'in',
    whatsapp_id: `3A${String(drawn).padStart(18, '0')}`,
    chat: peer.includes('@') ? peer : `${peer}@s.whatsapp.net`,
    peer,
    sender: `${peer}@s.whatsapp.net`,
    from_phone: peer,
    from_lid: null,
    type: 'text',
    refers_to: null,
    offline: 0,
    has_media: 0,
    opt_out: 0,
    sent_at: 1,
    body: { text: `text ${drawn}`, pushName: peer, media: null, details: null },
    proto: Buffer.from('proto'),
    ...more,
  });
  return row?.id ?? 0;
}

const all = { limit: 10, page: 1 };

overEachDatabase('conversations', ({ open }) => {
  test('are listed with the newest first, by device, by what is unread and by kind, in pages', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device } = tenant;
    await hear(store, tenant, BUDI);
    await hear(store, tenant, GROUP);
    const newest = await hear(store, tenant, ANI);
    await hear(store, tenant, BUDI, { direction: 'out', sender: 'me' });
    const peers = async (filter = {}) =>
      (await store.chats.list(account.id, [device.id], { ...all, ...filter })).rows.map(({ peer }) => peer);
    expect(await peers()).toEqual([BUDI, ANI, GROUP]);
    expect(await peers({ kind: 'group' })).toEqual([GROUP]);
    expect(await peers({ kind: 'person' })).toEqual([BUDI, ANI]);
    expect(await peers({ digits: '000002' })).toEqual([ANI]);
    expect(await store.chats.list(account.id, [device.id], { limit: 1, page: 2 })).toMatchObject({
      rows: [{ peer: ANI }],
      total: 3,
    });
    await store.inbox.markRead(account.id, device.id, [newest], 5);
    await hear(store, tenant, ANI, { type: 'reaction' });
    expect(await peers({ unread: true })).toEqual([BUDI, GROUP]);
    expect(await store.chats.list(account.id, [device.id], { ...all, unread: true })).toMatchObject({ total: 2 });
    expect(await store.chats.list(account.id, [], all)).toEqual({ rows: [], total: 0 });
  });

  test('have both directions, in pages by id, without what is shown at another message', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device } = tenant;
    const chat = { device_id: device.id, peer: BUDI };
    const first = await hear(store, tenant, BUDI);
    await hear(store, tenant, BUDI, { type: 'edit' });
    const second = await hear(store, tenant, BUDI);
    const sent = await accept(store, tenant, { recipient: BUDI });
    await accept(store, tenant, { recipient: ANI });
    expect((await store.chats.heard(account.id, chat, 1e15, 10)).map(({ id }) => id)).toEqual([second, first]);
    expect((await store.chats.heard(account.id, chat, second, 10)).map(({ id }) => id)).toEqual([first]);
    expect((await store.chats.sent(account.id, chat, 1e15, 10)).map(({ id }) => id)).toEqual([sent.id]);
    expect((await store.chats.lastSent(account.id, [chat])).map(({ id }) => id)).toEqual([sent.id]);
    expect((await store.chats.lastHeard(account.id, [chat])).map(({ id }) => id)).toEqual([second]);
    expect(await store.chats.unread(account.id, [chat])).toEqual([{ ...chat, count: 2 }]);
    expect(await store.chats.unreadHeads(account.id, chat)).toEqual([second]);
    const named = await store.chats.named(account.id, chat, [sent.whatsapp_id, 'NONE']);
    expect([named.heard, named.sent.map(({ id }) => id)]).toEqual([[], [sent.id]]);
    const elsewhere = { ...chat, peer: ANI };
    expect((await store.chats.named(account.id, elsewhere, [sent.whatsapp_id])).sent).toEqual([]);
  });

  test('of several devices have their newest rows together, none of another tenant', async () => {
    const store = await open();
    const [tenant, stranger] = [await createTenant(store), await createTenant(store)];
    const { account, device } = tenant;
    const settings = { name: 'Second', kind: 'whatsapp', default_country: '62', enabled: 1 } as const;
    const second = present(await store.devices.create(account.id, settings, 3));
    const epoch = present(await store.leases.take(second.id, 'node-1', 60_000));
    const beside: Tenant = { ...tenant, device: second, owner: { ...tenant.owner, device_id: second.id, epoch } };
    const heard: number[] = [];
    for (const of of [tenant, tenant, beside, tenant, beside, beside]) heard.push(await hear(store, of, BUDI));
    await hear(store, stranger, BUDI);
    const newest = async (limit: number, ...devices: number[]) =>
      (await store.chats.newest(account.id, devices, limit)).map(({ id }) => id);
    const down = heard.toReversed();
    expect(await newest(4, device.id, second.id)).toEqual(down.slice(0, 4));
    expect(await newest(10, device.id, second.id, stranger.device.id)).toEqual(down);
    expect(await newest(2, second.id)).toEqual([heard[5], heard[4]]);
    expect(await newest(10)).toEqual([]);
  });

  test('of another tenant are not there', async () => {
    const store = await open();
    const [mine, theirs] = [await createTenant(store), await createTenant(store)];
    await hear(store, theirs, BUDI);
    await accept(store, theirs, { recipient: BUDI });
    const chat = { device_id: theirs.device.id, peer: BUDI };
    const { id } = mine.account;
    expect((await store.chats.list(id, [chat.device_id], all)).rows).toEqual([]);
    expect(await store.chats.newest(id, [chat.device_id], 10)).toEqual([]);
    expect(await store.chats.heard(id, chat, 1e15, 10)).toEqual([]);
    expect(await store.chats.sent(id, chat, 1e15, 10)).toEqual([]);
    expect(await store.chats.lastHeard(id, [chat])).toEqual([]);
    expect(await store.chats.lastSent(id, [chat])).toEqual([]);
    expect(await store.chats.unread(id, [chat])).toEqual([]);
    expect(await store.chats.unreadHeads(id, chat)).toEqual([]);
  });
});
