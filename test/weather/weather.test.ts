import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { hasty } from '../crash/hands.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { ON_FILE } from '../support/own-database.ts';
import { freePort } from '../support/port.ts';
import { binaries, startPostgres } from '../support/postgres.ts';
import { createTraffic, eventually, NOTHING_WRONG, record } from './traffic.ts';

/** `npm run test:weather` takes the whole: 200 sockets, a minute that is one. */
const isLong = process.env.WEATHER === 'long';
const READER = '6281200000001';

let app: TestApp | undefined;
afterEach(async () => {
  await app?.stop();
  app = undefined;
});

const ready = async ({ app: { url } }: TestApp) => {
  const answer = await fetch(`${url}/health/ready`);
  const body = (await answer.json()) as { errors?: Record<string, unknown> };
  return { status: answer.status, parts: Object.keys(body.errors ?? {}) };
};

/** A message from outside, and the row that it becomes. */
function heard(by: TestApp): Promise<number> {
  return new Promise((resolve) => {
    const off = by.events.on('message.received', ({ inboxId }) => {
      off();
      resolve(inboxId);
    });
  });
}

const mount = (folder: string, size: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0;

describe('a full disk', () => {
  test('refuses with 503, loses nothing that was accepted or came in, and goes on when there is room', async ({
    skip,
  }) => {
    const disk = mkdtempSync(join(tmpdir(), 'wagate-disk-'));
    onTestFinished(() => rmSync(disk, { recursive: true, force: true }));
    if (!mount(disk, '12m')) return skip('a small disk can be mounted only by root');
    onTestFinished(() => void execFileSync('umount', ['-l', disk]));
    app = await startTestApp({ dataDir: disk, env: ON_FILE });
    const contact = app.network.contact(READER);
    const traffic = createTraffic(app, contact);
    expect(await traffic.post()).toBe(200);

    fill(disk);
    // The log has room left inside for a while; then it must grow, and cannot.
    for (let tries = 0; tries < 3_000 && traffic.statuses[503] === undefined; tries += 1)
      await traffic.post({ async: true });
    expect(traffic.codes).toEqual({ temporarily_unavailable: 1 });
    for (let n = 0; n < 5; n += 1) expect(await traffic.post()).toBe(503);
    const form = new FormData();
    form.append('recipient', READER);
    form.append('file', new Blob([new Uint8Array(100_000)]), 'report.pdf');
    const headers = { authorization: `Bearer ${app.token}` };
    const upload = await fetch(`${app.url}/api/v1/send-media`, { method: 'POST', headers, body: form });
    expect([upload.status, await upload.json()]).toMatchObject([503, { code: 'temporarily_unavailable' }]);
    const arriving = heard(app);
    await contact.send('6281234567890', 'while the disk is full');

    rmSync(join(disk, 'filler'));
    const recoveredMs = await eventually('a message to be taken again', async () => (await traffic.post()) === 200);
    await arriving;
    const books = await traffic.books();
    expect(books).toMatchObject(NOTHING_WRONG);
    await expect.poll(async () => app && (await ready(app)).status).toBe(200);
    record('disk full', { ...books, statuses: traffic.statuses, recoveredMs });
  });
});

/** To the last byte. */
function fill(disk: string): void {
  const path = join(disk, 'filler');
  for (const size of [65_536, 4_096, 512, 1])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
}

describe('a database that is gone', () => {
  const bin = binaries();
  test.skipIf(bin === undefined)('PostgreSQL stopped and started: 503, and all goes on by itself', async () => {
    const cluster = await startPostgres(bin ?? '');
    onTestFinished(() => cluster.stop());
    app = await startTestApp({ env: { DATABASE_URL: cluster.url } });
    const contact = app.network.contact(READER);
    const traffic = createTraffic(app, contact);
    expect(await traffic.post()).toBe(200);
    for (let n = 0; n < 5; n += 1) await traffic.post({ async: true });

    await cluster.halt();
    expect(await ready(app)).toEqual({ status: 503, parts: ['store'] });
    for (let n = 0; n < 5; n += 1) expect(await traffic.post()).toBe(503);
    const arriving = heard(app);
    await contact.send('6281234567890', 'while the database is gone');

    await cluster.start();
    const recoveredMs = await eventually(
      'a message to be taken again',
      async () => (await traffic.post({ when_offline: 'hold' })) < 300,
    );
    await arriving;
    const books = await traffic.books();
    expect(books).toMatchObject(NOTHING_WRONG);
    await expect.poll(async () => app && (await ready(app)).status).toBe(200);
    record('PostgreSQL stopped and started', { ...books, statuses: traffic.statuses, recoveredMs });
    await app.stop();
    app = undefined;
  });

  test('a SQLite file that another program has locked: 503, and all goes on when it lets go', async () => {
    app = await startTestApp({ env: ON_FILE });
    const contact = app.network.contact(READER);
    const traffic = createTraffic(app, contact);
    expect(await traffic.post()).toBe(200);
    const other = new DatabaseSync(join(app.dataDir, 'wagate.db'));
    other.exec('begin immediate');
    for (let n = 0; n < 2; n += 1) expect(await traffic.post()).toBe(503);
    const arriving = heard(app);
    await contact.send('6281234567890', 'while the file is locked');
    other.exec('rollback');
    other.close();
    const recoveredMs = await eventually(
      'a message to be taken again',
      async () => (await traffic.post({ when_offline: 'hold' })) < 300,
    );
    await arriving;
    const books = await traffic.books();
    expect(books).toMatchObject(NOTHING_WRONG);
    record('SQLite locked by another program', { ...books, statuses: traffic.statuses, recoveredMs });
  });
});

describe('a clock that jumps', () => {
  test.each([
    ['an hour forward', 3_600_000],
    ['an hour back', -3_600_000],
  ])('%s: what waited goes out, what comes is taken, and the device stays', async (name, jump) => {
    let ahead = 0;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
    const network = await startNetwork();
    onTestFinished(() => network.stop());
    app = await startTestApp({ hands: { clock }, network });
    const contact = network.contact(READER);
    const traffic = createTraffic(app, contact);
    // The account's own time began earlier than any of these hours.
    ahead = 2 * 3_600_000;
    expect(await traffic.post()).toBe(200);
    // One that is on its way when the clock jumps, without an answer yet.
    network.faults.delayAcks(300);
    const underWay = traffic.post();
    // Behind it, in the same chat: they are still in the queue.
    for (let n = 0; n < 3; n += 1) await traffic.post({ async: true });
    ahead += jump;
    expect([200, 202]).toContain(await underWay);
    network.faults.clear();
    expect(await traffic.post()).toBe(200);
    const arriving = heard(app);
    await contact.send('6281234567890', 'at another time');
    await arriving;
    const books = await traffic.books();
    expect(books).toMatchObject(NOTHING_WRONG);
    expect(app.fleet.state(app.deviceId).is).toBe('connected');
    await expect.poll(async () => app && (await ready(app)).status).toBe(200);
    record(`the clock jumps ${name}`, { ...books, statuses: traffic.statuses });
  });
});

describe('a WhatsApp that is gone', () => {
  test('for a minute: the caller is told, what may wait is pending, and goes out once when it is back', async () => {
    const storage = mkdtempSync(join(tmpdir(), 'wagate-gone-'));
    onTestFinished(() => rmSync(storage, { recursive: true, force: true }));
    const port = await freePort();
    const open = () => startNetwork({ storage: join(storage, 'network.db'), port });
    let network = await open();
    onTestFinished(() => network.stop());
    // Ten times as fast: the minute takes six seconds, and the pauses between its tries keep their proportion.
    const haste = isLong ? 1 : 10;
    const clock = isLong ? systemClock : hasty(haste);
    app = await startTestApp({ hands: { clock }, network });
    const traffic = createTraffic(
      {
        ...app,
        get network() {
          return network;
        },
      } as TestApp,
      network.contact(READER),
    );
    expect(await traffic.post()).toBe(200);
    const began = clock.monotonic();
    await network.stop();
    await app.until(() => app?.fleet.isConnected(app.deviceId) === false, 'the loss to be noticed');
    expect(await traffic.post()).toBe(400);
    expect(traffic.codes).toEqual({ device_not_connected: 1 });
    for (let n = 0; n < 5; n += 1) expect(await traffic.post({ when_offline: 'hold', async: true })).toBe(202);
    const { body } = await app.call('GET', '/messages?limit=1');
    expect(body.data).toMatchObject([{ status: 'pending', waiting_for: 'device_offline' }]);
    await clock.sleep(Math.max(0, 60_000 - (clock.monotonic() - began)));

    network = await open();
    const back = clock.monotonic();
    await app.until(() => app?.fleet.isConnected(app.deviceId) === true, 'the connection to come back', 120_000);
    const recoveredMs = Math.round(clock.monotonic() - back);
    const reader = network.contact(READER);
    await eventually(
      'what waited to arrive',
      () => traffic.accepted.every((text) => reader.messages.some((one) => one.text === text)),
      90_000,
    );
    const texts = reader.messages.map(({ text }) => text);
    expect(texts).toHaveLength(traffic.accepted.length);
    expect(network.counters.total).toMatchObject({ undecryptable: 0, reusedRatchetSteps: 0, reusedIds: 0 });
    record('WhatsApp gone for a minute', {
      accepted: traffic.accepted.length,
      lost: traffic.accepted.filter((text) => !texts.includes(text)).length,
      doubled: texts.length - new Set(texts).size,
      statuses: traffic.statuses,
      recoveredMs,
      haste,
    });
  });

  test(`${isLong ? 200 : 20} sockets cut at once: all come back, and every message arrives once`, {
    timeout: 900_000,
  }, async () => {
    const sockets = isLong ? 200 : 20;
    app = await startTestApp({ sandbox: true, env: { RATE_LIMIT_PER_MINUTE: '100000' } });
    const { app: running, account } = app;
    const offer = await running.store.packages.create({
      name: 'Weather',
      message_quota: 10,
      device_limit: sockets,
      days: 30,
      price_idr: 0,
      is_trial: 0,
      rate_limit_per_minute: null,
    });
    await running.store.subscriptions.assign(account.id, offer, running.clock.now());
    const devices = [{ id: app.deviceId, token: app.token }];
    while (devices.length < sockets) {
      const { id } = await running.devices.create(account.id, { name: `Socket ${devices.length}`, kind: 'sandbox' });
      devices.push({ id, token: await running.devices.issueToken(account.id, id) });
    }
    await running.fleet.refresh();
    const connected = () =>
      devices.filter(({ id }) => {
        const state = running.fleet.state(id);
        return state.is === 'connected' && state.caughtUp;
      }).length;
    await eventually('all to be connected', () => connected() === sockets, 600_000);
    const post = async ({ id, token }: (typeof devices)[number], n: number) => {
      const text = `socket ${id}, message ${n}`;
      const answer = await fetch(`${running.url}/api/v1/send-message`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ recipient: '628990000001', message: text, when_offline: 'hold' }),
      });
      await answer.text();
      return { text, status: answer.status };
    };
    const first = await Promise.all(devices.map((device) => post(device, 1)));
    const underWay = devices.map((device) => post(device, 2));
    app.network.cut();
    const began = performance.now();
    const later = devices.map((device) => post(device, 3));
    const answers = [...first, ...(await Promise.all(underWay)), ...(await Promise.all(later))];
    const accepted = answers.filter(({ status }) => status === 200 || status === 202).map(({ text }) => text);
    await eventually('all to be connected again', () => connected() === sockets, 300_000);
    const recoveredMs = Math.round(performance.now() - began);
    const reader = app.network.contact('628990000001');
    const texts = () => reader.messages.map(({ text }) => text ?? '');
    // The sandbox keeps the newest of each person: what is asked is whether the gateway knows each as sent, once.
    const states = async () => {
      const counts: Record<string, number> = {};
      for (const { id } of devices) {
        const { rows } = await running.store.messages.list(account.id, id, { page: 1, limit: 10 });
        for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1;
      }
      return counts;
    };
    const settled = async () => {
      const { queued = 0, sending = 0 } = await states();
      return queued + sending === 0;
    };
    await eventually('all to be sent', settled, 300_000);
    const seen = texts();
    expect(answers.every(({ status }) => status === 200 || status === 202)).toBe(true);
    const { sent = 0, delivered = 0, read = 0 } = await states();
    expect(sent + delivered + read).toBe(accepted.length);
    expect(new Set(seen).size).toBe(seen.length);
    expect(app.network.counters.total).toMatchObject({ undecryptable: 0, reusedRatchetSteps: 0, reusedIds: 0 });
    const statuses = Object.fromEntries(
      [200, 202].map((code) => [code, answers.filter(({ status }) => status === code).length]),
    );
    record(`${sockets} sockets cut at once`, {
      accepted: accepted.length,
      arrived: sent + delivered + read,
      doubled: seen.length - new Set(seen).size,
      statuses,
      recoveredMs,
    });
  });
});
