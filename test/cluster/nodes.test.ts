import pg from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { MASTER_KEY } from '../crash/world.ts';
import { createBrowser } from '../panel/support/browser.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { postgresPlace } from '../support/databases.ts';

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

  test('ask the owner of a device what only it can do: reactions, typing, what was read, a QR code', async () => {
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
    if (state.is === 'pairing') void network.phone('6281234567899').scan(state.qr);
    await api.untilConnected(made.id);
    expect(api.app.fleet.size).toBe(0);
    const health = await browser.get<{ nodes: { name: string; role: string }[] }>('/admin/health');
    expect(health.nodes.map(({ name, role }) => `${role} ${name}`).sort()).toEqual(['api api', 'worker worker']);
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
