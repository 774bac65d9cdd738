import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type LiveEvent, listen } from './support/live.ts';
import { addMember, createTenant, type Tenant } from './support/people.ts';

let app: TestApp;
let tenant: Tenant;
let stranger: Tenant;
let deviceId: number;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true });
  tenant = await createTenant(app, { devices: 5 });
  stranger = await createTenant(app, { devices: 5 });
  deviceId = await addSandbox(tenant);
});
afterAll(() => app?.stop());

async function addSandbox({ browser }: Tenant): Promise<number> {
  const { id } = await browser.post<{ id: number }>('/devices', { name: 'Sandbox', kind: 'sandbox' });
  await app.untilConnected(id);
  return id;
}
const named = (name: string) => (event: LiveEvent) => event.name === name;
const send = (message: string) =>
  tenant.browser.post<{ id: number }>('/messages', { device_id: deviceId, recipient: '628990000001', message });

describe('the live stream', () => {
  test('begins with the whole state', async () => {
    const live = await listen(app, tenant.browser);
    expect(live.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(live.response.headers.get('cache-control')).toBe('no-store');
    // Kept alive, the connection would hold up a stop for its whole patience.
    expect(live.response.headers.get('connection')).toBe('close');
    const { data } = await live.next('hello', named('hello'));
    expect(data).toMatchObject({
      devices: [{ id: deviceId, live: { status: 'connected' } }],
      subscription: { state: 'running' },
    });
    await live.stop();
  });

  test('tells nothing of other accounts', async () => {
    const foreign = await listen(app, stranger.browser);
    const hello = await foreign.next('hello', named('hello'));
    expect(hello.data.devices).toEqual([]);
    const live = await listen(app, tenant.browser);
    const { id } = await send('only for us');
    await live.next('the read tick', ({ name, data }) => name === 'message' && data.id === id && data.state === 'read');
    await tenant.browser.post(`/devices/${deviceId}/disconnect`);
    await live.next(
      'the change of the device',
      ({ name, data }) => name === 'device' && data.id === deviceId && data.enabled === false,
    );
    await tenant.browser.post(`/devices/${deviceId}/connect`);
    await app.untilConnected(deviceId);
    // An event of the stranger's own comes after all of that: what was told until then is all that was told.
    const own = await addSandbox(stranger);
    await foreign.next('the own device', ({ name, data }) => name === 'device' && data.id === own);
    expect(
      foreign.events.filter(({ data }) => data.id !== own && data.devices === undefined && data.package === undefined),
    ).toEqual([]);
    expect(JSON.stringify(foreign.events)).not.toContain('only for us');
    await foreign.stop();
    await live.stop();
  });

  test('ends with the session', async () => {
    const viewer = await addMember(app, tenant, 'viewer');
    const live = await listen(app, viewer);
    await live.next('hello', named('hello'));
    await viewer.call('POST', '/sign-out');
    expect((await live.next('bye', named('bye'))).data).toEqual({ reason: 'signed_out' });
    await live.ended();
  });

  test('ends when the person is removed, and when the account is suspended', async () => {
    const viewer = await addMember(app, tenant, 'viewer');
    const live = await listen(app, viewer);
    await live.next('hello', named('hello'));
    const members = await tenant.browser.get<{ id: number; email: string }[]>('/members');
    await tenant.browser.ok('DELETE', `/members/${members.find(({ email }) => email === viewer.email)?.id}`);
    await live.next('bye', named('bye'));
    await live.ended();
    const closed = await createTenant(app);
    const theirs = await listen(app, closed.browser);
    await theirs.next('hello', named('hello'));
    await app.store.accounts.update(closed.accountId, { suspended_at: app.clock.now() });
    app.events.emit('people.changed', { accountId: closed.accountId, userId: null });
    await theirs.next('bye', named('bye'));
    await theirs.ended();
  });

  test('tells the quota when it changes', async () => {
    const live = await listen(app, tenant.browser);
    await live.next('hello', named('hello'));
    const subscription = await app.store.subscriptions.current(tenant.accountId, app.clock.now());
    await app.store.subscriptions.reserve(tenant.accountId, subscription?.id ?? 0, 85);
    await send('anything');
    const { data } = await live.next(
      'the quota',
      ({ name, data: told }) => name === 'subscription' && told.used === 85,
    );
    expect(data).toMatchObject({ remaining: 15, warning: 'quota_80' });
    await live.stop();
  });

  test('is not opened a hundred times by one person', async () => {
    const { browser } = await createTenant(app);
    const streams = [];
    for (let i = 0; i < 12; i++) streams.push(await listen(app, browser));
    const more = await browser.call('GET', '/live');
    expect([more.status, more.body.code]).toEqual([429, 'rate_limited']);
    for (const one of streams) await one.stop();
    await expect
      .poll(async () => {
        const again = await listen(app, browser);
        const { status } = again.response;
        await again.stop();
        return status;
      })
      .toBe(200);
  });

  test('is opened by GET alone', async () => {
    expect((await tenant.browser.call('HEAD', '/live')).status).toBe(405);
  });

  test('lets the server stop', async () => {
    const own = await startTestApp({ sandbox: true });
    const { browser } = await createTenant(own);
    const live = await listen(own, browser);
    await live.next('hello', named('hello'));
    await own.stop();
    expect((await live.next('bye', named('bye'))).data).toEqual({ reason: 'stopping' });
  });
});
