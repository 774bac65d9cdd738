import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createEvents } from '../../src/base/events.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createConversations } from '../../src/gateway/conversations.ts';
import { createHappenings, happeningsOf, quotaWarning, tellingMessages } from '../../src/gateway/happenings.ts';
import { rowOf } from '../../src/gateway/inbox/rows.ts';
import { type NewInboxRow, StaleOwner, type Store } from '../../src/store/index.ts';
import type { Incoming } from '../../src/whatsapp/link.ts';
import { accept, createTenant, send, type Tenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

const said = (more: Partial<Incoming> = {}): NewInboxRow =>
  rowOf(
    {
      type: 'message',
      whatsappId: randomBytes(8).toString('hex').toUpperCase(),
      chat: '628123@s.whatsapp.net',
      chatPhone: null,
      fromMe: false,
      sender: '628123@s.whatsapp.net',
      phone: '628123',
      lid: '99@lid',
      pushName: 'Budi',
      timestamp: 1_765_483_200,
      offline: false,
      kind: 'text',
      text: 'halo',
      refersTo: null,
      media: null,
      details: null,
      sealed: false,
      message: Buffer.from('proto'),
      ...more,
    },
    { phone: '62899', lid: null },
  );

const keep = (store: Store, { owner }: Tenant, more: Partial<Incoming> = {}) =>
  store.transaction((tx) => tx.inbox.insert(owner, said(more)));

overEachDatabase('the inbox in the store', ({ open }) => {
  test('keeps a message once by device, chat, sender and WhatsApp id, sealed', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const row = await keep(store, tenant, { whatsappId: 'A1' });
    expect(row).toMatchObject({ peer: '628123', from_phone: '628123', direction: 'in', body: { text: 'halo' } });
    expect(await keep(store, tenant, { whatsappId: 'A1', text: 'another' })).toBeUndefined();
    expect(await keep(store, tenant, { whatsappId: 'A1', sender: '62777@s.whatsapp.net' })).toBeDefined();
    expect(await keep(store, tenant, { whatsappId: 'A1', chat: '1@g.us' })).toBeDefined();
    expect(await keep(store, tenant, { whatsappId: 'A1', fromMe: true })).toMatchObject({
      sender: 'me',
      from_phone: '62899',
    });
    const { account, device } = tenant;
    expect(Buffer.from((await store.inbox.proto(account.id, device.id, row?.id ?? 0)) ?? []).toString()).toBe('proto');
  });

  test('takes nothing from somebody whose lease is over', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    await store.leases.take(tenant.device.id, 'node-1', 60_000);
    await expect(keep(store, tenant)).rejects.toBeInstanceOf(StaleOwner);
  });

  test('gives pages, filters, the newest of each chat, and nothing of strangers', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const stranger = await createTenant(store);
    for (let n = 0; n < 5; n++)
      await keep(store, tenant, { text: `${n}`, phone: `62800${n % 2}`, chat: `62800${n % 2}@s.whatsapp.net` });
    await keep(store, stranger);
    const { account, device } = tenant;
    const texts = async (filter: object) =>
      (await store.inbox.list(account.id, device.id, { limit: 10, page: 1, ...filter })).rows.map(
        ({ body }) => body.text,
      );
    expect(await texts({})).toEqual(['4', '3', '2', '1', '0']);
    expect(await texts({ limit: 2, page: 2 })).toEqual(['2', '1']);
    expect(await texts({ chat: '628001' })).toEqual(['3', '1']);
    expect(await texts({ chat: '628001@s.whatsapp.net' })).toEqual(['3', '1']);
    expect(await texts({ from: '99@lid', type: 'text', limit: 1 })).toEqual(['4']);
    const first = (await store.inbox.list(account.id, device.id, { limit: 1, page: 5 })).rows[0];
    expect(await texts({ after: first?.id, limit: 2 })).toEqual(['1', '2']);
    expect((await store.inbox.conversations(account.id, device.id, 10)).map(({ body }) => body.text)).toEqual([
      '4',
      '3',
    ]);
    await keep(store, tenant, { text: 'group', chat: '120363@g.us', phone: '628001' });
    await keep(store, tenant, { text: 'hidden', chat: '99@lid', chatPhone: '628001' });
    expect(await texts({ chat: '120363@g.us' })).toEqual(['group']);
    expect(await texts({ chat: '99@lid' })).toEqual(['hidden']);
    expect(await texts({ chat: '628001' })).toEqual(['hidden', '3', '1']);
    expect(await store.inbox.find(stranger.account.id, stranger.device.id, first?.id ?? 0)).toBeUndefined();
    expect((await store.inbox.list(stranger.account.id, device.id, { limit: 10, page: 1 })).total).toBe(0);
    await store.inbox.markRead(stranger.account.id, device.id, [first?.id ?? 0], 1);
    expect((await store.inbox.find(account.id, device.id, first?.id ?? 0))?.read_at).toBeNull();
  });

  test('counts what an endpoint was told, by state and by type, and nothing of strangers', async () => {
    const store = await open();
    const [tenant, stranger] = [await createTenant(store), await createTenant(store)];
    const { owner, account, device } = tenant;
    const types = ['message.received', 'message.status'];
    const chosen = {
      url: 'https://example.com',
      description: '',
      events: types,
      format: 'standard',
      secret: 's',
    } as const;
    const { id } = await store.webhooks.create(account.id, device.id, chosen);
    for (const [n, type] of [...types, ...types].entries())
      await store.events.record(owner, { uid: `evt_${n}`, type, cause: null, chat: 'c', data: {}, at: 1 });
    const [first] = (await store.deliveries.list(owner, id, { limit: 1, page: 4 })).rows;
    const told = await store.deliveries.take(first?.id ?? 0);
    if (told === undefined) throw new Error('no delivery');
    await store.deliveries.markDelivered(told, { status: 200, reason: null, answer: null, took_ms: 1, at: 2 });
    const count = async (of: Tenant, filter: object = {}) => {
      const { rows, total } = await store.deliveries.list(of.owner, id, { limit: 10, page: 1, ...filter });
      expect(rows).toHaveLength(total);
      return total;
    };
    expect(await count(tenant)).toBe(4);
    expect(await count(tenant, { state: 'pending' })).toBe(3);
    expect(await count(tenant, { state: 'delivered' })).toBe(1);
    expect(await count(tenant, { type: 'message.received' })).toBe(2);
    expect(await count(tenant, { type: 'message.received', state: 'pending' })).toBe(1);
    expect(await count(stranger)).toBe(0);
    expect(await store.deliveries.backlog(id)).toMatchObject({ pending: 3 });
  });

  test('knows what is unread up to a message, and which files are missing', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device } = tenant;
    const media = { mimetype: 'image/png', fileName: null, bytes: 1, seconds: null, width: null, height: null };
    const rows = [];
    for (let n = 0; n < 3; n++) rows.push(await keep(store, tenant, { kind: 'image', media }));
    const [first, second] = rows;
    if (!first || !second) throw new Error('no rows');
    expect((await store.inbox.unreadUpTo(account.id, device.id, second)).map(({ id }) => id)).toEqual([
      second.id,
      first.id,
    ]);
    await store.inbox.markRead(account.id, device.id, [first.id, second.id], 7);
    expect(await store.inbox.unreadUpTo(account.id, device.id, second)).toEqual([]);
    await store.inbox.keepFile(account.id, device.id, first.id, '1/1', 10);
    expect((await store.inbox.withoutFile(account.id, device.id, 0, 0)).length).toBe(2);
    expect(await store.inbox.withoutFile(account.id, device.id, 0, second.id)).toEqual([second.id + 1]);
  });

  test('remembers who wants no more messages', async () => {
    const store = await open();
    const { owner, device } = await createTenant(store);
    await store.conversations.open(owner, '628123', 'us', 1);
    await store.conversations.optOut(owner, '628123', 5, 5);
    await store.conversations.optOut(owner, '628777', 5, 5);
    expect(await store.conversations.optedOut(device.id, ['628123', '628777', '628999'])).toEqual(
      new Set(['628123', '628777']),
    );
    await store.conversations.optOut(owner, '628123', null, 6);
    expect(await store.conversations.optedOut(device.id, ['628123'])).toEqual(new Set());
  });

  test('tells who wrote first only when that is new: not after a restart, and again when another number was linked', async () => {
    const store = await open();
    const { owner } = await createTenant(store);
    const clock = { now: () => store.now() };
    const begun = () => createConversations({ owner, store: store.conversations, numberSince: null, clock });
    const before = begun();
    await before.wroteTo('628777');
    expect(await before.heardFrom(['628123', '99@lid'])).toEqual(['628123', '99@lid']);
    expect(await before.heardFrom(['628123', null])).toEqual([]);
    const after = begun();
    expect(await after.heardFrom(['628123', '628777', '628999'])).toEqual(['628999']);
    after.beginAnew(store.now() + 1_000);
    expect(await after.heardFrom(['628123', null])).toEqual(['628123']);
  });

  test('surfaces an entry of the journal once', async () => {
    const store = await open();
    const { owner } = await createTenant(store);
    const envelope = { whatsappId: 'A', from: '628123@s.whatsapp.net', timestamp: 1, offline: false };
    const hash = createHash('sha256').update('a').digest();
    await store.deviceMemory(owner).writeKeys([], { hash, plaintext: Buffer.from('x'), envelope });
    const [waiting] = await store.journal.waiting(owner);
    expect(waiting).toMatchObject({ envelope });
    expect((await store.journal.unsurfaced(owner, 10, store.now() - 1000)).length).toBe(0);
    await store.journal.markSurfaced(owner, [waiting?.id ?? 0]);
    expect(await store.journal.waiting(owner)).toEqual([]);
  });

  test('an outcome and its event are one transaction, told where somebody listens', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device, owner } = tenant;
    const events = createEvents((error) => {
      throw error;
    });
    const clock = { now: Date.now, monotonic: () => performance.now() };
    const happenings = createHappenings({ store, events, clock, random: systemRandom });
    const messages = tellingMessages(store, happenings);
    const told = async () =>
      (await store.events.after(account.id, device.id, 0, 100)).map(({ type, payload }) => [
        type,
        (payload.data as { status: string }).status,
      ]);
    const silent = await send(store, tenant, await accept(store, tenant));
    await messages.markSent(owner, silent.whatsapp_id, 1, Date.now());
    expect(await told()).toEqual([]);

    await store.webhooks.create(account.id, device.id, {
      url: 'https://example.com/',
      description: '',
      events: ['message.status', 'message.failed'],
      format: 'standard',
      secret: 'whsec_x',
    });
    events.emit('webhook.changed', { accountId: account.id, deviceId: device.id, webhookId: 1 });
    const row = await send(store, tenant, await accept(store, tenant));
    // The receipt jumps over two steps, and the acknowledgement comes after it.
    await messages.applyReceipt(owner, row.whatsapp_id, 'read', 5_000);
    await messages.markSent(owner, row.whatsapp_id, 5, 6_000);
    await messages.applyReceipt(owner, row.whatsapp_id, 'delivered', 7_000);
    const other = await accept(store, tenant);
    await messages.cancel(account.id, device.id, other.id);
    expect(await told()).toEqual([
      ['message.status', 'sent'],
      ['message.status', 'delivered'],
      ['message.status', 'read'],
      ['message.failed', 'cancelled'],
    ]);
    await store.leases.take(device.id, 'node-1', 60_000);
    await expect(messages.markFailed(owner, row.id, 'x', 'y', 1)).rejects.toBeInstanceOf(StaleOwner);
    expect((await told()).length).toBe(4);
  });
});

test('a step that was reached at its own time was told before', () => {
  const row = {
    id: 1,
    state: 'read',
    sent_at: 1,
    delivered_at: 2,
    read_at: 3,
    whatsapp_id: 'A',
    recipient: '62',
    created_at: 0,
  };
  expect(happeningsOf(row as never).map(({ data }) => data.status)).toEqual(['read']);
});

test.each([
  [79, undefined],
  [80, 80],
  [81, undefined],
  [99, undefined],
  [100, 100],
])('of a quota of 100, the %d-th message warns of %s percent', (used, percent) => {
  expect(quotaWarning({ id: 1, used, message_quota: 100, ends_at: 1 })?.data.percent).toBe(percent);
});

test('the smallest quotas warn, too', () => {
  expect(quotaWarning({ id: 1, used: 1, message_quota: 1, ends_at: 1 })?.data.percent).toBe(100);
});
