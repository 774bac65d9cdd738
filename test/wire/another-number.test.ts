import { afterAll, beforeAll, expect, it } from 'vitest';
import { PHONE, startTestApp, type TestApp } from '../support/app.ts';

// A number that was banned is exchanged for another one in the same device: what WhatsApp held against the first, what that had sent and
// whom it had talked with counted for the second.

const OTHER_PHONE = '6281234567999';
const [ANI, BUDI, CITRA] = ['6281300000001', '6281300000002', '6281300000003'] as const;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    pacing: {
      enabled: true,
      gap_ms: [0, 0],
      recipient_gap_ms: 0,
      per_day: 4,
      new_conversations_first_day: 1,
      new_conversations_per_day: 1,
    },
  });
  app.events.on('message.changed', ({ messageId, state }) => {
    if (state === 'queued') putOff.add(messageId);
  });
});
afterAll(() => app?.stop());

const putOff = new Set<number>();
const send = (recipient: string, message: string, more: object = {}) =>
  app.call('POST', '/send-message', { recipient, message, show_typing: false, ...more });
const reasonOf = async (id: number) => (await app.call('GET', `/messages/${id}`)).body.data.waiting_reason;
const health = async () => (await app.call('GET', '/device')).body.data.health;

async function sendPutOff(recipient: string, message: string): Promise<number> {
  const id = Number((await send(recipient, message, { async: true })).body.data.id);
  await app.until(() => putOff.has(id), `"${message}" to be put off`);
  return id;
}

it('a number that links a device after another has nothing of that one held against it, and knows nobody yet', async () => {
  const [ani, budi] = [app.network.contact(ANI), app.network.contact(BUDI)];
  expect((await send(ANI, 'from the first number')).status).toBe(200);
  app.network.faults.refuse(463, { chat: ANI });
  expect((await send(ANI, 'refused')).body).toMatchObject({ code: 'refused_by_whatsapp' });
  expect(await health()).toMatchObject({ notices: [{ code: 'time_lock' }] });
  expect(await reasonOf(await sendPutOff(BUDI, 'after the change'))).toBe('time_lock');
  expect((await ani.nextMessage()).text).toBe('from the first number');

  await app.linkAnew(app.deviceId, PHONE, OTHER_PHONE);
  const arrived = await budi.nextMessage();
  expect([arrived.text, arrived.from]).toEqual(['after the change', OTHER_PHONE]);
  expect(await health()).toMatchObject({ status: 'ok', notices: [] });
  // The day has three more of four: the first number's two are not this one's.
  for (const text of ['two', 'three']) expect((await send(BUDI, text)).status).toBe(200);
  // To this number a stranger, whom the first one knew.
  expect(await reasonOf(await sendPutOff(ANI, 'from the other number'))).toBe('new_conversations');

  // It is no other number, so all of it counts on.
  await app.linkAnew(app.deviceId, OTHER_PHONE, OTHER_PHONE);
  expect(await reasonOf(await sendPutOff(CITRA, 'to a third'))).toBe('new_conversations');
  expect((await send(BUDI, 'four')).status).toBe(200);
  const { id } = (await send(BUDI, 'five', { async: true })).body.data;
  await expect.poll(() => reasonOf(Number(id))).toBe('per_day');
});
