import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    pacing: {
      enabled: true,
      gap_ms: [0, 0],
      recipient_gap_ms: 0,
      new_conversations_first_day: 2,
      new_conversations_per_day: 2,
    },
  });
});
afterAll(() => app.stop());

const send = (recipient: string, message: string, more: object = {}) =>
  app.call('POST', '/send-message', { recipient, message, show_typing: false, ...more });
const row = async (id: unknown) => (await app.call('GET', `/messages/${id}`)).body.data;

it('opens only so many conversations, says why the next one waits, and lets answers flow on', async () => {
  const [first, second, third] = ['6281300000001', '6281300000002', '6281300000003'].map((n) => app.network.contact(n));
  if (!first || !second || !third) throw new Error('three contacts');
  expect((await send(first.number, 'one')).status).toBe(200);
  expect((await send(second.number, 'two')).status).toBe(200);
  const waiting = await send(third.number, 'three', { async: true });
  await app.until(() => changed.has(Number(waiting.body.data.id)), 'the third message to be judged');
  expect(await row(waiting.body.data.id)).toMatchObject({
    status: 'pending',
    waiting_for: 'pacing',
    waiting_reason: 'new_conversations',
  });
  // Known already: no conversation is opened.
  expect((await send(first.number, 'one more')).status).toBe(200);

  // Whoever writes first may be answered, whatever the budget says.
  const stranger = app.network.contact('6281300000004');
  const heard = new Promise((resolve) => app.events.on('message.received', resolve));
  await stranger.send('6281234567890', 'halo, masih ada?');
  await heard;
  expect((await send(stranger.number, 'masih')).status).toBe(200);
  expect((await stranger.nextMessage()).text).toBe('masih');

  const cancelled = await app.call('DELETE', `/messages/${waiting.body.data.id}`);
  expect(cancelled.body.data).toMatchObject({ state: 'cancelled', status: 'failed' });
});

it('takes WhatsApp’s word (463): nothing is tried again, new conversations wait, known ones go on', async () => {
  const known = app.network.contact('6281300000001');
  const other = app.network.contact('6281300000009');
  const refusal = app.network.faults.refuse(463, { chat: other.number });
  // High priority, so that the spent budget of this day does not keep it back: the lock does, for everybody.
  await app.store.conversations.open(owner(), other.number, 'them', Date.now());
  const refused = await send(other.number, 'refused');
  expect(refused.status).toBe(400);
  expect(refused.body).toMatchObject({ code: 'refused_by_whatsapp', message: expect.stringContaining('463') });
  expect(refusal.hits).toBe(1);
  const device = await app.call('GET', '/device');
  expect(device.body.data.health).toMatchObject({ status: 'warning', notices: [{ code: 'time_lock' }] });

  const fresh = app.network.contact('6281300000010');
  const waiting = await send(fresh.number, 'later', { async: true, priority: 'high' });
  await app.until(() => changed.has(Number(waiting.body.data.id)), 'the new conversation to be judged');
  expect(await row(waiting.body.data.id)).toMatchObject({ waiting_for: 'pacing', waiting_reason: 'time_lock' });
  expect((await send(known.number, 'known people hear from us')).status).toBe(200);
});

it('counts what went out while pacing was off, once it is turned on', async () => {
  const change = async (pacing: object) => {
    const row = await app.store.devices.find(app.account.id, app.deviceId);
    const settings = JSON.stringify({ pacing: { gap_ms: [0, 0], recipient_gap_ms: 0, ...pacing } });
    await app.store.devices.update(app.account.id, app.deviceId, { settings });
    if (row !== undefined) app.fleet.changeSettings({ ...row, settings });
  };
  await change({ enabled: false });
  const known = app.network.contact('6281300000001');
  for (const text of ['a', 'b']) expect((await send(known.number, text)).status).toBe(200);
  const sent = await app.store.messages.sentSince(owner(), Date.now() - 3_600_000, 100);
  await change({ enabled: true, per_hour: sent.length + 1 });
  expect((await send(known.number, 'the last of this hour')).status).toBe(200);
  const waiting = await send(known.number, 'one too many', { async: true });
  await expect
    .poll(() => row(waiting.body.data.id))
    .toMatchObject({ status: 'pending', waiting_for: 'pacing', waiting_reason: 'per_hour' });
});

const owner = () => {
  const station = app.fleet.station(app.deviceId);
  if (station === undefined) throw new Error('the device has no station');
  return station.owner;
};
const changed = new Set<number>();
beforeAll(() => {
  app.events.on('message.changed', (event) => {
    if (event.state === 'queued') changed.add(event.messageId);
  });
});
