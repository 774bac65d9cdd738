import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Contact, Said } from '../../simulator/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { listen } from './support/live.ts';
import { createTenant, type Tenant } from './support/people.ts';

interface Chat {
  readonly peer: string;
  readonly name: string | null;
  readonly unread: number;
  readonly is_group: boolean;
  readonly last: { readonly by: string; readonly text: string | null; readonly type: string } | null;
}
interface Bubble {
  readonly key: string;
  readonly by: string;
  readonly type: string;
  readonly text: string | null;
  readonly inbox_id: number | null;
  readonly message_id: string;
  readonly state: string | null;
}
interface Thread {
  readonly chat: Chat;
  readonly messages: readonly Bubble[];
  readonly before: string | null;
}

let app: TestApp;
let tenant: Tenant;
let deviceId: number;
let budi: Contact;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true });
  tenant = await createTenant(app, { devices: 4 });
  deviceId = (await tenant.browser.post<{ id: number }>('/devices', { name: 'Toko', kind: 'sandbox' })).id;
  await app.untilConnected(deviceId);
  budi = app.network.contact('6281300000001', { name: 'Budi' });
});
afterAll(() => app?.stop());

const handset = () => `62898${String(deviceId).padStart(8, '0')}`;
const chats = (query = '') => tenant.browser.get<{ chats: Chat[]; unread: number }>(`/inbox${query}`);
const thread = (peer = budi.number, query = '') =>
  tenant.browser.get<Thread>(`/devices/${deviceId}/chats/${peer}${query}`);
const send = (more: object) => tenant.browser.post<{ id: number }>('/messages', { device_id: deviceId, ...more });

/** Resolves when what was said has its row in the inbox. */
async function hear(said: Said, from: Contact = budi, to = handset()): Promise<string> {
  const seen = new Set<string>();
  let look = () => undefined as unknown;
  const off = app.events.on('message.received', ({ whatsappId }) => {
    seen.add(whatsappId);
    look();
  });
  const { whatsappId } = await from.send(to, said);
  await new Promise<void>((resolve) => {
    look = () => seen.has(whatsappId) && resolve();
    look();
  });
  off();
  return whatsappId;
}

describe('a conversation', () => {
  test('shows both directions with quotes, edits, deletions and reactions', async () => {
    const first = await hear('Masih ada?');
    const wrong = await hear('salah');
    const at = (id: string, fromMe = true) => ({ remoteJid: budi.jid, fromMe, id });
    await hear({
      protocolMessage: { type: 14, key: at(first), editedMessage: { conversation: 'Masih ada yang biru?' } },
    });
    await hear({ protocolMessage: { type: 0, key: at(wrong) } });
    await send({ recipient: budi.number, message: 'Ada.', reply_to: first });
    const answer = await budi.nextMessage();
    expect(answer.text).toBe('Ada.');
    await hear({ reactionMessage: { key: at(answer.whatsappId, false), text: '👍' } });
    await tenant.browser.post(`/devices/${deviceId}/reactions`, { message_id: first, emoji: '🙏' });

    await expect.poll(async () => (await thread()).messages.at(-1)?.state, { interval: 200 }).toBe('delivered');
    expect(await thread()).toMatchObject({
      chat: { peer: budi.number, name: 'Budi', unread: 2, is_group: false, last: { by: 'us', text: 'Ada.' } },
      messages: [
        {
          by: 'them',
          text: 'Masih ada yang biru?',
          edited_at: expect.any(String),
          reactions: [{ from: 'me', emoji: '🙏' }],
        },
        { by: 'them', text: null, deleted_at: expect.any(String) },
        {
          by: 'gateway',
          text: 'Ada.',
          quote: { message_id: first, by: 'them', name: 'Budi', text: 'Masih ada?' },
          reactions: [{ from: budi.number, emoji: '👍' }],
        },
      ],
      before: null,
    });
  });

  test('goes back in pages, each message once, however many came in the same instant', async () => {
    const citra = app.network.contact('6281300000004', { name: 'Citra' });
    for (const text of ['1', '2', '3']) await hear(text, citra);
    for (const message of ['4', '5']) {
      await send({ recipient: citra.number, message });
      await citra.nextMessage();
    }
    const texts: (string | null)[] = [];
    let before = '';
    do {
      const page = await thread(citra.number, `?limit=2${before && `&before=${before}`}`);
      texts.unshift(...page.messages.map(({ text }) => text));
      before = page.before ?? '';
    } while (before !== '');
    expect(texts).toEqual(['1', '2', '3', '4', '5']);
  });

  test('can be had with somebody who has never written', async () => {
    await send({ recipient: '6281300000009', message: 'Halo' });
    expect(await thread('6281300000009')).toMatchObject({
      chat: { peer: '6281300000009', name: null, unread: 0 },
      messages: [{ by: 'gateway', text: 'Halo' }],
    });
    expect((await chats('?q=6281300000009')).chats).toEqual([]);
  });

  test('is marked as read, and its people see it', async () => {
    const dewi = app.network.contact('6281300000005', { name: 'Dewi' });
    const id = await hear('Halo', dewi);
    expect((await thread(dewi.number)).chat.unread).toBe(1);
    const receipt = dewi.nextReceipt({ id, type: 'read' });
    expect(await tenant.browser.ok('POST', `/devices/${deviceId}/chats/${dewi.number}/read`)).toMatchObject({
      unread: 0,
    });
    await receipt;
  });

  test('of a group names who wrote', async () => {
    const group = app.network.group('Warga', [app.network.phone(handset()), budi]);
    await hear('kerja bakti', budi, group.jid);
    expect(await thread(group.jid)).toMatchObject({
      chat: { is_group: true, name: null },
      messages: [{ by: 'them', push_name: 'Budi', from_phone: budi.number, text: 'kerja bakti' }],
    });
    expect((await chats('?show=groups')).chats.map(({ peer }) => peer)).toEqual([group.jid]);
    expect(await tenant.browser.get(`/devices/${deviceId}/groups`)).toContainEqual({
      id: group.jid,
      subject: 'Warga',
      participants: 2,
      announcement: false,
    });
  });

  test('has files behind links that expire', async () => {
    await hear({ document: Buffer.from('%PDF-1.4 isi'), mimetype: 'application/pdf', fileName: 'Faktur <b>.pdf' });
    const file = (await thread()).messages.at(-1);
    const link = await tenant.browser.get<{ url: string; filename: string }>(
      `/devices/${deviceId}/files/${file?.inbox_id}`,
    );
    expect(link).toMatchObject({ url: expect.stringMatching(/^\/media\//), filename: 'Faktur <b>.pdf' });
    const opened = await fetch(`${app.url}${link.url}`);
    expect([opened.status, await opened.text()]).toEqual([200, '%PDF-1.4 isi']);
  });
});

describe('the list of conversations', () => {
  test('has the newest first, with what is unread, and is found by words, names and numbers', async () => {
    const eka = app.network.contact('6281300000006', { name: 'Eka Putri' });
    await hear('Alamatnya di Jalan Kenanga', eka);
    const { chats: list, unread } = await chats();
    expect(list[0]).toMatchObject({ peer: eka.number, name: 'Eka Putri', unread: 1, last: { by: 'them' } });
    expect(unread).toBe(list.filter((one) => one.unread > 0).length);
    for (const q of ['kenanga', 'eka p', '0813-0000-0006'])
      expect(
        (await chats(`?q=${encodeURIComponent(q)}`)).chats.map(({ peer }) => peer),
        q,
      ).toEqual([eka.number]);
    expect((await chats('?show=unread&q=kenanga')).chats).toHaveLength(1);
    await tenant.browser.post(`/devices/${deviceId}/chats/${eka.number}/read`);
    expect((await chats('?show=unread&q=kenanga')).chats).toHaveLength(0);
    expect((await chats('?show=groups&q=kenanga')).chats).toHaveLength(0);
    expect((await chats(`?device_id=${deviceId}`)).chats).toHaveLength(list.length);
    expect((await tenant.browser.call('GET', '/inbox?device_id=999999')).status).toBe(404);
  });

  test('tells the live stream when something comes', async () => {
    const live = await listen(app, tenant.browser);
    await live.next('the state', ({ name }) => name === 'hello');
    await hear('Halo lagi');
    expect((await live.next('the inbox', ({ name }) => name === 'inbox')).data).toEqual({ device_id: deviceId });
    await live.stop();
  });
});
