import { afterAll, beforeAll, expect, it } from 'vitest';
import { PHONE, startTestApp, type TestApp } from '../support/app.ts';

// Baileys fetches the account's settings under the lock that each send needs, and asks again for ever while WhatsApp does not answer.
// The device was `connected`, its messages stayed in `sending`, and only a restart of the gateway helped.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.stop());

const send = (recipient: string, message: string) =>
  app.call('POST', '/send-message', { recipient, message, show_typing: false, async: true });

it('sends once, on the next connection, although WhatsApp answers no question about the account’s settings', async () => {
  const ani = app.network.contact('6281500000001');
  await send(ani.number, 'before');
  await ani.nextMessage();
  const states: string[] = [];
  app.events.on('device.changed', ({ state }) => states.push(state));
  const settled = new Set<number>();
  app.events.on('message.changed', ({ messageId, state }) => {
    if (state !== 'queued' && state !== 'sending') settled.add(messageId);
  });

  const fault = app.network.faults.ignoreAppState();
  const asked = app.network.nextStanza(
    ({ direction, node }) => direction === 'in' && node.attrs.xmlns === 'w:sync:app:state',
  );
  await app.network.phone(PHONE).rename('Toko Sari');
  await asked;
  const accepted = await send(ani.number, 'behind the settings');
  const id = Number(accepted.body.data.id);
  // WhatsApp stays as it is: the next connection must not be held up by the same question.
  await app.until(() => settled.has(id), 'the message to be acknowledged', 120_000);

  expect((await ani.nextMessage()).text).toBe('behind the settings');
  const { body } = await app.call('GET', `/messages/${id}`);
  expect(body.data).toMatchObject({ status: 'sent', message_id: accepted.body.data.message_id });
  expect(ani.messages.map(({ text }) => text)).toEqual(['before', 'behind the settings']);
  expect(states).toContain('connecting');
  expect(states).not.toContain('pairing');
  expect(app.network.counters.total).toMatchObject({ redelivered: 0, reusedIds: 0, undecryptable: 0 });
  expect(fault.hits).toBeGreaterThan(1);
});
