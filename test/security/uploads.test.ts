import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant, type Tenant } from '../panel/support/people.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { formHead, type Line, openLine, part } from '../support/raw-form.ts';

/** Files that are on their way are their account's from the first byte: it can not fill the disk with forms that never end. */
describe('what an account uploads', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ sandbox: true, env: { RATE_LIMIT_PER_MINUTE: '100000', MEDIA_MAX_MB: '1' } });
  });
  afterAll(() => app?.stop());

  interface Uploader extends Tenant {
    readonly deviceId: number;
    readonly token: string;
  }
  async function createUploader(): Promise<Uploader> {
    const tenant = await createTenant(app);
    const { id } = await tenant.browser.post<{ id: number }>('/devices', { name: 'Toko', kind: 'sandbox' });
    await app.untilConnected(id);
    return { ...tenant, deviceId: id, token: await app.devices.issueToken(tenant.accountId, id) };
  }

  function form(bytes: number, more: Record<string, string> = {}) {
    const data = new FormData();
    for (const [name, value] of Object.entries({ recipient: '628990000001', ...more })) data.set(name, value);
    data.set('file', new Blob(['x'.repeat(bytes)], { type: 'text/plain' }), 'note.txt');
    return data;
  }
  async function upload(token: string, body = form(5)) {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${app.url}/api/v1/send-media`, { method: 'POST', headers, body });
    return { status: response.status, body: (await response.json()) as { data: { id: number } } };
  }
  /** A form of 1 MB, of whose file so many bytes are sent, and no more. */
  function begin(token: string, bytes: number): Line {
    const line = openLine(app.url);
    const recipient = part('recipient', '628990000001');
    line.socket.write(formHead('/api/v1/send-media', token, 1_000_000) + recipient);
    line.socket.write(part('file', 'x'.repeat(bytes), { filename: 'a.txt' }));
    return line;
  }
  const spooled = () => readdirSync(join(app.dataDir, 'http-uploads'));

  test('comes in four at a time, 64 wait, one more is refused; others are not touched', {
    timeout: 25_000,
  }, async () => {
    const uploader = await createUploader();
    const lines = Array.from({ length: 69 }, () => begin(uploader.token, 1_000));
    const refused = await Promise.race(lines.map(({ answer }) => answer));
    expect(refused).toMatchObject({ status: 429, body: { success: false, code: 'rate_limited', retry_after: 10 } });
    await expect.poll(spooled).toHaveLength(4);

    const page = form(5, { device_id: String(uploader.deviceId) });
    expect((await uploader.browser.call('POST', '/messages', { body: page })).status).toBe(429);
    expect((await upload(app.token)).status).toBe(200);

    for (const { socket } of lines) socket.destroy();
    await expect.poll(spooled).toEqual([]);
    expect((await upload(uploader.token)).status).toBe(200);
  });

  test('has the account’s share of the disk, each file once, and is refused while it comes in', {
    timeout: 25_000,
  }, async () => {
    const { token } = await createUploader();
    const later = form(1_000_000, { scheduled_at: new Date(app.clock.now() + 3_600_000).toISOString() });
    // Ten times the largest file are 10,485,760 bytes: the tenth would not fit if a file counted twice while it is accepted.
    const kept: number[] = [];
    for (let nth = 0; nth < 10; nth++) {
      const { status, body } = await upload(token, later);
      expect(status).toBe(202);
      kept.push(body.data.id);
    }
    const line = begin(token, 700_000);
    expect(await line.answer).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    line.socket.destroy();
    await expect.poll(spooled).toEqual([]);
    expect((await upload(app.token, form(1_000_000))).status).toBe(200);

    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${app.url}/api/v1/messages/${kept[0]}`, { method: 'DELETE', headers });
    await expect.poll(async () => (await upload(token, later)).status).toBe(202);
    expect((await upload(token, later)).status).toBe(429);
  });
});
