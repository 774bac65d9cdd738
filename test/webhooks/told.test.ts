import type { ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { envelopes } from '../../src/http/v1/event-schemas.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const all = ['message.received', 'message.status', 'message.failed', 'device.status', 'device.health', 'quota.warning'];

describe('what webhooks are told', () => {
  let app: TestApp;
  let receiver: Receiver;
  let secret = '';
  let webhookId = 0;

  async function begin(options: TestAppOptions = {}) {
    receiver = await startReceiver();
    const env = { EGRESS_PORTS: `80,443,${receiver.port}`, RATE_LIMIT_PER_MINUTE: '100000', ...options.env };
    app = await startTestApp({ quota: 1000, ...options, env });
    const { status, body } = await app.call('POST', '/webhooks', { url: receiver.url('/in'), events: all });
    expect(status).toBe(201);
    secret = String(body.data.secret);
    webhookId = Number(body.data.id);
  }
  afterEach(async () => {
    const bodies = receiver.received;
    await app.stop();
    await receiver.stop();
    // Whatever the test was about: all is signed, and has its published shape.
    const webhook = new Webhook(secret);
    for (const { body, headers, path, json } of bodies) {
      if (path === '/in') webhook.verify(body, headers as Record<string, string>);
      const schema = envelopes.find(({ type }) => type === json.type)?.schema;
      expect(schema?.strict().parse(JSON.parse(body))).toEqual(JSON.parse(body));
    }
  });

  const of = (type: string) => receiver.received.filter(({ json }) => json.type === type).map(({ json }) => json.data);

  it('an incoming message, as the inbox has it', async () => {
    await begin();
    const budi = app.network.contact('6281400000001', { name: 'Budi' });
    const { whatsappId } = await budi.send('6281234567890', 'halo');
    await receiver.until(() => of('message.received').length === 1, 'the message');
    expect(of('message.received')[0]).toMatchObject({
      message_id: whatsappId,
      from: budi.number,
      from_phone: budi.number,
      push_name: 'Budi',
      text: 'halo',
      offline: false,
    });
    await budi.send('6281234567890', { image: Buffer.alloc(100), caption: 'foto' });
    await receiver.until(() => of('message.received').length === 2, 'the picture');
    const { media } = of('message.received')[1] as { media: { path: string; mimetype: string } };
    expect(media.mimetype).toBe('image/jpeg');
    expect((await app.call('GET', media.path.replace('/api/v1', ''))).status).toBe(200);
  });

  it('each step of a message once and in order, also when a receipt jumps over one', async () => {
    await begin();
    const budi = app.network.contact('6281400000002');
    budi.autoReceipts = 'read';
    const { body } = await app.call('POST', '/send-message', { recipient: budi.number, message: 'halo', ref: 'A-1' });
    const steps = () => of('message.status').filter(({ message_id }) => message_id === body.data.message_id);
    await receiver.until(() => steps().some(({ status }) => status === 'read'), 'the message to be read');
    expect(steps().map(({ status }) => status)).toEqual(['sent', 'delivered', 'read']);
    expect(steps()[0]).toMatchObject({ id: body.data.id, recipient: budi.number, ref: 'A-1', at: expect.any(String) });
  });

  it('receipts that come out of order take nothing back', async () => {
    await begin();
    const budi = app.network.contact('6281400000003');
    budi.autoReceipts = 'none';
    const { body } = await app.call('POST', '/send-message', { recipient: budi.number, message: 'halo' });
    const first = await budi.nextMessage();
    const steps = (id: unknown) =>
      of('message.status').flatMap(({ message_id, status }) => (message_id === id ? [status] : []));
    const isRead = (id: unknown) => receiver.until(() => steps(id).includes('read'), 'the message to be read');
    budi.read(first);
    await isRead(first.whatsappId);
    budi.delivered(first);
    // What comes after the late receipt on the same line has been worked off: so has that.
    await app.call('POST', '/send-message', { recipient: budi.number, message: 'lagi' });
    const second = await budi.nextMessage();
    budi.read(second);
    await isRead(second.whatsappId);
    expect((await app.call('GET', `/messages/${body.data.id}`)).body.data).toMatchObject({ state: 'read' });
    expect(steps(first.whatsappId)).toEqual(['sent', 'delivered', 'read']);
  });

  it('receipts that overtake the acknowledgement', async () => {
    await begin();
    const budi = app.network.contact('6281400000007');
    budi.autoReceipts = 'read';
    app.network.faults.receipts('before-ack', { chat: budi.number });
    const { body } = await app.call('POST', '/send-message', { recipient: budi.number, message: 'halo' });
    const steps = () => of('message.status').filter(({ message_id }) => message_id === body.data.message_id);
    await receiver.until(() => steps().some(({ status }) => status === 'read'), 'the message to be read');
    expect(steps().map(({ status }) => status)).toEqual(['sent', 'delivered', 'read']);
    expect((await app.call('GET', `/messages/${body.data.id}`)).body.data).toMatchObject({ state: 'read' });
  });

  it('both directions of a chat in one order', async () => {
    await begin();
    const held: ServerResponse[] = [];
    receiver.behave('/in', (response) => held.push(response));
    const [budi, ani] = ['6281400000008', '6281400000009'].map((number) => app.network.contact(number, { name: 'X' }));
    if (budi === undefined || ani === undefined) throw new Error('nobody');
    budi.autoReceipts = 'none';
    await app.call('POST', '/send-message', { recipient: budi.number, message: 'Jam berapa?' });
    await receiver.until(() => held.length === 1, 'what became of the question');
    await budi.send('6281234567890', 'Jam dua');
    // Later than the answer, and of another chat: it does not wait, and what could have gone before it has gone.
    await ani.send('6281234567890', 'halo');
    await receiver.until(() => held.length === 2, 'the other chat');
    const told = () => receiver.received.map(({ json }) => json.data.status ?? json.data.from);
    expect(told()).toEqual(['sent', ani.number]);
    for (const response of held.splice(0)) response.end();
    await receiver.until(() => held.length === 1, 'the answer');
    expect(told()).toEqual(['sent', ani.number, budi.number]);
    held[0]?.end();
  });

  it('a failure with its reason', async () => {
    await begin();
    app.network.faults.refuse(463, { chat: '6281400000004' });
    app.network.contact('6281400000004');
    await app.call('POST', '/send-message', { recipient: '6281400000004', message: 'halo' });
    await receiver.until(() => of('message.failed').length === 1, 'the failure');
    expect(of('message.failed')[0]).toMatchObject({ status: 'failed', error_code: 'refused_by_whatsapp' });
    const held = await app.call('POST', '/send-message', {
      recipient: '6281400000005',
      message: 'later',
      scheduled_at: '2100-01-01',
    });
    await app.call('DELETE', `/messages/${held.body.data.id}`);
    await receiver.until(() => of('message.failed').length === 2, 'the cancelling');
    expect(of('message.failed')[1]).toMatchObject({ status: 'cancelled', error_code: 'message_cancelled' });
  });

  it('that the quota comes to its end, once at 80 and once at 100 percent', async () => {
    await begin({ quota: 5 });
    const budi = app.network.contact('6281400000006');
    for (let n = 0; n < 6; n++) await app.call('POST', '/send-message', { recipient: budi.number, message: `${n}` });
    await receiver.until(() => of('quota.warning').length === 2, 'two warnings');
    expect(of('quota.warning')).toEqual([
      expect.objectContaining({ percent: 80, message_quota: 5, message_used: 4, message_remaining: 1 }),
      expect.objectContaining({ percent: 100, message_used: 5, message_remaining: 0 }),
    ]);
  });

  it('that the device was logged out', async () => {
    await begin();
    app.network.phone('6281234567890').unlink();
    await receiver.until(() => of('device.status').some(({ status }) => status === 'logged_out'), 'the news');
    expect(of('device.status').at(-1)).toMatchObject({ status: 'logged_out', reason: expect.any(String) });
    await receiver.until(() => of('device.health').some(({ status }) => status === 'critical'), 'the alarm');
  });

  it('endpoints are kept by the API: checked, changed, rotated, tested, read, deleted', async () => {
    await begin();
    const events = ['message.received'];
    for (const url of [
      'file:///etc/passwd',
      'ftp://example.com',
      'https://user:pw@example.com/',
      'nonsense',
      'http://127.0.0.1:1/x',
    ])
      expect((await app.call('POST', '/webhooks', { url, events })).body).toMatchObject({
        code: 'validation_failed',
        errors: { url: [expect.any(String)] },
      });
    expect((await app.call('POST', '/webhooks', { url: receiver.url('/x') })).body).toMatchObject({
      message: 'url and events are required',
    });
    expect((await app.call('POST', '/webhooks', { url: receiver.url('/x'), events: ['nothing'] })).status).toBe(422);
    const hidden = { url: `https://example.com/a\0b`, events: ['message.received'] };
    expect((await app.call('POST', '/webhooks', hidden)).body.errors).toEqual({
      url: ['url must not contain a NUL character'],
    });

    const inside = await app.call('POST', '/webhooks', { url: 'http://10.0.0.1/x', events });
    await app.call('POST', `/webhooks/${inside.body.data.id}/test`);
    const attempts = async () =>
      JSON.stringify((await app.call('GET', `/webhooks/${inside.body.data.id}/deliveries`)).body);
    await expect.poll(attempts, { timeout: 20_000 }).toContain('"reason":"address not allowed"');
    await app.call('DELETE', `/webhooks/${inside.body.data.id}`);

    const list = (await app.call('GET', '/webhooks')).body.data as unknown as Record<string, unknown>[];
    expect(list).toMatchObject([{ id: webhookId, events: all, status: 'active', format: 'standard' }]);
    expect(JSON.stringify(list)).not.toContain('whsec_');
    const changed = await app.call('PATCH', `/webhooks/${webhookId}`, { description: 'Shop', events });
    expect(changed.body.data).toMatchObject({ description: 'Shop', events, url: receiver.url('/in') });

    const test = await app.call('POST', `/webhooks/${webhookId}/test`);
    expect([test.status, test.body.data.type]).toEqual([202, 'webhook.test']);
    await receiver.until(() => of('webhook.test').length === 1, 'the test');
    const log = async () => (await app.call('GET', `/webhooks/${webhookId}/deliveries`)).body;
    await expect.poll(async () => JSON.stringify(await log()), { timeout: 20_000 }).not.toContain('pending');
    expect(await log()).toMatchObject({
      data: expect.arrayContaining([
        expect.objectContaining({ type: 'webhook.test', state: 'delivered', status: 200 }),
      ]),
      pagination: { total: expect.any(Number) },
    });
    const deliveries = `/webhooks/${webhookId}/deliveries/${test.body.data.id}`;
    expect((await app.call('POST', `${deliveries}/replay`)).body.data).toMatchObject({ replays: 1 });
    await receiver.until(() => of('webhook.test').length === 2, 'the test once more');
    expect((await app.call('GET', deliveries)).body.data).toMatchObject({ event_id: receiver.received.at(-1)?.id });
    expect((await app.call('POST', `/webhooks/${webhookId}/replay`, { since: '2020-01-01' })).body.data).toEqual({
      replayed: expect.any(Number),
    });

    const rotated = await app.call('POST', `/webhooks/${webhookId}/rotate-secret`);
    expect(rotated.body.data.secret).toMatch(/^whsec_/);
    expect(rotated.body.data.secret).not.toBe(secret);
    expect((await app.call('DELETE', `/webhooks/${webhookId}`)).body.data).toEqual({ deleted: true });
    expect((await app.call('GET', `/webhooks/${webhookId}`)).status).toBe(404);

    for (let n = 0; n < 20; n++)
      expect((await app.call('POST', '/webhooks', { url: receiver.url(`/${n}`), events })).status).toBe(201);
    expect((await app.call('POST', '/webhooks', { url: receiver.url('/21'), events })).body.code).toBe(
      'too_many_webhooks',
    );
  });
});
