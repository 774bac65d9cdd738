import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { listen } from './support/live.ts';
import { addMember, createTenant, type Tenant } from './support/people.ts';

interface Device {
  readonly id: number;
  readonly live: {
    readonly status: string;
    readonly reason: string | null;
    readonly qr: { readonly text: string; readonly expires_at: string } | null;
  };
}

let app: TestApp;
let tenant: Tenant;
beforeAll(async () => {
  app = await startTestApp();
  tenant = await createTenant(app, { devices: 9 });
});
afterAll(() => app?.stop());

const create = (name: string) => tenant.browser.post<Device>('/devices', { name, kind: 'whatsapp' });
const statusIs =
  (id: number, status: string) =>
  ({ name, data }: { name: string; data: Record<string, unknown> }) =>
    name === 'device' && data.id === id && (data.live as Device['live']).status === status;

/** Links a device by the codes that the live stream shows. */
async function link(id: number, phone: string) {
  const live = await listen(app, tenant.browser);
  await tenant.browser.post(`/devices/${id}/link`);
  const { data } = await live.next('a QR code', statusIs(id, 'pairing'));
  const { qr } = data.live as Device['live'];
  await app.network.phone(phone).scan(qr?.text ?? '');
  await live.next('the device to be connected', statusIs(id, 'connected'));
  await live.stop();
  return qr;
}

describe('a device', () => {
  test('of the sandbox is refused where there is none', async () => {
    const { status, body } = await tenant.browser.call('POST', '/devices', { body: { name: 'S', kind: 'sandbox' } });
    expect([status, body.errors]).toEqual([422, { kind: [expect.stringContaining('SANDBOX=false')] }]);
  });

  test('is made within the limit of the package', async () => {
    const small = await createTenant(app, { devices: 1 });
    await small.browser.post('/devices', { name: 'One', kind: 'whatsapp' });
    const second = await small.browser.call('POST', '/devices', { body: { name: 'Two', kind: 'whatsapp' } });
    expect([second.status, second.body.code, second.body.message]).toEqual([
      403,
      'device_limit_reached',
      'Your package allows 1 device(s). Please delete one or upgrade your package.',
    ]);
    const [device] = await small.browser.get<Device[]>('/devices');
    await small.browser.ok('DELETE', `/devices/${device?.id}`);
    await small.browser.post('/devices', { name: 'Two', kind: 'whatsapp' });
  });

  test('is linked by the QR code of the live stream, with its end', async () => {
    const device = await create('Toko');
    expect(device).toMatchObject({
      phone_number: null,
      linked: false,
      token: null,
      live: { status: 'disconnected', qr: null },
    });
    const qr = await link(device.id, '6281200000001');
    expect(Date.parse(qr?.expires_at ?? '')).toBeGreaterThan(app.clock.now() - 1_000);
    expect(await tenant.browser.get(`/devices/${device.id}`)).toMatchObject({
      phone_number: '6281200000001',
      linked: true,
      enabled: true,
      live: { status: 'connected', qr: null },
    });
    const again = await tenant.browser.call('POST', `/devices/${device.id}/link`);
    expect([again.status, again.body.code]).toEqual([409, 'device_busy']);
  });

  test('is linked by a code that is typed on the phone', async () => {
    const device = await create('By code');
    const early = await tenant.browser.call('POST', `/devices/${device.id}/pairing-code`, {
      body: { phone_number: '081200000002' },
    });
    expect(early.body.code).toBe('device_busy');
    const live = await listen(app, tenant.browser);
    await tenant.browser.post(`/devices/${device.id}/link`);
    await live.next('the QR code', statusIs(device.id, 'pairing'));
    const wrong = await tenant.browser.call('POST', `/devices/${device.id}/pairing-code`, {
      body: { phone_number: 'none' },
    });
    expect(wrong.status).toBe(422);
    const given = await tenant.browser.post<{ code: string; phone_number: string }>(
      `/devices/${device.id}/pairing-code`,
      { phone_number: '0812 0000 0002' },
    );
    expect(given).toMatchObject({ phone_number: '6281200000002', code: expect.stringMatching(/^[A-Z0-9]{8}$/) });
    await app.network.phone('6281200000002').enterCode(given.code);
    await live.next('the device to be connected', statusIs(device.id, 'connected'));
    await live.stop();
  });

  test('that is being linked shows its code to nobody who may not link', async () => {
    const viewer = await addMember(app, tenant, 'viewer');
    const device = await create('Secret');
    const [live, watching] = [await listen(app, tenant.browser), await listen(app, viewer)];
    await tenant.browser.post(`/devices/${device.id}/link`);
    const seen = await live.next('the QR code', statusIs(device.id, 'pairing'));
    expect((seen.data.live as Device['live']).qr?.text).toMatch(/,/);
    const shown = await watching.next('the pairing state', statusIs(device.id, 'pairing'));
    expect((shown.data.live as Device['live']).qr).toBeNull();
    expect((await viewer.get<Device>(`/devices/${device.id}`)).live).toMatchObject({ status: 'pairing', qr: null });
    expect(await tenant.browser.ok('DELETE', `/devices/${device.id}/link`)).toMatchObject({
      status: 'disconnected',
      qr: null,
    });
    await tenant.browser.ok('DELETE', `/devices/${device.id}`);
    await live.next('the removal', ({ name, data }) => name === 'device_removed' && data.id === device.id);
    await live.stop();
    await watching.stop();
  });

  test('is disconnected and connected without the phone, and logged out with it', async () => {
    const device = await create('Ways');
    expect((await tenant.browser.call('POST', `/devices/${device.id}/connect`)).body.code).toBe('device_busy');
    await link(device.id, '6281200000003');
    const phone = app.network.phone('6281200000003');
    expect(await tenant.browser.post(`/devices/${device.id}/disconnect`)).toMatchObject({ status: 'disconnected' });
    expect(phone.devices()).toMatchObject([{ isConnected: false }]);
    await tenant.browser.post(`/devices/${device.id}/connect`);
    await app.untilConnected(device.id);
    expect(await tenant.browser.post(`/devices/${device.id}/unlink`)).toMatchObject({
      status: 'logged_out',
      reason: 'logged_out',
    });
    expect(phone.devices()).toEqual([]);
    expect(await tenant.browser.get(`/devices/${device.id}`)).toMatchObject({ linked: false, enabled: false });
    await link(device.id, '6281200000004');
    expect(await tenant.browser.get(`/devices/${device.id}`)).toMatchObject({
      phone_number: '6281200000004',
      linked: true,
    });
  });

  test('that is deleted is gone from the phone, and its token is dead', async () => {
    const device = await create('Short');
    await link(device.id, '6281200000005');
    const { token } = await tenant.browser.post<{ token: string }>(`/devices/${device.id}/token`);
    const call = () => fetch(`${app.url}/api/v1/device`, { headers: { authorization: `Bearer ${token}` } });
    expect((await call()).status).toBe(200);
    await tenant.browser.ok('DELETE', `/devices/${device.id}`);
    expect(app.network.phone('6281200000005').devices()).toEqual([]);
    expect((await tenant.browser.call('GET', `/devices/${device.id}`)).status).toBe(404);
    await expect.poll(async () => (await call()).status).toBe(401);
  });

  test('has one token, shown once; a new one kills it at once', async () => {
    const device = await create('Token');
    const first = await tenant.browser.post<{ token: string; device: { token: object } }>(
      `/devices/${device.id}/token`,
    );
    expect(first.token).toMatch(/^wag_\w{49}$/);
    expect(first.device.token).toMatchObject({ prefix: first.token.slice(0, 8), last4: first.token.slice(-4) });
    expect(JSON.stringify(await tenant.browser.get(`/devices/${device.id}`))).not.toContain(first.token);
    const use = async (token: string) =>
      (await fetch(`${app.url}/api/v1/device`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await use(first.token)).toBe(200);
    const second = await tenant.browser.post<{ token: string }>(`/devices/${device.id}/token`);
    expect([await use(first.token), await use(second.token)]).toEqual([401, 200]);
  });

  test('has the default pacing but for what was set, and goes back to it', async () => {
    const [device] = await tenant.browser.get<Device[]>('/devices');
    const path = `/devices/${device?.id}`;
    const changed = await tenant.browser.ok<Record<string, unknown>>('PATCH', path, {
      name: 'Renamed',
      default_country: '60',
      pacing: { per_minute: 5, quiet_hours: { from: '22:00', to: '06:30' } },
    });
    expect(changed).toMatchObject({
      name: 'Renamed',
      default_country: '60',
      pacing: { per_minute: 5, per_hour: 300, quiet_hours: { from: '22:00', to: '06:30' } },
      pacing_own: ['per_minute', 'quiet_hours'],
    });
    const row = await app.store.devices.find(tenant.accountId, device?.id ?? 0);
    expect(JSON.parse(row?.settings ?? '')).toEqual({
      pacing: { per_minute: 5, quiet_hours: { from: '22:00', to: '06:30' } },
    });
    expect(await tenant.browser.ok('PATCH', path, { pacing_reset: ['quiet_hours'] })).toMatchObject({
      pacing: { per_minute: 5, quiet_hours: null },
      pacing_own: ['per_minute'],
    });
  });

  test('keeps its pace from the next message on', async () => {
    const device = await create('Slow');
    await link(device.id, '6281200000006');
    const send = (recipient: string) =>
      tenant.browser.post<{ id: number }>('/messages', { device_id: device.id, recipient, message: 'x' });
    const state = async (id: number) => {
      const { state: is, waiting_reason } = await tenant.browser.get<{ state: string; waiting_reason: string | null }>(
        `/messages/${id}`,
      );
      return [is, waiting_reason];
    };
    app.network.contact('6281300000001');
    app.network.contact('6281300000002');
    const first = await send('6281300000001');
    await expect.poll(() => state(first.id)).toEqual(['delivered', null]);
    await tenant.browser.ok('PATCH', `/devices/${device.id}`, {
      pacing: { gap_ms: [0, 0], new_conversations_per_day: 0, new_conversations_first_day: 0 },
    });
    const second = await send('6281300000002');
    await expect.poll(() => state(second.id)).toEqual(['queued', 'new_conversations']);
  });

  test.each([
    [{ pacing: { per_minute: 0 } }, 'pacing.per_minute must be a whole number from 1 to 10000'],
    [{ pacing: { gap_ms: [4000, 1000] } }, 'pacing.gap_ms must be the shortest and the longest pause'],
    [
      { pacing: { quiet_hours: { from: '25:00', to: '06:00' } } },
      'pacing.quiet_hours.from must be a time such as 22:00',
    ],
    [{ default_country: '062' }, 'default_country must be a calling code such as 62'],
    [{ name: '' }, 'name must not be empty'],
    [{ pacing_reset: ['everything'] }, 'pacing_reset must be keys of pacing'],
  ])('refuses %j in a sentence', async (body, sentence) => {
    const [device] = await tenant.browser.get<Device[]>('/devices');
    const answer = await tenant.browser.call('PATCH', `/devices/${device?.id}`, { body });
    expect([answer.status, answer.body.message]).toEqual([422, sentence]);
  });
});
