import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Contact } from '../../simulator/index.ts';
import type { PersonExport } from '../../src/gateway/people.ts';
import { type Browser, createBrowser } from '../panel/support/browser.ts';
import { createTenant, signInAsAdministrator } from '../panel/support/people.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { databaseOf } from '../support/own-database.ts';
import { run } from '../support/process.ts';
import { eventually } from '../weather/traffic.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { inFiles, inTables } from './everything.ts';

/** Words that stand nowhere but where one person's data does. */
const WORDS = {
  name: 'Budi-nama-5c1a',
  received: 'diterima-8d21',
  sent: 'dikirim-19be',
  group: 'di-grup-77aa',
  file: 'isi-berkas-e0f4',
  caption: 'keterangan-3b9d',
};
const NUMBER = '6281300000001';
const HOME = '081300000001';
const device = '6281234567890';

async function settled(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited for ${what}`);
}

let app: TestApp;
let owner: Browser;
let budi: Contact;
let ani: Contact;
let receiver: Awaited<ReturnType<typeof startReceiver>>;

beforeAll(async () => {
  receiver = await startReceiver();
  app = await startTestApp({
    quota: 1_000,
    env: { EGRESS_PORTS: `80,443,${receiver.port}`, RATE_LIMIT_PER_MINUTE: '100000' },
  });
  owner = await signInAsAdministrator(app);
  budi = app.network.contact(NUMBER, { name: WORDS.name });
  ani = app.network.contact('6281300000002', { name: 'Ani' });
});
afterAll(async () => {
  await app?.stop();
  await receiver?.stop();
});

const inbox = async () => (await app.call('GET', '/inbox?limit=100')).body.data as unknown as Record<string, unknown>[];
const rowOf = async (whatsappId: string) => {
  let found: Record<string, unknown> | undefined;
  await settled(async () => {
    found = (await inbox()).find(({ message_id }) => message_id === whatsappId);
    return found !== undefined;
  }, `${whatsappId} in the inbox`);
  return found ?? {};
};
const identities = () => [NUMBER, HOME, budi.lid.replace('@lid', ''), ...Object.values(WORDS)];

/** Everything that one person leaves behind: sent, received, a file, a group, quotes, a wish for no more. */
async function live(): Promise<void> {
  const hook = receiver.url('/hook');
  const made = await app.call('POST', '/webhooks', {
    url: hook,
    events: ['message.received', 'message.status', 'message.failed'],
  });
  expect(made.status).toBe(201);
  receiver.behave('/hook', (response, { body }) => response.writeHead(200).end(`got ${body}`));
  const key = { 'idempotency-key': 'pesanan-1' };
  expect(
    (await app.call('POST', '/send-message', { recipient: HOME, message: WORDS.sent, ref: NUMBER }, key)).status,
  ).toBe(200);
  const received = await budi.send(device, WORDS.received);
  const file = await budi.send(device, {
    document: Buffer.from(WORDS.file),
    fileName: 'a.txt',
    caption: WORDS.caption,
  });
  const { id } = await rowOf(file.whatsappId);
  expect((await app.call('GET', `/inbox/${id}/media`)).status).toBe(200);
  await rowOf(received.whatsappId);
  expect(
    (await app.call('POST', '/send-message', { recipient: NUMBER, message: 'ya', reply_to: received.whatsappId }))
      .status,
  ).toBe(200);

  const group = app.network.group('Warga', [app.network.phone(device), budi, ani]);
  const said = await budi.send(group.jid, WORDS.group);
  await rowOf(said.whatsappId);
  expect(
    (await app.call('POST', '/send-message', { recipient: group.jid, message: 'setuju', reply_to: said.whatsappId }))
      .status,
  ).toBe(200);
  const quoting = await ani.send(group.jid, {
    extendedTextMessage: {
      text: `ikut @${NUMBER}`,
      contextInfo: { stanzaId: said.whatsappId, participant: budi.jid, quotedMessage: { conversation: WORDS.group } },
    },
  });
  await rowOf(quoting.whatsappId);
  const about = await ani.send(device, `nomor Budi ${HOME}`);
  await rowOf(about.whatsappId);
  expect(
    (await app.call('POST', '/send-message', { recipient: ani.number, message: `hubungi ${NUMBER}` })).status,
  ).toBe(200);
  await rowOf((await budi.send(device, 'STOP')).whatsappId);
  await receiver.until(() => receiver.received.length >= 6, 'deliveries');
  await eventually('all deliveries', async () => (await app.store.load.read()).deliveries === 0);
}

describe('one person’s data', () => {
  test('is found, handed out whole, and erased everywhere, so that nothing of it is left in the database or the folder', async () => {
    await live();
    const words = identities();
    // The search finds them where they are: in tables, sealed values and files.
    await app.store.compact();
    const before = await inTables(app.dataDir, app.store.vault, words);
    expect(new Set(before.map(({ word }) => word))).toEqual(new Set(words.filter((word) => word !== WORDS.file)));
    const tables = new Set(before.map(({ where }) => where.split('.')[0]));
    for (const table of [
      'message',
      'message_proto',
      'inbox',
      'event',
      'delivery',
      'decrypt_journal',
      'conversation',
      'device_key',
      'idempotency',
    ])
      expect(tables).toContain(table);
    expect(await inFiles(app.dataDir, [WORDS.file])).toHaveLength(1);
    // In the clear stand numbers and ids alone, never a name or a text.
    expect(await inFiles(app.dataDir, [WORDS.name, WORDS.received, WORDS.sent, WORDS.group, WORDS.caption])).toEqual(
      [],
    );

    const summary = await owner.post<Record<string, unknown>>('/people/look', { person: '0813-0000-0001' });
    expect(summary).toMatchObject({
      phone: NUMBER,
      hidden_ids: [budi.lid],
      sent: 2,
      received: 4,
      files: 1,
      opted_out_at: expect.any(String),
    });
    const record = await owner.post<PersonExport>('/people/export', { person: NUMBER });
    const text = JSON.stringify(record);
    for (const word of [WORDS.name, WORDS.received, WORDS.sent, WORDS.group, WORDS.caption])
      expect(text).toContain(word);
    expect([record.sent.length, record.received.length, record.files.length]).toEqual([2, 4, 1]);
    expect(record.deliveries).toContainEqual(
      expect.objectContaining({ to: new URL(receiver.url('/')).origin, status: 200 }),
    );
    expect(await (await fetch(`${app.url}${record.files[0]?.path}`)).text()).toBe(WORDS.file);
    // By the hidden id it is the same person.
    expect(await owner.post('/people/look', { person: budi.lid })).toEqual(summary);

    expect((await owner.call('POST', '/people/erase', { body: { person: NUMBER, confirm: ani.number } })).status).toBe(
      422,
    );
    const erased = await owner.post<Record<string, number>>('/people/erase', { person: NUMBER, confirm: NUMBER });
    expect(erased).toMatchObject({ messages: 2, inbox: 4, files: 1 });
    for (const what of ['events', 'journal', 'keys', 'struck', 'conversations'])
      expect(erased[what]).toBeGreaterThan(0);

    await app.untilConnected(app.deviceId);
    await app.store.compact();
    expect(await inTables(app.dataDir, app.store.vault, words)).toEqual([]);
    expect(await inFiles(app.dataDir, words)).toEqual([]);
    expect((await fetch(`${app.url}${record.files[0]?.path}`)).status).toBe(404);
    // Others kept theirs, without the number.
    const left = (await inbox()).map((row) => row.text);
    expect(left).toContain('nomor Budi [erased]');
    expect(left).toContain('ikut @[erased]');
    expect(await owner.post('/people/look', { person: NUMBER })).toMatchObject({
      sent: 0,
      received: 0,
      files: 0,
      keys: 0,
    });
    expect(await owner.get('/audit')).toContainEqual(
      expect.objectContaining({ kind: 'person.erased', subject: '6281***001', user: expect.stringContaining('@') }),
    );
  });

  test('is gone, and the wish for no more messages still holds, until they write otherwise', async () => {
    const found = await app.app.devices.find(app.account.id, app.deviceId);
    const settings = JSON.stringify({ ...JSON.parse(found.settings), opt_out: 'refuse' });
    await app.store.devices.update(app.account.id, app.deviceId, { settings });
    const send = () => app.call('POST', '/send-message', { recipient: NUMBER, message: 'promo' });
    expect((await send()).body).toMatchObject({ code: 'recipient_opted_out' });
    // The encrypted session was erased, too: it is made anew.
    await rowOf((await budi.send(device, 'MULAI')).whatsappId);
    expect((await send()).status).toBe(200);
    const heard: (string | undefined)[] = [];
    while (!heard.includes('promo')) heard.push((await budi.nextMessage()).text);
  });

  test('of a device of the account itself is not erased as a contact; nobody else sees or erases it', async () => {
    const refused = await owner.call('POST', '/people/look', { body: { person: device } });
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      { person: [expect.stringContaining('device of this account')] },
    ]);
    const stranger = await createTenant(app);
    expect(await stranger.browser.post('/people/look', { person: ani.number })).toMatchObject({ sent: 0, received: 0 });
    await stranger.browser.post('/people/erase', { person: ani.number, confirm: ani.number });
    expect(await owner.post('/people/look', { person: ani.number })).toMatchObject({ sent: 1, received: 2 });
  });

  test('is handed out and erased by the command line beside the running gateway', async () => {
    const env = { DATA_DIR: app.dataDir, PORT: '0', SANDBOX: 'false', ...(await databaseOf(app.dataDir)) };
    const wagate = async (...args: string[]) => {
      const program = run('src/cli.ts', [...args, '--json'], env);
      const code = await program.ended;
      return { code, data: JSON.parse(program.lines.at(-1) ?? 'null') };
    };
    const exported = await wagate('person', 'export', ani.number);
    expect(exported.data.received.map(({ text }: { text: string }) => text)).toEqual([
      'ikut @[erased]',
      'nomor Budi [erased]',
    ]);
    const done = await wagate('person', 'erase', ani.number);
    expect(done, JSON.stringify(done)).toMatchObject({ code: 0, data: { messages: 1, inbox: 2 } });
    expect(await owner.post('/people/look', { person: ani.number })).toMatchObject({ sent: 0, received: 0, keys: 0 });
    expect(await inFiles(app.dataDir, [ani.number])).toEqual([]);
  });
});

describe('how long messages are kept', () => {
  test('is a choice of the account; what is older goes with its files, and what waits stays', async () => {
    const citra = app.network.contact('6281300000009', { name: 'Citra' });
    // The device is just being taken anew, without the keys that were erased.
    await app.call('POST', '/send-message', { recipient: citra.number, message: 'lama', when_offline: 'hold' });
    const waits = await app.call('POST', '/send-message', {
      recipient: citra.number,
      message: 'terjadwal',
      when_offline: 'hold',
      scheduled_at: new Date(Date.now() + 200 * 86_400_000).toISOString(),
    });
    const file = await citra.send(device, { document: randomBytes(100), fileName: 'b.bin' });
    const { id } = await rowOf(file.whatsappId);
    const { url } = (await app.call('GET', `/inbox/${id}/media`)).body.data as { url: string };
    expect((await fetch(url)).status).toBe(200);

    expect(await owner.get('/privacy')).toEqual({ retention_days: null });
    const prune = (days: number) => app.panel.people.prune(app.clock.now() + days * 86_400_000);
    await prune(3_000);
    expect(await owner.post('/people/look', { person: citra.number })).toMatchObject({ sent: 2, received: 1 });
    expect(await owner.ok('PUT', '/privacy', { retention_days: 30 })).toEqual({ retention_days: 30 });
    await prune(29);
    expect(await owner.post('/people/look', { person: citra.number })).toMatchObject({ sent: 2, received: 1 });
    await prune(31);
    expect(await owner.post('/people/look', { person: citra.number })).toMatchObject({
      sent: 1,
      received: 0,
      files: 0,
    });
    expect((await fetch(url)).status).toBe(404);
    const message = await app.call('GET', `/messages/${waits.body.data.id}`);
    expect(message.body.data).toMatchObject({ message: 'terjadwal', status: 'pending' });
    for (const days of [0, 4_000, 1.5, '30'])
      expect((await owner.call('PUT', '/privacy', { body: { retention_days: days } })).status).toBe(422);
    expect(await owner.get('/audit')).toContainEqual(
      expect.objectContaining({ kind: 'retention.changed', subject: '30 days' }),
    );
  });

  test('is decided by those who keep the account', async () => {
    const anybody = createBrowser(app);
    expect((await anybody.call('PUT', '/privacy', { body: { retention_days: 1 } })).status).toBe(401);
  });
});
