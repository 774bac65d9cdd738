import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import type { Store } from '../../src/store/index.ts';
import type { GatewayCalls } from '../crash/gateway.ts';
import { Part } from '../crash/part.ts';
import { MASTER_KEY } from '../crash/world.ts';
import { createBrowser } from '../panel/support/browser.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { postgresPlace } from '../support/databases.ts';
import { rows } from '../support/rows.ts';

const server = inject('postgresUrl');

/** Nodes of one test, in one process: their own objects, sockets and ports, and one database. */
async function cluster() {
  const { url } = await postgresPlace(server ?? '');
  const network = await startNetwork();
  onTestFinished(() => network.stop());
  return {
    network,
    url: url ?? '',
    async node(role: 'all' | 'api' | 'worker', name: string, options: TestAppOptions = {}): Promise<TestApp> {
      const app = await startTestApp({
        network,
        ...options,
        env: {
          DATABASE_URL: url ?? '',
          WAGATE_ROLE: role,
          WAGATE_NODE: name,
          MASTER_KEY,
          DRAIN_SECONDS: '0',
          ...options.env,
        },
      });
      let stopped: Promise<void> | undefined;
      const stop = () => (stopped ??= app.stop());
      onTestFinished(stop);
      return { ...app, stop };
    },
  };
}

const send = (app: TestApp, recipient: string, message: string, more: object = {}) =>
  app.call('POST', '/send-message', { recipient, message, show_typing: false, ...more });

describe.skipIf(server === undefined)('an api node and a worker', () => {
  test('answer a request with what the phone on the other node says', async () => {
    const { network, node } = await cluster();
    const worker = await node('worker', 'worker');
    const api = await node('api', 'api', { env: { METRICS_TOKEN: 'an operator' } });
    const budi = network.contact('6281311110001');

    const sent = await send(api, budi.number, 'through two nodes');
    expect(sent).toMatchObject({ status: 200, body: { success: true } });
    expect((await budi.nextMessage()).text).toBe('through two nodes');
    // Nothing of the API is served where devices are kept.
    expect((await fetch(`${worker.url}/api/v1/device`)).status).toBe(404);
    expect((await fetch(`${worker.url}/health/ready`)).status).toBe(200);

    const nobody = network.contact('6281311110002', { registered: false });
    expect(await send(api, nobody.number, 'x')).toMatchObject({ status: 400, body: { code: 'number_not_registered' } });

    const device = await api.call('GET', '/device');
    expect(device.body.data).toMatchObject({ device: { status: 'connected' } });

    const figures = async () =>
      (await fetch(`${api.url}/metrics`, { headers: { authorization: 'Bearer an operator' } })).text();
    expect(await figures()).toContain('wagate_nodes{role="worker",state="live"} 1');
    await worker.stop();
    expect(await figures()).toContain('wagate_nodes{role="worker",state="stopped"} 1');
  });

  test('ask the owner of a device what only it can do: reactions, typing, groups, what was read, a QR code', async () => {
    const { network, node } = await cluster();
    await node('worker', 'worker');
    const api = await node('api', 'api');
    const sari = network.contact('6281311110003');

    const told = new Promise<void>((resolve) => api.app.events.on('message.received', () => resolve()));
    const asked = await sari.send(api.network.phone('6281234567890').number, 'Is it ready?');
    await told;
    const reaction = await api.call('POST', '/send-reaction', { message_id: asked.whatsappId, emoji: '👍' });
    expect(reaction).toMatchObject({ status: 200 });
    expect((await sari.nextMessage()).content.reactionMessage?.text).toBe('👍');
    expect(await api.call('POST', '/typing', { recipient: sari.number, state: 'composing' })).toMatchObject({
      status: 200,
    });
    const group = network.group('Warga', [api.network.phone('6281234567890'), sari]);
    expect(await api.call('GET', '/groups')).toMatchObject({ status: 200, body: { data: [{ subject: 'Warga' }] } });
    expect(await api.call('GET', `/groups/${group.jid}`)).toMatchObject({
      status: 200,
      body: { data: { id: group.jid } },
    });
    expect(await api.call('POST', '/send-reaction', { message_id: 'ABCDEF', emoji: '👍' })).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });

    const browser = createBrowser(api);
    const owner = await api.store.accounts.ownerOf(api.account.id);
    await browser.post('/sign-in/link', { token: await api.accounts.issueLink(owner?.email ?? '') });
    const made = await browser.post<{ id: number }>('/devices', { name: 'Second', kind: 'whatsapp' });
    const shown = api.until(() => api.app.fleet.state(made.id).is === 'pairing', 'the QR code to be shown here');
    await browser.post(`/devices/${made.id}/link`, {});
    await shown;
    const state = api.app.fleet.state(made.id);
    if (state.is === 'pairing') await network.phone('6281234567899').scan(state.qr);
    await api.untilConnected(made.id);
    expect(api.app.fleet.size).toBe(0);
    const health = await browser.get<{ nodes: { name: string; role: string }[] }>('/admin/health');
    expect(health.nodes.map(({ name, role }) => `${role} ${name}`).sort()).toEqual(['api api', 'worker worker']);
  });

  test('leave what has ended to one of them, and to the other when that one stops', async () => {
    const { url, node } = await cluster();
    const worker = await node('worker', 'worker');
    await node('api', 'api');
    const keeper = async () =>
      (await rows(url, "select node from duty where name = 'housekeeping' and expires_at > 0")).map(({ node }) => node);
    expect(await keeper()).toEqual(['worker']);
    await worker.stop();
    await expect.poll(keeper).toEqual(['api']);
  });

  test('count the requests of a token together', async () => {
    const { node } = await cluster();
    const env = { RATE_LIMIT_PER_MINUTE: '10' };
    await node('worker', 'worker');
    const one = await node('api', 'one', { env });
    const two = await node('api', 'two', { env });
    // Each start made a new token: the newest is good.
    const ask = (url: string) =>
      fetch(`${url}/api/v1/messages`, { headers: { authorization: `Bearer ${two.token}` } }).then(
        ({ status }) => status,
      );
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(n % 2 === 0 ? one.url : two.url)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  });

  test('refuse no request while a device moves to another worker', async () => {
    const { network, node } = await cluster();
    const first = await node('worker', 'first');
    await node('worker', 'second');
    const api = await node('api', 'api');
    const budi = network.contact('6281311110001');
    const over = new AbortController();
    const statuses: number[] = [];
    const writing = (async () => {
      while (!over.signal.aborted) statuses.push((await send(api, budi.number, `number ${statuses.length}`)).status);
    })();
    await first.stop();
    await api.until(() => statuses.length > 5, 'some more messages');
    over.abort();
    await writing;
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(budi.messages.map(({ text }) => text)).toEqual(statuses.map((_, n) => `number ${n}`));
  });
});

describe.skipIf(server === undefined)('an Idempotency-Key at two api nodes', () => {
  /** A worker and two api nodes, and what a customer posts to one of them under a key. */
  async function twoDoors(options: { readonly one?: TestAppOptions; readonly two?: TestAppOptions } = {}) {
    const { network, url, node } = await cluster();
    const env = { RATE_LIMIT_PER_MINUTE: '1000000' };
    await node('worker', 'worker');
    const one = await node('api', 'one', { quota: 100_000, ...options.one, env });
    const two = await node('api', 'two', { ...options.two, env });
    const budi = network.contact('6281311110001');
    // Each start makes a new token: the newest is good.
    let token = two.token;
    const post = async (at: { readonly url: string }, key: string, message: string, more: object = {}) => {
      const response = await fetch(`${at.url}/api/v1/send-message`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({ recipient: budi.number, message, show_typing: false, ...more }),
      });
      const text = await response.text();
      return { status: response.status, text, code: (JSON.parse(text) as { code?: string }).code };
    };
    const texts = () => budi.messages.map(({ text }) => text);
    const use = (newer: string) => {
      token = newer;
    };
    return { url, node, env, one, two, budi, post, texts, use };
  }

  test('makes one message and one answer, however many ask both nodes at one instant', async () => {
    const { one, two, budi, post, texts } = await twoDoors();
    const keys = Array.from({ length: 60 }, (_, n) => n);
    for (const n of keys) {
      const more = n % 3 === 0 ? { async: true } : {};
      const ask = (turn: number) => post(turn % 2 === 0 ? one : two, `key ${n}`, `message ${n}`, more);
      const answers = await Promise.all(Array.from({ length: 6 }, (_, turn) => ask(turn)));
      const taken = answers.filter(({ status }) => status < 300);
      expect(taken.length).toBeGreaterThan(0);
      // Whoever came while the first was being answered was told so, and when to ask again.
      const others = answers.filter(({ status }) => status >= 300);
      expect(others.filter(({ status, code }) => status !== 409 || code !== 'idempotency_in_progress')).toEqual([]);
      const again = await Promise.all([post(one, `key ${n}`, `message ${n}`, more), ask(1)]);
      expect(new Set([...taken, ...again].map(({ text }) => text)).size, JSON.stringify(answers)).toBe(1);
      const other = { status: 422, code: 'idempotency_mismatch' };
      expect(await post(n % 2 === 0 ? one : two, `key ${n}`, 'another body')).toMatchObject(other);
    }
    while (budi.messages.length < keys.length) await budi.nextMessage();
    await budi.idle();
    expect(texts().sort()).toEqual(keys.map((n) => `message ${n}`).sort());
    expect((await two.call('GET', '/messages')).body.pagination?.total).toBe(keys.length);
  });

  test('with two bodies at one instant sends one of them, and tells the other that it is another', async () => {
    const { one, two, budi, post, texts } = await twoDoors();
    const keys = Array.from({ length: 30 }, (_, n) => n);
    for (const n of keys) {
      const answers = await Promise.all([post(one, `key ${n}`, `${n} at one`), post(two, `key ${n}`, `${n} at two`)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
      expect(answers.find(({ status }) => status === 422)?.code).toBe('idempotency_mismatch');
      const sent = answers[0]?.status === 200 ? 'one' : 'two';
      expect(texts().at(-1)).toBe(`${n} at ${sent}`);
    }
    await budi.idle();
    expect(budi.messages).toHaveLength(keys.length);
  });

  test('of a node that froze before it accepted is taken over after a minute by one of those who ask, and is not used twice when it wakes', async () => {
    const ahead: Clock = { ...systemClock, now: () => systemClock.now() + 61_000 };
    const frozen = { entered: Promise.withResolvers<void>(), thawed: Promise.withResolvers<void>(), is: false };
    const storeManners = (store: Store): Store => ({
      ...store,
      async transaction(work) {
        if (frozen.is) {
          frozen.entered.resolve();
          await frozen.thawed.promise;
        }
        return store.transaction(work);
      },
    });
    const doors = await twoDoors({ one: { hands: { storeManners } }, two: { hands: { clock: ahead } } });
    const { one, two, budi, post, texts } = doors;
    const three = await doors.node('api', 'three', { hands: { clock: ahead }, env: doors.env });
    doors.use(three.token);
    const keys = Array.from({ length: 25 }, (_, n) => n);
    for (const n of keys) {
      frozen.is = true;
      frozen.entered = Promise.withResolvers();
      frozen.thawed = Promise.withResolvers();
      const first = post(one, `key ${n}`, `message ${n}`);
      await frozen.entered.promise;
      const answers = await Promise.all([two, three].map((at) => post(at, `key ${n}`, `message ${n}`)));
      frozen.is = false;
      frozen.thawed.resolve();
      expect(answers.some(({ status }) => status === 200)).toBe(true);
      expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
      expect(await first).toMatchObject({ status: 409, code: 'idempotency_in_progress' });
      const again = await post(one, `key ${n}`, `message ${n}`);
      const taken = [...answers.filter(({ status }) => status === 200), again];
      expect(new Set(taken.map(({ text }) => text)).size).toBe(1);
    }
    await budi.idle();
    expect(texts()).toEqual(keys.map((n) => `message ${n}`));
  });

  test('of a node that is killed with its message accepted is answered by the other from that message', async () => {
    const { url, two, budi, post, texts } = await twoDoors();
    const folder = mkdtempSync(join(tmpdir(), 'wagate-nodes-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    let deaths = 0;
    const rounds = Array.from({ length: 8 }, (_, n) => n);
    for (const n of rounds) {
      const doomed = new Part<GatewayCalls>('gateway.ts', join(folder, 'gateway.log'));
      onTestFinished(() => doomed.kill());
      const address = await doomed.call('go', {
        env: {
          PORT: '0',
          DATA_DIR: folder,
          DATABASE_URL: url,
          MASTER_KEY,
          WAGATE_ROLE: 'api',
          WAGATE_NODE: `doomed ${n}`,
          RATE_LIMIT_PER_MINUTE: '1000000',
          LOG_LEVEL: 'warn',
        },
        failpoint: { name: 'accepted', hit: 1 },
      });
      const dead = post({ url: address }, `key ${n}`, `message ${n}`).catch(() => undefined);
      // Half of them ask both at one instant, the others when the first is gone.
      if (n % 2 === 0) await doomed.gone;
      const answers = [await post(two, `key ${n}`, `message ${n}`)];
      if (doomed.isGone) deaths += 1;
      while (answers.at(-1)?.status === 409) answers.push(await post(two, `key ${n}`, `message ${n}`));
      expect(answers.at(-1)?.status, JSON.stringify(answers)).toBe(200);
      expect((await post(two, `key ${n}`, `message ${n}`)).text).toBe(answers.at(-1)?.text);
      await doomed.kill();
      await dead;
    }
    expect(deaths).toBeGreaterThanOrEqual(rounds.length / 2);
    await budi.idle();
    expect(texts()).toEqual(rounds.map((n) => `message ${n}`));
  });
});

test.skipIf(server === undefined)(
  'a node that was killed takes its own devices anew when it is started again',
  async () => {
    const { url, network, node } = await cluster();
    const before = await node('worker', 'worker');
    await before.stop();
    // What it had not given up, for longer than anybody waits.
    const left =
      "update device_lease set node = 'worker', expires_at = (extract(epoch from now()) + 3600) * 1000 returning 1";
    expect(await rows(url, left)).toHaveLength(1);
    const again = await node('worker', 'worker');
    // Until then it shows what the node that was killed said last: connected.
    await again.until(() => again.app.fleet.station(again.deviceId)?.state.is === 'connected', 'the device to be here');
    expect(network.phone('6281234567890').devices()).toHaveLength(1);
  },
);

describe.skipIf(server === undefined)('a node that may not go on', () => {
  test('says which migration it can not serve, and that its name is taken', async () => {
    const { url, node } = await cluster();
    const app = await node('all', 'one');
    await node('all', 'one', { untilConnected: false });
    expect(await app.app.ended).toContain('Another process runs under the name of this node');

    const other = await node('all', 'other', { untilConnected: false });
    const client = new pg.Client(url);
    await client.connect();
    await client.query("insert into migration values ('9998_more_online', 1)");
    expect(await other.store.foreign()).toBeUndefined();
    await client.query("insert into migration values ('9999_other', 1)");
    await client.end();
    expect(await other.app.ended).toContain('migration 9999_other');
  });
});
