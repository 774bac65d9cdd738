import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTenant, type Tenant } from './support/people.ts';

interface Bubble {
  readonly id: string;
  readonly from: string;
  readonly text: string | null;
  readonly ticks: string | null;
  readonly message_id: number | null;
  readonly media: { readonly kind: string; readonly name: string | null } | null;
}
interface Look {
  readonly phone_number: string;
  readonly conversations: readonly { readonly number: string; readonly unread: number; readonly last: Bubble }[];
}

const ECHO = '628990000006';
const PLAIN = '6281277778888';

let app: TestApp;
let tenant: Tenant;
let deviceId: number;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true });
  tenant = await createTenant(app, { devices: 4 });
  deviceId = await addSandbox(tenant);
});
afterAll(() => app?.stop());

async function addSandbox({ browser }: Tenant): Promise<number> {
  const { id } = await browser.post<{ id: number }>('/devices', { name: 'Sandbox', kind: 'sandbox' });
  await app.untilConnected(id);
  return id;
}
const look = (path = '', { browser }: Tenant = tenant) => browser.get<Look>(`/devices/${deviceId}/sandbox${path}`);
const bubbles = async (number: string) =>
  (await tenant.browser.get<{ bubbles: Bubble[] }>(`/devices/${deviceId}/sandbox/${number}`)).bubbles;
const send = (more: object) => tenant.browser.post<{ id: number }>('/messages', { device_id: deviceId, ...more });

describe('the sandbox phone', () => {
  test('shows what the contact got, its ticks, and the answer', async () => {
    const { id } = await send({ recipient: ECHO, message: 'Halo *tebal*' });
    await expect
      .poll(async () => (await bubbles(ECHO)).map(({ from, text }) => [from, text]))
      .toEqual([
        ['device', 'Halo *tebal*'],
        ['contact', 'Halo *tebal*'],
      ]);
    await expect.poll(async () => (await bubbles(ECHO))[0]?.ticks).toBe('delivered');
    expect((await bubbles(ECHO))[0]).toMatchObject({ message_id: id });
    const { phone_number, conversations } = await look();
    expect(phone_number).toBe(`62898${String(deviceId).padStart(8, '0')}`);
    expect(conversations).toMatchObject([{ number: ECHO, unread: 1, last: { from: 'contact' } }]);
  });

  test('is in a group, in which somebody echoes and nobody echoes the echo', async () => {
    const groups = await tenant.browser.get<{ id: string }[]>(`/devices/${deviceId}/groups`);
    expect(groups).toMatchObject([{ subject: 'Sandbox', participants: 3 }]);
    const peer = groups[0]?.id ?? '';
    await send({ recipient: peer, message: 'Halo grup' });
    const heard = () =>
      tenant.browser.get<{ messages: { by: string; text: string; from_phone: string }[] }>(
        `/devices/${deviceId}/chats/${peer}`,
      );
    await expect
      .poll(async () => (await heard()).messages)
      .toMatchObject([
        { by: 'gateway', text: 'Halo grup', state: 'read' },
        { by: 'them', text: 'Halo grup', from_phone: ECHO },
      ]);
    // What is sent after it would come after an echo of the echo.
    await send({ recipient: ECHO, message: 'selesai' });
    await expect.poll(async () => (await bubbles(ECHO)).filter(({ text }) => text === 'selesai').length).toBe(2);
    expect((await heard()).messages).toHaveLength(2);
  });

  test('turns the ticks blue when the contact reads', async () => {
    const { id } = await send({ recipient: PLAIN, message: 'Baca dong' });
    await expect.poll(async () => (await bubbles(PLAIN))[0]?.ticks).toBe('delivered');
    await tenant.browser.post(`/devices/${deviceId}/sandbox/${PLAIN}/read`);
    await expect.poll(async () => (await tenant.browser.get<{ state: string }>(`/messages/${id}`)).state).toBe('read');
    expect((await bubbles(PLAIN))[0]?.ticks).toBe('read');
    expect((await look()).conversations.find(({ number }) => number === PLAIN)?.unread).toBe(0);
  });

  test('answers as the contact, who may also write first, and the device hears it', async () => {
    // An echo of a test before may still come.
    const heard = new Set<string>();
    const off = app.events.on('message.received', ({ whatsappId }) => heard.add(whatsappId));
    const answer = await tenant.browser.post<Bubble>(`/devices/${deviceId}/sandbox/6281255556666/messages`, {
      text: 'Masih buka?',
    });
    expect(answer).toMatchObject({ from: 'contact', text: 'Masih buka?', ticks: null });
    await expect.poll(() => heard.has(answer.id)).toBe(true);
    off();
    await expect
      .poll(async () => (await bubbles('6281255556666')).map(({ id, from }) => [id, from]))
      .toEqual([[answer.id, 'contact']]);
    expect((await look()).conversations[0]?.number).toBe('6281255556666');
  });

  test('shows media by kind and name', async () => {
    const form = new FormData();
    form.set('device_id', String(deviceId));
    form.set('recipient', '6281299990000');
    form.set('caption', 'Nota <b>lunas</b>');
    form.set('file', new Blob(['%PDF-1.4\n%%EOF'], { type: 'application/pdf' }), 'nota.pdf');
    expect((await tenant.browser.call('POST', '/messages', { body: form })).status).toBe(202);
    await expect
      .poll(() => bubbles('6281299990000'))
      .toMatchObject([{ from: 'device', text: 'Nota <b>lunas</b>', media: { kind: 'document', name: 'nota.pdf' } }]);
  });

  test('plays nobody else’s phone: not another tenant’s handset, not a WhatsApp device', async () => {
    const other = await createTenant(app);
    const theirs = await addSandbox(other);
    const handset = `62898${String(theirs).padStart(8, '0')}`;
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/messages'],
      ['POST', '/read'],
    ] as const) {
      const answer = await tenant.browser.call(
        method,
        `/devices/${deviceId}/sandbox/${handset}${path}`,
        method === 'GET' ? {} : { body: { text: 'I am somebody else' } },
      );
      expect(answer.status).toBe(404);
    }
    expect((await other.browser.call('GET', `/devices/${deviceId}/sandbox`)).status).toBe(404);
    expect(await other.browser.get(`/devices/${theirs}/sandbox`)).toMatchObject({ conversations: [] });
    const real = await tenant.browser.post<{ id: number }>('/devices', { name: 'W', kind: 'whatsapp' });
    expect((await tenant.browser.call('GET', `/devices/${real.id}/sandbox`)).status).toBe(404);
  });

  test('of a device that was logged out links itself anew', async () => {
    await tenant.browser.post(`/devices/${deviceId}/unlink`);
    expect(await tenant.browser.get(`/devices/${deviceId}`)).toMatchObject({ live: { status: 'logged_out' } });
    await tenant.browser.post(`/devices/${deviceId}/connect`);
    await app.untilConnected(deviceId);
    const { id } = await send({ recipient: PLAIN, message: 'Sudah kembali' });
    await expect
      .poll(async () => (await tenant.browser.get<{ state: string }>(`/messages/${id}`)).state)
      .toBe('delivered');
  });
});
