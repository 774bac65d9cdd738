import { expect, test } from 'vitest';
import { isDuplicate, type NewMessage } from '../../src/store/index.ts';
import { overEachDatabase } from '../support/databases.ts';
import { accept, createTenant, message, present, send, used } from './tenant.ts';

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

overEachDatabase('the schema', ({ open }) => {
  test('keeps addresses, tokens, WhatsApp ids and frozen bytes unique', async () => {
    const store = await open();
    const [one, two] = [await createTenant(store), await createTenant(store)];
    const token = { hash: Buffer.alloc(32, 1), prefix: 'wag_abcd', last4: 'wxyz' };
    await store.devices.setToken(one.account.id, one.device.id, token);
    expect(isDuplicate(await thrown(store.devices.setToken(two.account.id, two.device.id, token)))).toBe(true);

    const row = await accept(store, one);
    const again = message(one, { whatsapp_id: row.whatsapp_id });
    expect(isDuplicate(await thrown(store.messages.insert(again)))).toBe(true);
    const elsewhere = message(two, { whatsapp_id: row.whatsapp_id });
    expect(await store.messages.insert(elsewhere)).toMatchObject({ whatsapp_id: row.whatsapp_id });

    const { name, message_quota, device_limit, days, price_idr, is_trial, rate_limit_per_minute } = present(
      await store.packages.find(one.subscription.package_id),
    );
    const twin = { name, message_quota, device_limit, days, price_idr, is_trial, rate_limit_per_minute };
    expect(isDuplicate(await thrown(store.packages.create(twin)))).toBe(true);
  });

  test('knows a person by the address, whatever its case', async () => {
    const store = await open();
    const account = { name: 'Toko', time_zone: 'Asia/Jakarta', language: 'id', is_admin: 0 } as const;
    const first = await store.accounts.create({ ...account, owner: { name: 'Ani', email: 'Ani@Example.com' } });
    const second = await store.accounts.create({ ...account, owner: { name: 'Ani', email: 'ani@example.com' } });
    expect(second.user.id).toBe(first.user.id);
    expect(await store.accounts.findUserByEmail(' ANI@example.com')).toMatchObject({ email: 'ani@example.com' });
    expect(await store.accounts.ownerOf(first.account.id)).toMatchObject({ id: first.user.id });
    expect(await store.accounts.members(second.account.id)).toMatchObject([{ id: first.user.id, role: 'owner' }]);
    expect((await store.accounts.ofUser(first.user.id)).map(({ id }) => id)).toEqual([
      first.account.id,
      second.account.id,
    ]);
    expect(await store.accounts.count()).toBe(2);
  });

  test('an account with a package that does not exist is not made at all', async () => {
    const store = await open();
    const owner = { name: 'Ani', email: 'ani@example.com' };
    const account = { name: 'Toko', time_zone: 'Asia/Jakarta', language: 'id', is_admin: 0, owner } as const;
    await expect(store.accounts.create({ ...account, package_id: 99 })).rejects.toThrow('no package 99');
    expect(await store.accounts.count()).toBe(0);
    expect(await store.accounts.findUserByEmail(owner.email)).toBeUndefined();
  });

  test('refuses what cannot be true', async () => {
    const store = await open();
    const [one, two] = [await createTenant(store), await createTenant(store)];
    const impossible: Partial<NewMessage>[] = [
      { account_id: two.account.id },
      { subscription_id: two.subscription.id },
      { device_id: two.device.id },
      { device_id: 12_345 },
    ];
    for (const wrong of impossible)
      await expect(store.messages.insert(message(one, wrong))).rejects.toThrow(/foreign key/i);
    await expect(store.subscriptions.release(one.account.id, one.subscription.id, 1)).rejects.toThrow(/check/i);
    await expect(store.leases.take(12_345, 'node-1', 1_000)).rejects.toThrow(/foreign key/i);
    const { list } = store.messages;
    expect((await list(one.account.id, one.device.id, { limit: 10, page: 1 })).total).toBe(0);
  });

  test('a device limit holds against parallel requests, and a deleted device makes room', async () => {
    const store = await open();
    const { account, device } = await createTenant(store);
    const phone = { name: 'Phone', kind: 'whatsapp', default_country: '62', enabled: 1 } as const;
    // Connections first, or the first requests are through before the last ones have theirs.
    await Promise.all(Array.from({ length: 20 }, () => store.accounts.count()));
    const made = await Promise.all(Array.from({ length: 20 }, () => store.devices.create(account.id, phone, 3)));
    expect(made.filter((row) => row !== undefined)).toHaveLength(2);
    expect(await store.devices.remove(account.id, device.id)).toBe(true);
    expect(await store.devices.create(account.id, phone, 3)).toMatchObject({ state: 'disconnected', enabled: 1 });
    // A simulated phone takes no place of a real one.
    const sandbox = { ...phone, kind: 'sandbox' } as const;
    expect(await store.devices.create(account.id, phone, 3)).toBeUndefined();
    expect(await store.devices.create(account.id, sandbox, 1)).toMatchObject({ kind: 'sandbox' });
    expect(await store.devices.create(account.id, sandbox, 1)).toBeUndefined();
  });

  test('a quota of 100 lets exactly 100 of 1,000 parallel requests through', async () => {
    const store = await open();
    const tenant = await createTenant(store, { quota: 100 });
    const { account, subscription } = tenant;
    const got = await Promise.all(
      Array.from({ length: 1_000 }, () => store.subscriptions.reserve(account.id, subscription.id)),
    );
    expect(got.filter((reserved) => reserved)).toHaveLength(100);
    expect(await used(store, tenant)).toBe(100);
  });

  test('a period that ended, has not begun or is suspended reserves nothing', async () => {
    const store = await open();
    const { account, subscription } = await createTenant(store);
    const offered = present(await store.packages.find(subscription.package_id));
    const day = 86_400_000;
    const past = await store.subscriptions.assign(account.id, offered, store.now() - 31 * day);
    const future = await store.subscriptions.assign(account.id, offered, store.now() + day);
    expect(await store.subscriptions.reserve(account.id, past.id)).toBe(false);
    expect(await store.subscriptions.reserve(account.id, future.id)).toBe(false);
    expect(await store.subscriptions.current(account.id, store.now())).toMatchObject({ id: subscription.id });
    expect(await store.subscriptions.current(account.id, future.ends_at)).toMatchObject({ id: future.id });
    await store.subscriptions.setSuspended(account.id, subscription.id, store.now());
    expect(await store.subscriptions.reserve(account.id, subscription.id)).toBe(false);
  });
});

overEachDatabase('sign-in', ({ open }) => {
  test('a link opens once, for one of many who try at the same time, and not after its time', async () => {
    const store = await open();
    const { account } = await createTenant(store);
    const user = present(await store.accounts.ownerOf(account.id));
    const now = store.now();
    await store.links.create(user.id, Buffer.alloc(32, 1), now + 1_000);
    await store.links.create(user.id, Buffer.alloc(32, 2), now + 1_000);
    const tries = await Promise.all(Array.from({ length: 20 }, () => store.links.redeem(Buffer.alloc(32, 1), now)));
    expect(tries.filter((found) => found?.id === user.id)).toHaveLength(1);
    expect(await store.links.redeem(Buffer.alloc(32, 2), now + 1_000)).toBeUndefined();
    expect(await store.links.redeem(Buffer.alloc(32, 3), now)).toBeUndefined();
  });

  test('a session is found with its person until it ends or is removed', async () => {
    const store = await open();
    const { account } = await createTenant(store);
    const user = present(await store.accounts.ownerOf(account.id));
    const now = store.now();
    const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    for (const token_hash of [one, two])
      await store.sessions.create({ token_hash, user_id: user.id, account_id: account.id, expires_at: now + 1_000 });
    expect(await store.sessions.find(one, now)).toMatchObject({
      user: { email: user.email },
      account: { id: account.id },
      role: 'owner',
    });
    expect(await store.sessions.find(one, now + 1_000)).toBeUndefined();
    await store.sessions.touch(one, now + 500, now + 2_000);
    expect(await store.sessions.find(one, now + 1_000)).toMatchObject({ session: { seen_at: now + 500 } });
    await store.sessions.remove(one);
    expect(await store.sessions.find(one, now)).toBeUndefined();
    await store.sessions.removeAllOf(user.id);
    expect(await store.sessions.find(two, now)).toBeUndefined();
  });
});

overEachDatabase('tenants', ({ open }) => {
  test('see and change nothing of each other', async () => {
    const store = await open();
    const [mine, theirs] = [await createTenant(store), await createTenant(store)];
    const row = await accept(store, theirs);
    const me = mine.account.id;
    const { device } = theirs;
    const everything = { limit: 10, page: 1 };
    expect(await store.devices.find(me, device.id)).toBeUndefined();
    expect((await store.devices.list(me)).map(({ id }) => id)).toEqual([mine.device.id]);
    expect(await store.devices.update(me, device.id, { name: 'stolen' })).toBeUndefined();
    const token = { hash: Buffer.alloc(32, 9), prefix: 'wag_', last4: '1234' };
    expect(await store.devices.setToken(me, device.id, token)).toBeUndefined();
    expect(await store.devices.remove(me, device.id)).toBe(false);
    expect(await store.messages.find(me, device.id, row.id)).toBeUndefined();
    expect(await store.messages.find(me, mine.device.id, row.id)).toBeUndefined();
    expect(await store.messages.list(me, device.id, everything)).toEqual({ rows: [], total: 0 });
    expect(await store.messages.statistics(me, device.id, 0)).toEqual({
      total_sent: 0,
      total_failed: 0,
      today_sent: 0,
    });
    expect(await store.messages.cancel(me, device.id, row.id)).toBeUndefined();
    expect(await store.subscriptions.reserve(me, theirs.subscription.id)).toBe(false);

    // A forged owner: the lease of their device under my account.
    const forged = { ...theirs.owner, account_id: me };
    expect(await store.messages.claim(forged, store.now(), 10)).toEqual([]);
    const frozen = { proto: Buffer.from('x'), type: 'text', chat: row.chat, now: store.now() } as const;
    expect(await store.messages.markSending(forged, row.id, frozen)).toBeUndefined();
    await store.deviceMemory(theirs.owner).writeCreds(Buffer.from('creds'));
    await expect(store.deviceMemory(forged).readCreds()).rejects.toThrow(/can not be decrypted/);

    expect(await store.devices.find(theirs.account.id, device.id)).toMatchObject({ name: 'Phone', token_hash: null });
    expect(await store.messages.find(theirs.account.id, device.id, row.id)).toEqual(row);
  });

  test('a token opens its own device, until the next one is made or the device is deleted', async () => {
    const store = await open();
    const { account, device } = await createTenant(store);
    const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    await store.devices.setToken(account.id, device.id, { hash: first, prefix: 'wag_a', last4: 'aaaa' });
    expect(await store.devices.findByToken(first)).toMatchObject({
      device: { id: device.id, token_last4: 'aaaa' },
      account: { id: account.id, time_zone: 'Asia/Jakarta' },
    });
    await store.devices.setToken(account.id, device.id, { hash: second, prefix: 'wag_b', last4: 'bbbb' });
    expect(await store.devices.findByToken(first)).toBeUndefined();
    expect(await store.devices.findByToken(second)).toBeDefined();
    await store.devices.remove(account.id, device.id);
    expect(await store.devices.findByToken(second)).toBeUndefined();
  });

  test('the use of a token is noted once a minute', async () => {
    let now = 1_700_000_000_000;
    const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined, after: () => () => undefined };
    const store = await open({ clock });
    const { account, device } = await createTenant(store);
    await store.devices.setToken(account.id, device.id, { hash: Buffer.alloc(32, 1), prefix: 'wag_', last4: '1234' });
    const usedAt = async () => present(await store.devices.find(account.id, device.id)).token_used_at;
    const touch = async () => store.devices.touchToken(present(await store.devices.find(account.id, device.id)));
    await touch();
    const first = now;
    expect(await usedAt()).toBe(first);
    now += 59_999;
    await touch();
    expect(await usedAt()).toBe(first);
    now += 1;
    await touch();
    expect(await usedAt()).toBe(now);
  });

  test('a deleted device leaves its history, gives queued quota back, and stops its owner', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device, owner } = tenant;
    const memory = store.deviceMemory(owner);
    await memory.writeCreds(Buffer.from('creds'));
    await memory.writeKeys([{ type: 'session', id: 'a', value: Buffer.from('key') }]);
    const sent = await accept(store, tenant, { recipient: '6281' });
    await send(store, tenant, sent);
    const queued = await accept(store, tenant);
    expect(await used(store, tenant)).toBe(2);
    expect((await store.devices.listEnabled()).map(({ id }) => id)).toEqual([device.id]);
    expect(await store.devices.remove(account.id, device.id)).toBe(true);
    expect(await store.devices.remove(account.id, device.id)).toBe(false);
    expect(await used(store, tenant)).toBe(1);
    expect(await store.devices.listEnabled()).toEqual([]);
    expect(await store.devices.find(account.id, device.id)).toBeUndefined();
    expect(await memory.readCreds()).toBeUndefined();
    expect(await memory.readKeys('session', ['a'])).toEqual(new Map());
    await expect(memory.writeCreds(Buffer.from('again'))).rejects.toThrow(/lease of device/);
    expect(await store.messages.find(account.id, device.id, queued.id)).toMatchObject({
      state: 'cancelled',
      counted: 0,
    });
    expect(await store.messages.find(account.id, device.id, sent.id)).toMatchObject({ state: 'sending', counted: 1 });
  });
});
