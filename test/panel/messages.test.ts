import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvCell } from '../../src/http/panel/csv.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { listen } from './support/live.ts';
import { createTenant, type Tenant } from './support/people.ts';

interface Message {
  readonly id: number;
  readonly state: string;
  readonly recipient: string;
  readonly message: string;
}

let app: TestApp;
let tenant: Tenant;
let deviceId: number;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true });
  tenant = await createTenant(app, { devices: 5 });
  deviceId = await addSandbox('Toko');
});
afterAll(() => app?.stop());

async function addSandbox(name: string): Promise<number> {
  const { id } = await tenant.browser.post<{ id: number }>('/devices', { name, kind: 'sandbox' });
  await app.untilConnected(id);
  return id;
}
const send = (more: object) =>
  tenant.browser.post<Message>('/messages', { device_id: deviceId, recipient: '628990000001', ...more });
const settled = async (id: number, state: string): Promise<Message> => {
  await expect.poll(async () => (await tenant.browser.get<Message>(`/messages/${id}`)).state).toBe(state);
  return tenant.browser.get<Message>(`/messages/${id}`);
};
const list = (query: string) =>
  tenant.browser.call('GET', `/messages?${query}`).then(({ body }) => body.data as readonly Message[]);

describe('a message', () => {
  test('is sent from the page, and its life is told while it happens', async () => {
    const live = await listen(app, tenant.browser);
    const message = await send({ message: 'Halo dari halaman', ref: 'r-1' });
    expect(message).toMatchObject({
      recipient: '628990000001',
      message: 'Halo dari halaman',
      ref: 'r-1',
      type: 'text',
    });
    await live.next(
      'the read tick',
      ({ name, data }) => name === 'message' && data.id === message.id && data.state === 'read',
    );
    await live.stop();
    const story = await settled(message.id, 'read');
    for (const key of ['sending_at', 'sent_at', 'delivered_at', 'read_at'] as const)
      expect((story as unknown as Record<string, string>)[key]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(story).toMatchObject({ may_cancel: false, may_send_again: true, attempts: 1, device_name: 'Toko' });
  });

  test('that WhatsApp refuses says why', async () => {
    const { id } = await send({ recipient: '628990000003', message: 'Nobody' });
    expect(await settled(id, 'failed')).toMatchObject({
      error_code: 'number_not_registered',
      error_message: expect.stringContaining('628990000003'),
    });
  });

  test('with an uploaded file arrives as media, and can not be sent again without the file', async () => {
    const form = new FormData();
    form.set('device_id', String(deviceId));
    form.set('recipient', '628990000001');
    form.set('caption', 'Nota');
    form.set('file', new Blob(['%PDF-1.4\n%%EOF'], { type: 'application/pdf' }), 'nota.pdf');
    const sent = await tenant.browser.call('POST', '/messages', { body: form });
    expect(sent.status).toBe(202);
    const { id } = sent.body.data as Message;
    expect(await settled(id, 'read')).toMatchObject({
      type: 'document',
      message: 'Nota',
      filename: 'nota.pdf',
      may_send_again: false,
    });
    const again = await tenant.browser.call('POST', `/messages/${id}/send-again`);
    expect([again.status, again.body.message]).toEqual([
      422,
      'The file of this message is not kept any more. Please upload it again.',
    ]);
  });

  test('is sent again as a new one', async () => {
    const first = await send({ message: 'Dua kali' });
    const second = await tenant.browser.post<Message>(`/messages/${first.id}/send-again`);
    expect(second).toMatchObject({ message: 'Dua kali', recipient: first.recipient });
    expect(second.id).not.toBe(first.id);
    await settled(second.id, 'read');
  });

  test('that waits is cancelled, and one that is sent is not', async () => {
    const later = new Date(app.clock.now() + 3_600_000).toISOString();
    const waiting = await send({ message: 'Nanti', scheduled_at: later });
    expect(waiting).toMatchObject({ state: 'queued', waiting_for: 'schedule', may_cancel: true });
    expect(await tenant.browser.post(`/messages/${waiting.id}/cancel`)).toMatchObject({ state: 'cancelled' });
    const again = await tenant.browser.call('POST', `/messages/${waiting.id}/cancel`);
    expect([again.status, again.body.code]).toEqual([409, 'not_cancellable']);
  });

  test.each([
    [{ recipient: '628990000001' }, 'message is required'],
    [{ recipient: 'abc', message: 'x' }, undefined],
    [{ recipient: '628990000001', message: 'x'.repeat(5001) }, 'message must be at most 5000 characters'],
  ])('is refused in a sentence: %j', async (body, sentence) => {
    const answer = await tenant.browser.call('POST', '/messages', { body: { device_id: deviceId, ...body } });
    expect(answer.status).toBe(422);
    if (sentence !== undefined) expect(answer.body.message).toBe(sentence);
  });
});

describe('the history', () => {
  test('is that of all devices, or of one, deleted ones too', async () => {
    const other = await addSandbox('Cabang');
    const { id } = await tenant.browser.post<Message>('/messages', {
      device_id: other,
      recipient: '628990000002',
      message: 'Dari cabang',
    });
    await settled(id, 'sent');
    expect((await list('limit=100')).map((m) => m.id)).toContain(id);
    expect((await list(`device_id=${deviceId}&limit=100`)).map((m) => m.id)).not.toContain(id);
    await tenant.browser.ok('DELETE', `/devices/${other}`);
    expect(await list(`device_id=${other}`)).toMatchObject([{ id, device_name: 'Cabang', may_send_again: false }]);
  });

  test('is filtered by state, recipient, ref and time, and counts exactly', async () => {
    const { id } = await send({ message: 'Saring', ref: 'order-77', recipient: '0812-3333-4444' });
    await settled(id, 'delivered');
    for (const query of [
      'ref=order-77',
      'recipient=081233334444',
      'recipient=%2B62%20812-3333-4444',
      'state=delivered&recipient=6281233334444',
    ])
      expect(await list(query)).toMatchObject([{ id }]);
    expect(await list('ref=order-77&status=failed')).toEqual([]);
    const tomorrow = Math.floor(app.clock.now() / 1000) + 86_400;
    expect(await list(`ref=order-77&since=${tomorrow}`)).toEqual([]);
    const page = await tenant.browser.call('GET', '/messages?limit=2&page=2');
    expect(page.body.data).toHaveLength(2);
    expect(page.body.pagination).toMatchObject({
      per_page: 2,
      current_page: 2,
      total: (await list('limit=100')).length,
    });
  });

  test('is searched by words of the text, number, ref and id', async () => {
    const { id } = await send({
      message: 'Tagihan Maret sudah LUNAS, terima kasih',
      ref: 'INV/2026/03',
      recipient: '6285511112222',
    });
    await settled(id, 'delivered');
    for (const q of ['lunas', 'tagihan maret', 'inv/2026', '0855-1111-2222', '55111122', String(id)])
      expect(
        (await list(`q=${encodeURIComponent(q)}`)).map((m) => m.id),
        q,
      ).toContain(id);
    expect(await list('q=no-such-words')).toEqual([]);
    expect(await list(`q=lunas&device_id=${deviceId}&state=read`)).toEqual([]);
  });

  test('of a device that is not the account’s is not found', async () => {
    expect((await tenant.browser.call('GET', `/messages?device_id=${app.deviceId}`)).status).toBe(404);
    expect((await tenant.browser.call('GET', `/messages/export?device_id=${app.deviceId}`)).status).toBe(404);
  });
});

describe('the export', () => {
  const hostile = [
    '=HYPERLINK("http://evil.example","x")',
    '+62811',
    '-1+1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '  =1',
    '＝1',
  ];

  test('is CSV in the account’s time zone that no spreadsheet runs', async () => {
    await tenant.browser.ok('PATCH', '/account', { time_zone: 'Asia/Jayapura' });
    for (const message of hostile) await send({ message, ref: message });
    const answer = await tenant.browser.call('GET', '/messages/export');
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="wagate-messages.csv"');
    const bytes = Buffer.from(
      await (
        await fetch(`${app.url}/api/panel/messages/export`, { headers: { cookie: tenant.browser.cookie } })
      ).arrayBuffer(),
    );
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const { total } = (await tenant.browser.call('GET', '/messages')).body.pagination ?? { total: 0 };
    const cells = parse(bytes.toString().slice(1));
    expect(cells).toHaveLength(total + 1);
    for (const cell of cells.slice(1).flat()) expect(cell).not.toMatch(/^[\s\p{Cc}]*[=+\-@＝]/u);
    for (const message of hostile) expect(cells.flat()).toContain(`'${message}`);
    const [first] = await list('limit=1');
    const created = (first as unknown as { created_at: string }).created_at;
    const local = new Date(Date.parse(created) + 9 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(cells[1]).toContain(local);
    expect(await tenant.browser.get('/audit')).toContainEqual(
      expect.objectContaining({ kind: 'export', subject: 'messages' }),
    );
  });

  test('takes a semicolon, as spreadsheets set to Indonesian do', async () => {
    const { text } = await tenant.browser.call('GET', '/messages/export?separator=semicolon&ref=r-1');
    expect(text.split('\r\n')[0]).toContain('id;device;recipient');
  });

  test('holds what a search in the list finds, in its order, and keeps to the other filters', async () => {
    for (const [message, recipient] of [
      ['Cari: Budi', '628990000001'],
      ['Cari: Ani', '628990000001'],
      ['Cari: Budi lagi', '628990000002'],
    ] as const)
      await send({ message, recipient });
    const messages = async (query: string) => {
      const { text } = await tenant.browser.call('GET', `/messages/export?${query}`);
      return parse(text.slice(1))
        .slice(1)
        .map((cells) => cells[4]);
    };
    expect(await messages('q=cari:%20BUDI')).toEqual(['Cari: Budi lagi', 'Cari: Budi']);
    expect(await messages('q=budi&recipient=628990000001')).toEqual(['Cari: Budi']);
    expect(await messages('q=no-such-words')).toEqual([]);
    expect((await messages('q=')).length).toBe((await list('limit=100')).length);
  });

  test.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['a;b', '"a;b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1', "'=1"],
    ['\n=1', '"\'\n=1"'],
    ['a=1', 'a=1'],
    [12, '12'],
    [null, ''],
  ])('writes the cell %j as %j', (cell, expected) => {
    expect(csvCell(cell)).toBe(expected);
  });
});

test('the quota that is used up stops the page, too', async () => {
  const poor = await createTenant(app, { quota: 0 });
  const device = await poor.browser.post<{ id: number }>('/devices', { name: 'W', kind: 'whatsapp' });
  const answer = await poor.browser.call('POST', '/messages', {
    body: { device_id: device.id, recipient: '0812333444555', message: 'x', hold: true },
  });
  expect([answer.status, answer.body.code]).toEqual([403, 'quota_exhausted']);
  expect(await poor.browser.get('/usage')).toMatchObject({ subscription: { remaining: 0, warning: 'quota_100' } });
});

test('the usage counts by day of the account and by device', async () => {
  // Nothing is under way between the two looks.
  await expect
    .poll(async () => (await tenant.browser.call('GET', '/messages?status=pending&limit=1')).body.pagination?.total)
    .toBe(0);
  const usage = await tenant.browser.get<{
    days: { day: string; sent: number }[];
    total: { sent: number; failed: number };
    devices: { id: number; sent: number }[];
  }>('/usage?days=7');
  expect(usage.days).toHaveLength(7);
  // The day may have turned since the first was sent.
  expect(usage.days.slice(-2).reduce((sum, { sent }) => sum + sent, 0)).toBe(usage.total.sent);
  expect(usage.total.sent).toBe((await tenant.browser.call('GET', '/messages?status=sent')).body.pagination?.total);
  expect(usage.total.failed).toBe((await tenant.browser.call('GET', '/messages?status=failed')).body.pagination?.total);
  expect(usage.devices.reduce((sum, { sent }) => sum + sent, 0)).toBe(usage.total.sent);
  expect((await tenant.browser.call('GET', '/usage?days=8')).status).toBe(422);
});

/** RFC 4180. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (quoted === undefined && bare === '' && end === '') break;
    row.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
