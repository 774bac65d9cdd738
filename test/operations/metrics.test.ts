import { afterEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { startMediaHost } from '../support/media-host.ts';
import { placeOf } from '../support/own-database.ts';
import { freePort } from '../support/port.ts';
import { rows } from '../support/rows.ts';

const TOKEN = 'a token of the operator';
const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };

let app: TestApp | undefined;
afterEach(async () => {
  await app?.stop();
  app = undefined;
});

async function start(env: Readonly<Record<string, string>>): Promise<TestApp> {
  app = await startTestApp({ sandbox: true, env });
  return app;
}

/** `name{labels} value` lines as a map. */
const valuesOf = (text: string) =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

describe('the figures for Prometheus', () => {
  test('are nowhere unless somebody asked for them', async () => {
    const { url } = await start({});
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });

  test('tell what became of messages, requests, addresses and devices, to whoever has the token', async () => {
    const { url, call, account } = await start({ METRICS_TOKEN: TOKEN, EGRESS_ALLOW: '', SEND_WAIT_SECONDS: '10' });
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect((await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer another' } })).status).toBe(401);
    const media = await startMediaHost((_request, response) => response.end());

    expect((await call('POST', '/send-message', { recipient: '628990000001', message: 'one' })).status).toBe(200);
    expect((await call('POST', '/send-message', { recipient: '628990000003', message: 'two' })).status).toBe(400);
    expect((await call('POST', '/send-message', { recipient: '628990000004', message: 'three' })).status).toBe(400);
    const inside = { recipient: '628990000001', media_url: 'http://10.9.8.7/secret-place.png' };
    expect((await call('POST', '/send-media', inside)).status).toBe(400);
    expect((await call('GET', '/messages/999999')).status).toBe(404);
    await media.stop();

    const answer = await fetch(`${url}/metrics`, bearer);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    const values = valuesOf(text);
    const value = (name: string) => values.get(name) ?? 0;
    expect(value('wagate_messages_total{outcome="accepted",code=""}')).toBe(4);
    expect(value('wagate_messages_total{outcome="sent",code=""}')).toBe(1);
    expect(value('wagate_messages_total{outcome="failed",code="number_not_registered"}')).toBe(1);
    expect(value('wagate_messages_total{outcome="failed",code="refused_by_whatsapp"}')).toBe(1);
    expect(value('wagate_messages_total{outcome="failed",code="media_unreachable"}')).toBe(1);
    expect(value('wagate_egress_refused_total{by="media",reason="address"}')).toBe(1);
    expect(value('wagate_send_ack_seconds_count')).toBe(1);
    expect(value('wagate_devices{kind="sandbox",state="connected"}')).toBe(1);
    expect(value('wagate_devices_enabled')).toBe(1);
    expect(value('wagate_messages_open{state="queued",waiting_for=""}')).toBe(0);
    expect(value('wagate_deliveries_open')).toBe(0);
    expect(value('wagate_up_to_date')).toBe(1);
    expect(value('wagate_nodes{role="all",state="live"}')).toBe(1);
    expect(value('wagate_nodes{role="all",state="dead"}')).toBe(0);
    expect(value('wagate_http_request_seconds_count{method="POST",route="/api/v1/send-message",status="400"}')).toBe(2);
    expect(value('wagate_http_request_seconds_count{method="GET",route="/api/v1/messages/:id",status="404"}')).toBe(1);
    expect(value('wagate_store_statement_seconds_count{failed="false"}')).toBeGreaterThan(20);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    // Nothing of anybody: numbers, names, addresses, tokens.
    expect(text).not.toMatch(/62899\d{7}|10\.9\.8\.7|secret-place|wag_|example\.com|localhost/);
    expect(text).not.toContain(account.name);
  });

  test('count a message once whose receipts overtook its acknowledgement', async () => {
    app = await startTestApp({ env: { METRICS_TOKEN: TOKEN } });
    const { url, call, network, dataDir } = app;
    if (network === undefined) throw new Error('the app has a network of its own');
    const contact = network.contact('6281600000001');
    contact.autoReceipts = 'delivered';
    network.faults.receipts('before-ack', { chat: '6281600000001' });
    for (const message of ['one', 'two', 'three'])
      await call('POST', '/send-message', { recipient: '6281600000001', message });
    // The acknowledgement is the last to be stored: its time is there.
    await expect
      .poll(async () => {
        const told = "select id from message where state = 'delivered' and server_time is not null";
        return (await rows(placeOf(dataDir), told)).length;
      })
      .toBe(3);
    const values = valuesOf(await (await fetch(`${url}/metrics`, bearer)).text());
    expect(values.get('wagate_messages_total{outcome="sent",code=""}')).toBe(3);
    expect(values.get('wagate_messages_total{outcome="delivered",code=""}')).toBe(3);
  });

  test('have a port of their own, and then none beside the API', async () => {
    const port = await freePort();
    const { url } = await start({ METRICS_PORT: String(port) });
    const page = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await page.text()).toContain('wagate_info{version=');
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/device`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, bearer)).status).toBe(404);
  });

  test('come with what can be known while the database does not answer', async () => {
    let fails = false;
    app = await startTestApp({
      sandbox: true,
      env: { METRICS_TOKEN: TOKEN },
      hands: {
        storeManners: (store) => ({
          ...store,
          load: { read: () => (fails ? Promise.reject(new Error('SQLITE_IOERR')) : store.load.read()) },
        }),
      },
    });
    fails = true;
    const values = valuesOf(await (await fetch(`${app.url}/metrics`, bearer)).text());
    expect(values.get('wagate_up_to_date')).toBe(0);
    expect(values.has('wagate_deliveries_open')).toBe(true);
    expect(values.get('wagate_devices{kind="sandbox",state="connected"}')).toBe(1);
  });
});

describe('whether it is ready', () => {
  test('is said with the part that fails: the database, its migrations', async () => {
    const { url, dataDir, app: running } = await start({});
    const ready = async () => {
      const answer = await fetch(`${url}/health/ready`);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    expect(await ready()).toMatchObject({ status: 200, body: { data: { status: 'ready', migrations: 'ok' } } });

    // Somebody put an older database in the place of this one.
    const newest = await running.store.version();
    await rows(placeOf(dataDir), 'delete from migration where name = ?', newest);
    // One look at the database answers for a second.
    await expect.poll(ready).toMatchObject({
      status: 503,
      body: { code: 'temporarily_unavailable', errors: { migrations: [expect.stringContaining(newest)] } },
    });
    await rows(placeOf(dataDir), 'insert into migration (name, applied_at) values (?, 0)', newest);
    await expect.poll(async () => (await ready()).status).toBe(200);
  });
});
