import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageRow, MessageState, Store } from '../../src/store/index.ts';
import { UNSETTLED_MS } from '../../src/store/lifetimes.ts';
import { overEachDatabase } from '../support/databases.ts';
import { accept, createTenant, message, present, send, type Tenant, used } from './tenant.ts';

const hour = 3_600_000;
const [ani, budi, citra] = ['6281', '6282', '6283'];
const ids = (rows: readonly MessageRow[]) => rows.map(({ id }) => id);

overEachDatabase('accepting', ({ open }) => {
  test('stores the message as it was asked for, and spends one of the quota', async () => {
    const store = await open();
    const tenant = await createTenant(store, { quota: 1 });
    const body = { text: 'Halo 👋 dunia', filename: 'struk.pdf' };
    const row = await accept(store, tenant, { body, ref: 'order-1', priority: 5, show_typing: 0, hold: 1 });
    const stored = await store.messages.find(tenant.account.id, tenant.device.id, row.id);
    expect(stored).toEqual(row);
    expect(stored).toMatchObject({ body, ref: 'order-1', priority: 5, state: 'queued', counted: 1, attempts: 0 });
    await expect(accept(store, tenant)).rejects.toThrow('no quota');
    expect(await used(store, tenant)).toBe(1);
  });

  test('takes the quota back when the message can not be stored', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { whatsapp_id } = await accept(store, tenant);
    await expect(accept(store, tenant, { whatsapp_id })).rejects.toThrow(/unique/i);
    expect(await used(store, tenant)).toBe(1);
  });

  test('of sandbox messages uses no quota', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const row = await store.messages.insert(message(tenant, { subscription_id: null }));
    expect(row).toMatchObject({ subscription_id: null, counted: 0 });
    await store.messages.cancel(tenant.account.id, tenant.device.id, row.id);
    expect(await used(store, tenant)).toBe(0);
  });
});

overEachDatabase('the queue', ({ open }) => {
  const claim = async (store: Store, { owner }: Tenant, now = Date.now(), limit = 10) =>
    ids(await store.messages.claim(owner, now, limit));

  test('goes by priority, then by age, and takes no more than asked for', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const bulk = await accept(store, tenant, { recipient: ani });
    const other = await accept(store, tenant, { recipient: budi });
    const otp = await accept(store, tenant, { recipient: citra, priority: 10 });
    expect(await claim(store, tenant)).toEqual([otp.id, bulk.id, other.id]);
    expect(await claim(store, tenant, Date.now(), 2)).toEqual([otp.id, bulk.id]);
    expect(await store.messages.countWaiting(tenant.owner)).toBe(3);
  });

  test('holds the next message of a recipient until the one before is settled, and no other recipient', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const first = await accept(store, tenant, { recipient: ani });
    const second = await accept(store, tenant, { recipient: ani });
    const elsewhere = await accept(store, tenant, { recipient: budi });
    expect(await claim(store, tenant)).toEqual([first.id, elsewhere.id]);
    await send(store, tenant, first);
    expect(await claim(store, tenant)).toEqual([elsewhere.id]);
    await store.messages.markSent(tenant.owner, first.whatsapp_id, 1, Date.now());
    expect(await claim(store, tenant)).toEqual([second.id, elsewhere.id]);
  });

  test('is not overtaken while the first waits for a retry, nor when its chat was corrected', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const first = await accept(store, tenant, { recipient: ani });
    const second = await accept(store, tenant, { recipient: ani });
    const now = Date.now();
    await send(store, tenant, { ...first, chat: '628100@s.whatsapp.net' });
    expect(await claim(store, tenant)).toEqual([]);
    await store.messages.requeue(tenant.owner, first.id, now + hour, 'retry');
    expect(await claim(store, tenant, now)).toEqual([]);
    expect(await store.messages.nextDue(tenant.owner, now)).toBe(now + hour);
    expect(await claim(store, tenant, now + hour)).toEqual([first.id]);
    await store.messages.markFailed(tenant.owner, first.id, 'send_failed', 'no', now);
    expect(await claim(store, tenant)).toEqual([second.id]);
  });

  test('lets a message pass one that is scheduled for later, and one of lower priority', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const now = Date.now();
    const scheduled = await accept(store, tenant, { recipient: ani, due_at: now + hour, waiting_for: 'schedule' });
    const next = await accept(store, tenant, { recipient: ani });
    const otp = await accept(store, tenant, { recipient: ani, priority: 1 });
    expect(await claim(store, tenant)).toEqual([otp.id, next.id]);
    expect(await claim(store, tenant, now + hour)).toEqual([otp.id, scheduled.id]);
  });

  test('refuses to send what the queue holds, or what was cancelled meanwhile', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    await accept(store, tenant, { recipient: ani });
    const second = await accept(store, tenant, { recipient: ani });
    const cancelled = await accept(store, tenant, { recipient: budi });
    await store.messages.cancel(tenant.account.id, tenant.device.id, cancelled.id);
    for (const row of [second, cancelled]) {
      const frozen = { proto: Buffer.from('x'), type: row.type, chat: row.chat, now: Date.now() };
      expect(await store.messages.markSending(tenant.owner, row.id, frozen)).toBeUndefined();
      expect(await store.messages.findProto(tenant.device.id, row.whatsapp_id)).toBeUndefined();
    }
  });

  test('says why a message waits', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const row = await accept(store, tenant);
    const until = Date.now() + hour;
    const { markWaiting } = store.messages;
    expect(await markWaiting(tenant.owner, row.id, 'device_offline')).toMatchObject({
      waiting_for: 'device_offline',
      due_at: row.due_at,
    });
    expect(await markWaiting(tenant.owner, row.id, 'pacing', until)).toMatchObject({
      waiting_for: 'pacing',
      due_at: until,
    });
    expect(await claim(store, tenant)).toEqual([]);
    await send(store, tenant, await present(await markWaiting(tenant.owner, row.id, null, row.due_at)));
    expect(await markWaiting(tenant.owner, row.id, 'pacing')).toBeUndefined();
  });

  test('makes due what pacing has put off, all or some; a schedule and a retry are kept', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { owner } = tenant;
    const now = Date.now();
    const scheduled = await accept(store, tenant, { recipient: '6280', due_at: now + hour, waiting_for: 'schedule' });
    const retry = await accept(store, tenant, { recipient: '6289' });
    await store.messages.requeue(owner, retry.id, now + hour, 'retry');
    const [locked, spent, other] = [
      await accept(store, tenant, { recipient: ani }),
      await accept(store, tenant, {
        recipient: budi,
        due_at: now - 1,
        waiting_for: 'schedule',
        created_at: now - hour,
      }),
      await accept(store, tenant, { recipient: citra }),
    ];
    const behind = await accept(store, tenant, { recipient: ani });
    const park = async () => {
      await store.messages.markWaiting(owner, locked.id, 'pacing', now + 24 * hour, 'time_lock');
      for (const { id } of [spent, other])
        await store.messages.markWaiting(owner, id, 'pacing', now + 12 * hour, 'new_conversations');
    };
    for (const [which, due] of [
      [{ reason: 'time_lock' }, [locked]],
      [{ recipient: citra }, [other]],
      [{ recipient: '6289' }, []],
      [{ nextOf: 'new_conversations' }, [spent]],
      [{ nextOf: 'per_day' }, []],
      [{}, [locked, spent, other]],
    ] as const) {
      await park();
      expect(await claim(store, tenant, now)).toEqual([]);
      expect(await store.messages.makeDue(owner, which, now)).toBe(due.length);
      expect(await claim(store, tenant, now)).toEqual(ids(due));
    }
    expect(await claim(store, tenant, now + hour)).toEqual([scheduled.id, retry.id, ...ids([locked, spent, other])]);
    expect(await store.messages.makeDue(owner, {}, now)).toBe(0);
    await send(store, tenant, locked);
    await store.messages.markSent(owner, locked.whatsapp_id, 1, now);
    expect(await claim(store, tenant, now)).toEqual(ids([spent, other, behind]));
  });
});

overEachDatabase('sending', ({ open }) => {
  test('freezes the first bytes: a second attempt and retry receipts get those very ones', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const row = await accept(store, tenant, { type: 'media' });
    const freeze = (proto: string) =>
      store.messages.markSending(tenant.owner, row.id, {
        proto: Buffer.from(proto),
        type: 'image',
        chat: row.chat,
        now: 5,
      });
    expect(await freeze('first')).toMatchObject({ state: 'sending', attempts: 1, type: 'image', sending_at: 5 });
    expect(ids(await store.messages.unknown(tenant.owner))).toEqual([row.id]);
    expect(await freeze('second')).toMatchObject({ state: 'sending', attempts: 2 });
    expect(String(await store.messages.findProto(tenant.device.id, row.whatsapp_id))).toBe('first');
    expect(await store.messages.pruneProtos(Date.now(), 10)).toBe(0);
    await store.messages.markSent(tenant.owner, row.whatsapp_id, 1, Date.now());
    expect(await store.messages.pruneProtos(5, 10)).toBe(0);
    expect(await store.messages.pruneProtos(6, 10)).toBe(1);
    expect(await store.messages.findProto(tenant.device.id, row.whatsapp_id)).toBeUndefined();
  });

  test('a late acknowledgement only adds its time to what a receipt had lifted', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const row = await accept(store, tenant);
    const { applyReceipt, markSent } = store.messages;
    expect(await markSent(tenant.owner, row.whatsapp_id, 7, 70)).toBeUndefined();
    await send(store, tenant, row);
    expect(await applyReceipt(tenant.owner, row.whatsapp_id, 'read', 50)).toMatchObject({
      state: 'read',
      sent_at: 50,
      delivered_at: 50,
      read_at: 50,
      server_time: null,
    });
    expect(await markSent(tenant.owner, row.whatsapp_id, 7, 70)).toMatchObject({
      state: 'read',
      sent_at: 50,
      server_time: 7,
    });
    expect(await markSent(tenant.owner, row.whatsapp_id, 8, 80)).toBeUndefined();
    expect(await markSent(tenant.owner, 'unknown', 8, 80)).toBeUndefined();
  });

  test('a late receipt lifts a failed message and clears its error', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const row = await send(store, tenant, await accept(store, tenant));
    await store.messages.markFailed(tenant.owner, row.id, 'send_failed', 'lost', 10);
    expect(await store.messages.applyReceipt(tenant.owner, row.whatsapp_id, 'delivered', 20)).toMatchObject({
      state: 'delivered',
      failed_at: null,
      error_code: null,
      error_message: null,
      delivered_at: 20,
    });
    expect(await used(store, tenant)).toBe(1);
  });

  test('what expires or is cancelled untried gives its quota back once; what was tried does not', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device, owner } = tenant;
    const past = { expires_at: 1_000 };
    const untried = await accept(store, tenant, { recipient: ani, ...past });
    const tried = await send(store, tenant, await accept(store, tenant, { recipient: budi, ...past }), 999);
    await store.messages.requeue(owner, tried.id, 0, 'retry');
    const onItsWay = await send(store, tenant, await accept(store, tenant, { recipient: citra, ...past }), 999);
    const alive = await accept(store, tenant, { recipient: '6284' });
    expect(await used(store, tenant)).toBe(4);

    expect(await store.messages.isAnyLate(owner, 0)).toBe(false);
    expect(await store.messages.isAnyLate(owner, 1_000)).toBe(true);
    expect(ids(await store.messages.expire(owner, 1_000)).sort()).toEqual([untried.id, tried.id].sort());
    expect(await used(store, tenant)).toBe(3);
    // However often it was tried: until the device is back, its receipts may tell more. Not for ever.
    for (let attempt = 2; attempt <= 6; attempt++) await send(store, tenant, onItsWay);
    const given = 1_000 + UNSETTLED_MS;
    expect(await store.messages.isAnyLate(owner, given - 1)).toBe(false);
    expect(await store.messages.expire(owner, given - 1)).toEqual([]);
    expect(await store.messages.isAnyLate(owner, given)).toBe(true);
    expect(await store.messages.expire(owner, given)).toMatchObject([
      { id: onItsWay.id, state: 'expired', error_code: 'message_expired', failed_at: given, counted: 1 },
    ]);
    expect(await store.messages.expire(owner, given)).toEqual([]);
    expect(await used(store, tenant)).toBe(3);

    expect(await store.messages.cancel(account.id, device.id, alive.id)).toMatchObject({
      state: 'cancelled',
      counted: 0,
    });
    expect(await store.messages.cancel(account.id, device.id, alive.id)).toBeUndefined();
    expect(await store.messages.cancel(account.id, device.id, onItsWay.id)).toBeUndefined();
    expect(await used(store, tenant)).toBe(2);

    const given_up = await send(store, tenant, await accept(store, tenant, { recipient: '6285' }));
    expect(await store.messages.markExpired(owner, given_up.id, 5)).toMatchObject({ state: 'expired', counted: 1 });
    expect(await store.messages.markExpired(owner, given_up.id, 5)).toBeUndefined();
    // It came after all.
    expect(await store.messages.applyReceipt(owner, given_up.whatsapp_id, 'delivered', 9)).toMatchObject({
      state: 'delivered',
      delivered_at: 9,
      failed_at: null,
      error_code: null,
      counted: 1,
    });
    expect(await store.messages.applyReceipt(owner, untried.whatsapp_id, 'delivered', 9)).toBeUndefined();
  });

  test('what failed untried gives its quota back, and no receipt can lift it', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { owner } = tenant;
    const untried = await accept(store, tenant, { recipient: ani });
    const tried = await send(store, tenant, await accept(store, tenant, { recipient: budi }));
    const { markFailed, applyReceipt } = store.messages;
    expect(await markFailed(owner, untried.id, 'number_not_registered', 'no', 5)).toMatchObject({
      state: 'failed',
      counted: 0,
      error_code: 'number_not_registered',
      failed_at: 5,
    });
    expect(await used(store, tenant)).toBe(1);
    expect(await markFailed(owner, tried.id, 'refused_by_whatsapp', 'no', 5)).toMatchObject({ counted: 1 });
    expect(await markFailed(owner, tried.id, 'refused_by_whatsapp', 'no', 5)).toBeUndefined();
    expect(await used(store, tenant)).toBe(1);
    expect(await applyReceipt(owner, untried.whatsapp_id, 'delivered', 6)).toBeUndefined();
  });

  test('a further attempt is counted only while the outcome is unknown', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { owner } = tenant;
    const row = await accept(store, tenant);
    const { markResending, markSent } = store.messages;
    expect(await markResending(owner, row.id, 1)).toBeUndefined();
    await send(store, tenant, row);
    expect(await markResending(owner, row.id, 9)).toMatchObject({ state: 'sending', attempts: 2, sending_at: 9 });
    await markSent(owner, row.whatsapp_id, 1, 1);
    expect(await markResending(owner, row.id, 9)).toBeUndefined();
  });

  test('states only ever rise, whatever comes in whatever order, and the quota adds up', async () => {
    const store = await open();
    const tenant = await createTenant(store, { quota: 100_000 });
    const { account, device, owner } = tenant;
    const rank: Record<MessageState, number> = {
      queued: 0,
      sending: 0,
      failed: 1,
      sent: 2,
      delivered: 3,
      read: 4,
      expired: 1,
      cancelled: 9,
    };
    const steps = {
      send: (row) =>
        store.messages.markSending(owner, row.id, { proto: Buffer.from('p'), type: 'text', chat: row.chat, now: 1 }),
      again: (row, at) => store.messages.markResending(owner, row.id, at),
      ack: (row, at) => store.messages.markSent(owner, row.whatsapp_id, at, at),
      server: (row, at) => store.messages.applyReceipt(owner, row.whatsapp_id, 'sent', at),
      delivered: (row, at) => store.messages.applyReceipt(owner, row.whatsapp_id, 'delivered', at),
      read: (row, at) => store.messages.applyReceipt(owner, row.whatsapp_id, 'read', at),
      fail: (row, at) => store.messages.markFailed(owner, row.id, 'send_failed', 'no', at),
      requeue: (row, at) => store.messages.requeue(owner, row.id, at, 'retry'),
      expire: (row, at) => store.messages.markExpired(owner, row.id, at),
      cancel: (row) => store.messages.cancel(account.id, device.id, row.id),
    } satisfies Record<string, (row: MessageRow, at: number) => Promise<MessageRow | undefined>>;
    const names = Object.keys(steps) as (keyof typeof steps)[];
    let recipient = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 12 }), async (story) => {
        const spent = await used(store, tenant);
        let before = await accept(store, tenant, { recipient: `62${++recipient}` });
        for (const [at, name] of story.entries()) {
          const changed = await steps[name](before, at + 1);
          const after = present(await store.messages.find(account.id, device.id, before.id));
          expect(changed ?? before).toEqual(after);
          expect(rank[after.state]).toBeGreaterThanOrEqual(rank[before.state]);
          if (rank[before.state] === 9) expect(after).toEqual(before);
          if (before.attempts === 0 && name !== 'send') expect(rank[after.state]).not.toBeOneOf([2, 3, 4]);
          if (after.state === 'read') expect([after.sent_at, after.delivered_at, after.read_at]).not.toContain(null);
          if (after.state === 'delivered') expect([after.sent_at, after.delivered_at]).not.toContain(null);
          if (before.sent_at !== null) expect(after.sent_at).toBe(before.sent_at);
          before = after;
        }
        expect(await used(store, tenant)).toBe(spent + before.counted);
      }),
      { numRuns: 60 },
    );
  });
});

overEachDatabase('history', ({ open }) => {
  test('pages newest first with an exact total, and filters', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const { account, device, owner } = tenant;
    const rows: MessageRow[] = [];
    for (let at = 0; at < 25; at++)
      rows.push(
        await accept(store, tenant, {
          recipient: at % 5 === 0 ? ani : `6290${at}`,
          ref: `order-${at % 2}`,
          created_at: 1_000 + at,
        }),
      );
    const newest = ids(rows).reverse();
    const list = (more: Partial<Parameters<typeof store.messages.list>[2]> = {}) =>
      store.messages.list(account.id, device.id, { limit: 100, page: 1, ...more });
    const first = await list({ limit: 10 });
    expect([ids(first.rows), first.total]).toEqual([newest.slice(0, 10), 25]);
    expect(ids((await list({ limit: 10, page: 3 })).rows)).toEqual(newest.slice(20));
    expect((await list({ limit: 10, page: 4 })).rows).toEqual([]);
    expect(await list({ recipient: ani })).toMatchObject({ total: 5 });
    expect(await list({ ref: 'order-1' })).toMatchObject({ total: 12 });
    expect(await list({ since: 1_010, until: 1_020 })).toMatchObject({ total: 10 });

    const [sent, read, failed, expired] = rows.filter(({ recipient }) => recipient !== ani);
    for (const row of [sent, read, failed]) await send(store, tenant, present(row));
    for (const row of [sent, read]) await store.messages.markSent(owner, present(row).whatsapp_id, 1, 5_000);
    await store.messages.applyReceipt(owner, present(read).whatsapp_id, 'read', 6_000);
    await store.messages.markFailed(owner, present(failed).id, 'send_failed', 'no', 5_000);
    await store.messages.markExpired(owner, present(expired).id, 5_000);
    expect(await list({ status: 'pending' })).toMatchObject({ total: 21 });
    expect(ids((await list({ status: 'sent' })).rows)).toEqual([present(read).id, present(sent).id]);
    expect(await list({ status: 'failed' })).toMatchObject({ total: 2 });
    expect(ids((await list({ status: 'failed' })).rows)).toEqual([present(expired).id, present(failed).id]);
    expect(ids((await list({ state: 'failed', since: 1_000 })).rows)).toEqual([present(failed).id]);
    const ended = rows.filter((row) => [sent, read, failed, expired].includes(row));
    const waiting = newest.filter((id) => !ids(ended).includes(id));
    expect(ids((await list({ status: 'pending', limit: 10, page: 2 })).rows)).toEqual(waiting.slice(10, 20));
    const stranger = await createTenant(store);
    expect(await store.messages.list(stranger.account.id, device.id, { limit: 9, page: 1, state: 'failed' })).toEqual({
      rows: [],
      total: 0,
    });
    expect(ids((await list({ state: 'read', status: 'sent', ref: present(read).ref ?? '' })).rows)).toEqual([
      present(read).id,
    ]);
    const { statistics } = store.messages;
    expect(await statistics(account.id, device.id, 5_000)).toEqual({ total_sent: 2, total_failed: 2, today_sent: 2 });
    expect(await statistics(account.id, device.id, 5_001)).toEqual({ total_sent: 2, total_failed: 2, today_sent: 0 });
  });
});
