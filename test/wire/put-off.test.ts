import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Stanza } from '../../simulator/index.ts';
import type { PacingSettings } from '../../src/gateway/pacing.ts';
import { PHONE, startTestApp, type TestApp } from '../support/app.ts';

// What pacing had put off until midnight, or until the end of a lock, slept until then, although the reason was gone long before. With the
// day that a message lives it expired unsent.

const NO_GAPS = { enabled: true, gap_ms: [0, 0], recipient_gap_ms: 0 } as const;
const NO_BUDGET = { ...NO_GAPS, new_conversations_first_day: 0, new_conversations_per_day: 0 };

let app: TestApp;
const putOff = new Set<number>();
beforeAll(async () => {
  app = await startTestApp({ pacing: NO_BUDGET });
  app.events.on('message.changed', (event) => {
    if (event.state === 'queued') putOff.add(event.messageId);
  });
});
afterAll(() => app?.stop());
beforeEach(() => change(NO_BUDGET));

let numbers = 6281500000000;
const contact = () => {
  numbers += 1;
  return app.network.contact(String(numbers));
};
const send = (recipient: string, message: string, more: object = {}) =>
  app.call('POST', '/send-message', { recipient, message, show_typing: false, ...more });
const row = async (id: number) => (await app.call('GET', `/messages/${id}`)).body.data;

/** Says something to the device, and gives it as the inbox shows it. */
async function hears(say: () => Promise<unknown>) {
  const { promise: heard, resolve } = Promise.withResolvers<number>();
  const off = app.events.on('message.received', ({ inboxId }) => resolve(inboxId));
  await say();
  const id = await heard.finally(off);
  return app.call('GET', `/inbox/${id}`);
}

async function sendPutOff(recipient: string, message: string, reason: string): Promise<number> {
  const accepted = await send(recipient, message, { async: true });
  const id = Number(accepted.body.data.id);
  await app.until(() => putOff.has(id), `"${message}" to be put off`);
  expect(await row(id)).toMatchObject({ waiting_for: 'pacing', waiting_reason: reason });
  return id;
}

async function change(pacing: Partial<PacingSettings>): Promise<void> {
  const settings = JSON.stringify({ pacing });
  const changed = await app.store.devices.update(app.account.id, app.deviceId, { settings });
  if (changed !== undefined) app.fleet.changeSettings(changed);
}

describe('a message that pacing has put off', () => {
  it('is none when the message before it opened no conversation after all: its number is not on WhatsApp', async () => {
    // The first test: nothing of the day is spent.
    await change({ ...NO_GAPS, new_conversations_first_day: 1, new_conversations_per_day: 1 });
    const ani = contact();
    const nobody = app.network.contact(String(numbers + 500), { registered: false });
    expect((await send(nobody.number, 'halo')).body).toMatchObject({ code: 'number_not_registered' });
    expect((await send(ani.number, 'halo')).status).toBe(200);
    expect((await ani.nextMessage()).text).toBe('halo');
    await sendPutOff(contact().number, 'halo', 'new_conversations');
  });

  it.each([
    ['the limit is raised', { ...NO_BUDGET, new_conversations_first_day: 100, new_conversations_per_day: 100 }],
    ['pacing is turned off', { ...NO_BUDGET, enabled: false }],
  ])('goes out when %s', async (_when, settings) => {
    const ani = contact();
    await sendPutOff(ani.number, 'halo', 'new_conversations');
    await change(settings);
    expect((await ani.nextMessage()).text).toBe('halo');
    expect(ani.messages).toHaveLength(1);
  });

  it.each([
    ['writes first', 'is it still there?'],
    ['asks for messages before anything else', 'MULAI'],
  ])('goes out when its recipient %s, and the answer after it', async (_who, said) => {
    const [ani, budi] = [contact(), contact()];
    const first = await sendPutOff(ani.number, 'our news', 'new_conversations');
    const other = await sendPutOff(budi.number, 'our news', 'new_conversations');
    await hears(() => ani.send(PHONE, said));
    expect((await send(ani.number, 'it is')).status).toBe(200);
    expect([(await ani.nextMessage()).text, (await ani.nextMessage()).text]).toEqual(['our news', 'it is']);
    expect(await row(first)).toMatchObject({ status: 'sent' });
    expect(await row(other)).toMatchObject({ status: 'pending', waiting_reason: 'new_conversations' });
  });

  it('still waits when its recipient writes in a group: only who writes to us has opened the conversation', async () => {
    const [ani, budi] = [contact(), contact()];
    const group = app.network.group('Pelanggan', [PHONE, ani, budi]);
    const before = await sendPutOff(ani.number, 'our news', 'new_conversations');
    for (const member of [ani, budi]) {
      const heard = await hears(() => member.send(group.jid, 'halo semua'));
      expect(heard.body.data).toMatchObject({ is_group: true, from_phone: member.number });
    }
    const after = await sendPutOff(budi.number, 'our news', 'new_conversations');
    expect(await row(before)).toMatchObject({ status: 'pending', waiting_reason: 'new_conversations' });
    await hears(() => ani.send(PHONE, 'is it still there?'));
    expect((await ani.nextMessage()).text).toBe('halo semua');
    expect((await ani.nextMessage()).text).toBe('our news');
    expect(await row(after)).toMatchObject({ status: 'pending', waiting_reason: 'new_conversations' });
  });

  it('waits no longer than WhatsApp’s lock, when its end is told later, and not for one that is lifted', async () => {
    const known = contact();
    const owner = app.fleet.station(app.deviceId)?.owner;
    if (owner === undefined) throw new Error('the device has no station');
    await app.store.conversations.open(owner, known.number, 'them', Date.now());
    await change({ ...NO_GAPS, new_conversations_first_day: 100, new_conversations_per_day: 100 });
    app.network.faults.refuse(463, { chat: known.number, times: 1 });
    expect((await send(known.number, 'refused')).status).toBe(400);
    const fresh = contact();
    const id = await sendPutOff(fresh.number, 'later', 'time_lock');

    const inTwoHours = Math.floor(Date.now() / 1000) + 7_200;
    await notice(known.number, { is_active: true, time_enforcement_ends: String(inTwoHours) });
    await expect
      .poll(() => row(id))
      .toMatchObject({ waiting_reason: 'time_lock', waiting_until: `${iso(inTwoHours)}.000000Z` });
    await notice(known.number, { is_active: false });
    expect((await fresh.nextMessage()).text).toBe('later');
    expect(fresh.messages).toHaveLength(1);
  });
});

const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);

/** WhatsApp tells of the lock as the device's next stanza comes, here that of a message to somebody known. */
async function notice(known: string, lock: object): Promise<void> {
  const content = Buffer.from(JSON.stringify({ data: { xwa2_notify_account_reachout_timelock: lock } }));
  const stanza: Stanza = {
    tag: 'notification',
    attrs: { type: 'mex', from: 's.whatsapp.net', id: String(numbers) },
    content: [{ tag: 'update', attrs: { op_name: 'NotificationUserReachoutTimelockUpdate' }, content }],
  };
  const off = app.network.onStanza((connection) => {
    if (!connection.device?.startsWith(PHONE)) return undefined;
    off();
    connection.send(stanza);
    return undefined;
  });
  expect((await send(known, 'answers go on')).status).toBe(200);
}
