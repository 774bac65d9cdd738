import { setImmediate as turn } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { envelopes } from '../../src/http/v1/event-schemas.ts';
import { createTenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';
import { openDesk } from './desk.ts';
import { answering, type Received } from './receiver.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Signed by the desk's clock, which the library does not know. */
const verified = (secret: string, { body, headers, id }: Received) => {
  const stamp = Number(headers['webhook-timestamp']);
  const webhook = new Webhook(secret);
  const signatures = String(headers['webhook-signature']).split(' ');
  return signatures.includes(webhook.sign(id, new Date(stamp * 1000), body));
};

overEachDatabase('deliveries to webhooks', (database) => {
  test('bring the envelope, signed as the published library verifies it', async () => {
    const desk = await openDesk(database);
    const { secret, webhook } = await desk.endpoint('/in');
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    desk.deliveries.start();
    await desk.tell({ data: { text: 'halo 👋' } });
    const request = await desk.receiver.nth('/in', 1);
    expect(verified(secret, request)).toBe(true);
    expect(verified(`whsec_${Buffer.alloc(32).toString('base64')}`, request)).toBe(false);
    expect(request.json).toEqual({
      id: request.id,
      type: 'message.received',
      timestamp: expect.stringMatching(/^2026-01-05T00:0/),
      device: { id: desk.tenant.device.id, name: 'Phone', phone_number: null },
      data: { text: 'halo 👋' },
    });
    expect(request.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(request.headers.authorization).toBeUndefined();
    expect(request.headers.cookie).toBeUndefined();
    const [row] = await desk.logged(webhook.id, (rows) => rows[0]?.state === 'delivered');
    expect(row).toMatchObject({ eventId: request.id, attempts: 1, status: 200, answer: 'ok', request: request.body });
  });

  test('go only to endpoints that chose the type, are enabled, and are the device’s own', async () => {
    const desk = await openDesk(database);
    await desk.endpoint('/wants');
    await desk.endpoint('/other', { types: ['device.status'] });
    const off = await desk.endpoint('/off');
    await desk.webhooks.update(desk.owner, off.webhook.id, { enabled: false });
    const stranger = await createTenant(desk.store);
    await desk.webhooks.create(
      { accountId: stranger.account.id, deviceId: stranger.device.id },
      { url: desk.receiver.url('/stranger'), events: ['message.received'], description: '', format: 'standard' },
    );
    desk.deliveries.start();
    await desk.tell();
    await desk.tell({ type: 'device.status' });
    await desk.receiver.until(() => desk.receiver.received.length === 2, 'two requests');
    await desk.deliveries.stop();
    expect(desk.receiver.received.map(({ path }) => path).sort()).toEqual(['/other', '/wants']);
  });

  test('are tried again by the schedule under the same id, and then no more, until they are asked for', async () => {
    const desk = await openDesk(database);
    const { webhook, secret } = await desk.endpoint('/in');
    desk.receiver.behave('/in', answering(500, {}, 'broken'));
    desk.deliveries.start();
    await desk.tell();
    await desk.receiver.nth('/in', 1);
    const waits = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
    for (const [n, wait] of waits.entries()) {
      const [row] = await desk.logged(webhook.id, (rows) => rows[0]?.attempts === n + 1);
      const ahead = (row?.nextAttemptAt ?? 0) - (row?.attemptedAt ?? 0);
      expect(ahead).toBeGreaterThanOrEqual(wait);
      expect(ahead).toBeLessThanOrEqual(wait * 1.1 + 1);
      desk.clock.advance(wait * 1.1 + SECOND);
      await desk.receiver.nth('/in', n + 2);
    }
    const [failed] = await desk.logged(webhook.id, (rows) => rows[0]?.state === 'failed');
    expect(failed).toMatchObject({
      attempts: 10,
      status: 500,
      reason: 'HTTP 500',
      answer: 'broken',
      nextAttemptAt: null,
    });
    expect(new Set(desk.receiver.received.map(({ id }) => id)).size).toBe(1);
    expect(desk.receiver.received.every((request) => verified(secret, request))).toBe(true);

    desk.receiver.behave('/in', answering(204));
    await desk.webhooks.replay(desk.owner, webhook.id, failed?.id ?? 0);
    const [again] = await desk.logged(webhook.id, (rows) => rows[0]?.state === 'delivered');
    expect(again).toMatchObject({ attempts: 1, replays: 1, status: 204, eventId: failed?.eventId });
  });

  test('that fail while the next ones are planned are not tried again at once', async () => {
    let held: (() => void) | undefined;
    const desk = await openDesk(database, {
      async beforeDurable() {
        if (held === undefined) return;
        held();
        held = undefined;
        await desk.logged(webhook.id, (rows) => rows.some(({ attempts }) => attempts === 1));
        while ((await desk.webhooks.find(desk.owner, webhook.id)).status !== 'failing');
        await turn();
      },
    });
    const { webhook } = await desk.endpoint('/in');
    const requested = () => desk.receiver.received.map(({ json }) => json.data.n);
    desk.receiver.behave('/in', (response, { json }) => {
      const answer = () => response.writeHead(json.data.n === 1 ? 500 : 200).end();
      if (json.data.n === 1) held = answer;
      else answer();
    });
    desk.deliveries.start();
    await desk.tell({ chat: 'a', data: { n: 1 } });
    await desk.receiver.until(() => requested().length === 1, 'the first attempt');
    await desk.tell({ chat: 'b', data: { n: 2 } });
    await desk.receiver.until(() => requested().includes(2), 'the other chat');
    expect(requested()).toEqual([1, 2]);
  });

  test('wait as long as Retry-After asks', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    desk.receiver.behave('/in', answering(429, { 'retry-after': '3600' }));
    desk.deliveries.start();
    await desk.tell();
    const [row] = await desk.logged(webhook.id, (rows) => rows[0]?.attempts === 1);
    expect((row?.nextAttemptAt ?? 0) - (row?.attemptedAt ?? 0)).toBe(HOUR);
  });

  test('follow no redirect, and hang no longer than they may', async () => {
    const desk = await openDesk(database, { timeoutMs: 2_000 });
    const moved = await desk.endpoint('/moved');
    const hangs = await desk.endpoint('/hangs');
    desk.receiver.behave('/moved', answering(302, { location: desk.receiver.url('/elsewhere') }));
    desk.receiver.behave('/hangs', () => undefined);
    desk.deliveries.start();
    await desk.tell();
    const [redirect] = await desk.logged(moved.webhook.id, (rows) => rows[0]?.attempts === 1);
    expect(redirect).toMatchObject({ status: 302, reason: 'HTTP 302: redirects are not followed', state: 'pending' });
    const [late] = await desk.logged(hangs.webhook.id, (rows) => rows[0]?.attempts === 1);
    expect(late).toMatchObject({ status: null, reason: 'timed out after 2 seconds' });
    expect(desk.receiver.at('/elsewhere')).toEqual([]);
  });

  test('keep no answer of an event out of which a person was struck while it was told', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    const person = { phone: '628123456000', lids: [] };
    const erase = () =>
      desk.store.people.erase(desk.tenant.account.id, person, () => Promise.reject(new Error('there is no file')));
    desk.receiver.behave('/in', (response, { body }, nth) => {
      const answer = () => response.writeHead(nth === 1 ? 500 : 200).end(`got ${body}`);
      if (nth === 1) erase().then(answer, (error) => response.destroy(error));
      else answer();
    });
    desk.deliveries.start();
    await desk.tell({ data: { text: `nomornya ${person.phone}` } });
    const [refused] = await desk.logged(webhook.id, (rows) => rows[0]?.attempts === 1);
    expect(refused).toMatchObject({ status: 500, answer: null, request: expect.stringContaining('[erased]') });
    desk.clock.advance(MINUTE);
    const [told] = await desk.logged(webhook.id, (rows) => rows[0]?.state === 'delivered');
    expect(told).toMatchObject({ status: 200, answer: expect.stringContaining('nomornya [erased]') });
  });

  test('keep at most 8 KB of an answer', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    desk.receiver.behave('/in', answering(200, {}, 'x'.repeat(100_000)));
    desk.deliveries.start();
    await desk.tell({ data: { text: 'y'.repeat(50_000) } });
    const [row] = await desk.logged(webhook.id, (rows) => rows[0]?.state === 'delivered');
    expect(row?.answer?.length).toBe(8192);
    expect(row?.request.length).toBeLessThanOrEqual(8193);
  });

  test('keep the order of a chat, also over a first retry, and do not let one chat hold up another', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    let failed = false;
    desk.receiver.behave('/in', (response, { json }) => {
      const status = json.data.chat === 'a' && !failed ? 503 : 200;
      failed ||= status === 503;
      // Slower for one chat: without order its later ones would overtake.
      setTimeout(() => response.writeHead(status).end(), json.data.chat === 'a' ? 40 : 0);
    });
    for (let n = 1; n <= 5; n++) for (const chat of ['a', 'b']) await desk.tell({ chat, data: { chat, n } });
    desk.deliveries.start();
    const of = (chat: string) => desk.receiver.received.filter(({ json }) => json.data.chat === chat);
    await desk.receiver.until(() => of('b').length === 5, 'all of chat b');
    expect(of('b').map(({ json }) => json.data.n)).toEqual([1, 2, 3, 4, 5]);
    expect(of('a').map(({ json }) => json.data.n)).toEqual([1]);
    await desk.logged(webhook.id, (rows) => rows.some(({ attempts, state }) => attempts === 1 && state === 'pending'));
    desk.clock.advance(7 * SECOND);
    await desk.receiver.until(() => of('a').length === 6, 'all of chat a');
    expect(of('a').map(({ json }) => json.data.n)).toEqual([1, 1, 2, 3, 4, 5]);
  });

  test('keep the order of a chat also over a first retry whose failure is still being judged when the next plan is made', async () => {
    const planned = Promise.withResolvers<void>();
    const judged = Promise.withResolvers<void>();
    let isJudging = false;
    const desk = await openDesk(database, {
      async beforeDurable() {
        if (isJudging) planned.resolve();
      },
      async judging(judge) {
        isJudging = true;
        desk.deliveries.wake();
        await planned.promise;
        await desk.store.durable();
        await turn();
        const since = await judge();
        judged.resolve();
        return since;
      },
    });
    await desk.endpoint('/in');
    let failed = false;
    desk.receiver.behave('/in', (response, { json }) => {
      response.writeHead(json.data.n === 1 && !failed ? 503 : 200).end();
      failed ||= json.data.n === 1;
    });
    const came = () => desk.receiver.received.map(({ json }) => json.data.n);
    for (const n of [1, 2]) await desk.tell({ chat: 'a', data: { n } });
    desk.deliveries.start();
    await judged.promise;
    await turn();
    await desk.tell({ chat: 'b', data: { n: 3 } });
    await desk.receiver.until(() => came().includes(3), 'the other chat');
    expect(came()).toEqual([1, 3]);
    desk.clock.advance(7 * SECOND);
    await desk.receiver.until(() => came().includes(2), 'all');
    expect(came()).toEqual([1, 3, 1, 2]);
  });

  test('of a chat with a long queue keep no other chat waiting, however many there are', async () => {
    const desk = await openDesk(database);
    await desk.endpoint('/in');
    const { tenant, happenings, receiver } = desk;
    const common = { type: 'message.received', cause: null } as const;
    const others = Array.from({ length: 20 }, (_, n) => `b${n}`);
    await desk.store.transaction(async (tx) => {
      for (const chat of [...Array(300).fill('a'), ...others])
        await happenings.record(tx, tenant.owner, { ...common, chat, data: { chat } });
    });
    // The long one stands still at its first message.
    receiver.behave('/in', (response, { json }) => {
      if (json.data.chat !== 'a') response.end();
    });
    desk.deliveries.start();
    await receiver.until(() => receiver.received.length === 21, 'all others, and the first of the long one');
    const came = receiver.received.map(({ json }) => json.data.chat);
    expect(came.toSorted()).toEqual(['a', ...others].toSorted());
  });

  test('let later messages of a chat go ahead of one that fails for the second time', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    desk.receiver.behave('/in', (response, { json }) => response.writeHead(json.data.n === 1 ? 500 : 200).end());
    await desk.tell({ chat: 'a', data: { n: 1 } });
    await desk.tell({ chat: 'a', data: { n: 2 } });
    desk.deliveries.start();
    await desk.logged(webhook.id, (rows) => rows.some(({ attempts }) => attempts === 1));
    desk.clock.advance(7 * SECOND);
    const third = await desk.receiver.nth('/in', 3);
    expect(third.json.data.n).toBe(2);
  });

  test('to a dead endpoint hold up no other', async () => {
    const desk = await openDesk(database, { timeoutMs: 20_000 });
    await desk.endpoint('/dead');
    await desk.endpoint('/alive');
    desk.receiver.behave('/dead', () => undefined);
    desk.deliveries.start();
    for (let n = 0; n < 40; n++) await desk.tell();
    await desk.receiver.until(() => desk.receiver.at('/alive').length === 40, 'all at the endpoint that lives');
    expect(desk.receiver.at('/dead').length).toBeLessThanOrEqual(8);
  });

  test('sign with both secrets for a day after a rotation', async () => {
    const desk = await openDesk(database);
    const first = await desk.endpoint('/in');
    desk.deliveries.start();
    const second = await desk.webhooks.rotate(desk.owner, first.webhook.id);
    expect(second.secret).not.toBe(first.secret);
    await desk.tell();
    const during = await desk.receiver.nth('/in', 1);
    expect(String(during.headers['webhook-signature']).split(' ').length).toBe(2);
    expect([verified(first.secret, during), verified(second.secret, during)]).toEqual([true, true]);
    desk.clock.advance(DAY + SECOND);
    await desk.tell();
    const after = await desk.receiver.nth('/in', 2);
    expect([verified(first.secret, after), verified(second.secret, after)]).toEqual([false, true]);
  });

  test('pause an endpoint after five days of failures, say so, and bring everything once it is back', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    await desk.endpoint('/alerts', { types: ['webhook.paused'] });
    let works = false;
    desk.receiver.behave('/in', (response) => response.writeHead(works ? 200 : 500).end());
    desk.deliveries.start();
    await desk.tell({ data: { n: 'first' } });
    await desk.logged(webhook.id, (rows) => rows[0]?.attempts === 1);
    desk.clock.advance(5 * DAY);
    const alert = await desk.receiver.nth('/alerts', 1);
    expect(alert.json).toMatchObject({
      type: 'webhook.paused',
      data: { webhook_id: webhook.id, reason: 'Nothing could be delivered to it for five days.' },
    });
    const schema = envelopes.find(({ type }) => type === 'webhook.paused')?.schema;
    expect(schema?.strict().parse(alert.json)).toEqual(alert.json);
    expect(await desk.webhooks.find(desk.owner, webhook.id)).toMatchObject({ status: 'paused' });
    const letter = await desk.letters.next();
    expect(letter.to).toBe(`${desk.tenant.account.name}@example.com`);
    expect(letter.text).toContain(`https://wa.example.com/webhooks/${desk.tenant.device.id}/${webhook.id}`);
    expect(letter.text).not.toContain('/in');
    await desk.tell({ data: { n: 'while paused' } });
    expect(await desk.webhooks.find(desk.owner, webhook.id)).toMatchObject({ status: 'paused', pending: 2 });
    const before = desk.receiver.at('/in').length;

    works = true;
    desk.clock.advance(HOUR);
    expect(desk.receiver.at('/in').length).toBe(before);
    await desk.webhooks.update(desk.owner, webhook.id, { enabled: true });
    await desk.receiver.until(
      () => desk.receiver.at('/in').some(({ json }) => json.data.n === 'while paused'),
      'what came meanwhile',
    );
    const rows = await desk.logged(webhook.id, (all) =>
      all.some(({ state, request }) => state === 'delivered' && request.includes('while paused')),
    );
    expect(rows.length).toBe(2);
    expect(await desk.webhooks.find(desk.owner, webhook.id)).toMatchObject({ status: 'active' });
  });

  test.each(['is gone (410)', 'is switched off'] as const)(
    'are not planned again and again, however many wait, when their endpoint %s',
    async (how) => {
      let isOver = false;
      let plans = 0;
      const ended = Promise.withResolvers<void>();
      const desk = await openDesk(database, {
        concurrency: 2,
        manners: ({ webhooks, deliveries }) => ({
          webhooks: {
            ...webhooks,
            async lease(...which) {
              const has = await webhooks.lease(...which);
              if (!has) ended.resolve();
              return has;
            },
          },
          deliveries: {
            ...deliveries,
            plan(...which) {
              if (isOver) plans += 1;
              // With the fault it goes on for half a minute.
              if (plans > 5) ended.resolve();
              return deliveries.plan(...which);
            },
          },
        }),
      });
      const { webhook } = await desk.endpoint('/in');
      const { tenant, happenings, receiver } = desk;
      await desk.store.transaction(async (tx) => {
        for (let n = 0; n < 300; n++)
          await happenings.record(tx, tenant.owner, { type: 'message.received', cause: null, chat: `${n}`, data: {} });
      });
      desk.events.on('webhook.changed', () => {
        isOver = true;
      });
      let switched: Promise<unknown> | undefined;
      receiver.behave('/in', async (response) => {
        if (how === 'is switched off') {
          switched ??= desk.webhooks.update(desk.owner, webhook.id, { enabled: false });
          await switched;
        }
        response.writeHead(how === 'is switched off' ? 200 : 410).end();
      });
      desk.deliveries.start();
      await ended.promise;
      await switched;
      expect(plans).toBeLessThanOrEqual(2);
      expect(receiver.received.length).toBeLessThanOrEqual(4);
    },
  );

  test.each(['stops', 'is dead'] as const)('go on at once on another node when theirs %s', async (how) => {
    const desk = await openDesk(database);
    const { nodes, webhooks } = desk.store;
    const node = { role: 'all', version: '1', draining: 0, devices: 0, memory_mb: 1 } as const;
    for (const name of ['node-1', 'node-2']) await nodes.begin({ ...node, name, life: name }, HOUR);
    const { webhook } = await desk.endpoint('/in');
    desk.deliveries.start();
    await desk.tell();
    await desk.logged(webhook.id, (rows) => rows[0]?.state === 'delivered');
    // While it lives, nobody else has them.
    expect(await webhooks.lease(webhook.id, 'node-2', HOUR)).toBe(false);
    if (how === 'is dead') {
      await desk.deliveries.stop();
      expect(await webhooks.lease(webhook.id, 'node-1', HOUR)).toBe(true);
      expect(await webhooks.lease(webhook.id, 'node-2', HOUR)).toBe(false);
      await nodes.end('node-1', 'node-1');
    } else await desk.deliveries.stop();
    await desk.tell();
    const other = desk.make('node-2');
    onTestFinished(() => other.stop());
    other.start();
    await desk.receiver.nth('/in', 2);
  });

  test('to an address that answers 410 end at once', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    desk.receiver.behave('/in', answering(410));
    desk.deliveries.start();
    await desk.tell();
    await desk.logged(webhook.id, (rows) => rows[0]?.attempts === 1);
    await desk.tell();
    await expect.poll(async () => (await desk.webhooks.find(desk.owner, webhook.id)).status).toBe('paused');
    expect(await desk.webhooks.find(desk.owner, webhook.id)).toMatchObject({
      status: 'paused',
      pauseReason: 'It answered 410 Gone.',
    });
  });

  test('of a time can be asked for once more, also what happened before the endpoint was made', async () => {
    const desk = await openDesk(database);
    await desk.tell({ data: { n: 'before' } });
    const { webhook } = await desk.endpoint('/in');
    desk.deliveries.start();
    await desk.tell({ data: { n: 'after' } });
    await desk.logged(webhook.id, (rows) => rows[0]?.state === 'delivered');
    const all = { since: desk.clock.now() - HOUR, until: desk.clock.now() + HOUR };
    expect(await desk.webhooks.replayRange(desk.owner, webhook.id, { ...all, missed: true })).toBe(1);
    const before = await desk.receiver.nth('/in', 2);
    expect(before.json.data.n).toBe('before');
    await desk.logged(webhook.id, (rows) => rows.every(({ state }) => state === 'delivered'));
    expect(await desk.webhooks.replayRange(desk.owner, webhook.id, { ...all, missed: false })).toBe(2);
    await desk.receiver.nth('/in', 4);
    expect(new Set(desk.receiver.received.map(({ id }) => id)).size).toBe(2);
  });

  test('a test goes to this endpoint alone', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    await desk.endpoint('/other');
    desk.deliveries.start();
    const delivery = await desk.webhooks.test(desk.owner, webhook.id);
    const request = await desk.receiver.nth('/in', 1);
    expect(request.json.type).toBe('webhook.test');
    expect(request.id).toBe(delivery.eventId);
    await desk.logged(webhook.id, (rows) => rows[0]?.state === 'delivered');
    expect(desk.receiver.at('/other')).toEqual([]);
  });

  test('a test goes to a paused and to a disabled endpoint, too, once, and changes nothing of it', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    desk.deliveries.start();
    desk.receiver.behave('/in', answering(410));
    await desk.tell();
    await desk.logged(webhook.id, (rows) => rows[0]?.attempts === 1);
    while ((await desk.webhooks.find(desk.owner, webhook.id)).status !== 'paused');
    const failed = await desk.webhooks.test(desk.owner, webhook.id);
    expect(failed).toMatchObject({ type: 'webhook.test', state: 'failed', status: 410, attempts: 1 });
    desk.receiver.behave('/in', answering(200, {}, 'well again'));
    expect(await desk.webhooks.test(desk.owner, webhook.id)).toMatchObject({
      state: 'delivered',
      answer: 'well again',
    });
    expect(await desk.webhooks.find(desk.owner, webhook.id)).toMatchObject({ status: 'paused', pending: 1 });
    await desk.webhooks.update(desk.owner, webhook.id, { enabled: false });
    expect(await desk.webhooks.test(desk.owner, webhook.id)).toMatchObject({ state: 'delivered' });
    expect(desk.receiver.received.map(({ json }) => json.type)).toEqual([
      'message.received',
      'webhook.test',
      'webhook.test',
      'webhook.test',
    ]);
  });

  test('the older payload is a choice of the endpoint', async () => {
    const desk = await openDesk(database);
    await desk.endpoint('/in', { format: 'legacy' });
    desk.deliveries.start();
    await desk.tell({ data: { from: '628123456789', text: 'halo', push_name: 'Budi' } });
    const request = await desk.receiver.nth('/in', 1);
    expect(request.json).toMatchObject({
      event: 'message',
      data: { from: '628123456789', message: 'halo', name: 'Budi', device_id: desk.tenant.device.id },
    });
  });

  test('what is told only once is told only once', async () => {
    const desk = await openDesk(database);
    await desk.endpoint('/in');
    for (let n = 0; n < 3; n++) await desk.tell({ cause: 'inbox:1' });
    await desk.tell({ cause: 'inbox:2' });
    desk.deliveries.start();
    await desk.receiver.until(() => desk.receiver.received.length === 2, 'two requests');
    expect(await desk.store.events.last(desk.tenant.account.id, desk.tenant.device.id)).toBe(2);
  });

  test('events of a device are numbered without a gap in the order of their commits', async () => {
    const desk = await openDesk(database);
    await Promise.all(Array.from({ length: 50 }, () => desk.tell()));
    const all = await desk.store.events.after(desk.tenant.account.id, desk.tenant.device.id, 0, 100);
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    expect(await desk.store.events.after(desk.tenant.account.id + 1, desk.tenant.device.id, 0, 100)).toEqual([]);
  });

  test('old events go, but those that wait for an endpoint', async () => {
    const desk = await openDesk(database);
    await desk.tell();
    const { webhook } = await desk.endpoint('/in');
    await desk.tell();
    desk.clock.advance(8 * DAY);
    expect(await desk.store.events.prune(desk.clock.now() - 7 * DAY, desk.clock.now() - 30 * DAY, 10)).toBe(1);
    expect(await desk.webhooks.find(desk.owner, webhook.id)).toMatchObject({ pending: 1 });
    desk.clock.advance(30 * DAY);
    expect(await desk.store.events.prune(desk.clock.now() - 7 * DAY, desk.clock.now() - 30 * DAY, 10)).toBe(1);
  });

  test('what another account has is not found', async () => {
    const desk = await openDesk(database);
    const { webhook } = await desk.endpoint('/in');
    const stranger = await createTenant(desk.store);
    const them = { accountId: stranger.account.id, deviceId: stranger.device.id };
    const missing = { code: 'not_found' };
    await expect(desk.webhooks.find(them, webhook.id)).rejects.toMatchObject(missing);
    await expect(desk.webhooks.update(them, webhook.id, { enabled: false })).rejects.toMatchObject(missing);
    await expect(desk.webhooks.remove(them, webhook.id)).rejects.toMatchObject(missing);
    await expect(desk.webhooks.rotate(them, webhook.id)).rejects.toMatchObject(missing);
    await expect(desk.webhooks.test(them, webhook.id)).rejects.toMatchObject(missing);
    await expect(desk.webhooks.deliveries(them, webhook.id, { limit: 1, page: 1 })).rejects.toMatchObject(missing);
    await expect(
      desk.webhooks.replayRange(them, webhook.id, { since: 0, until: 1, missed: true }),
    ).rejects.toMatchObject(missing);
    expect(await desk.webhooks.list(them)).toEqual([]);
  });
});
