import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isToken } from '../../src/base/ids.ts';
import { type Browser, createBrowser } from '../panel/support/browser.ts';
import { createTenant, signInAsAdministrator } from '../panel/support/people.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { inFiles } from './everything.ts';

let app: TestApp;
let owner: Browser;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true, env: { RATE_LIMIT_PER_MINUTE: '100000' } });
  owner = await signInAsAdministrator(app);
});
afterAll(() => app?.stop());

const call = (token: string, path: string, init: RequestInit = {}) =>
  fetch(`${app.url}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

/** What a stream told, and whether the server has ended it. */
async function follow(token: string) {
  const response = await call(token, '/events');
  let text = '';
  const ended = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
  })();
  return { status: response.status, ended, text: () => text };
}

describe('a token', () => {
  test('is dead at once when a new one is made, and so is the stream that it opened', async () => {
    const { token: before } = await owner.post<{ token: string }>(`/devices/${app.deviceId}/token`);
    expect(isToken(before)).toBe(true);
    // Remembered as good a moment ago, which must not keep it alive.
    for (let n = 0; n < 3; n++) expect((await call(before, '/device')).status).toBe(200);
    const stream = await follow(before);
    expect(stream.status).toBe(200);
    const { token: after } = await owner.post<{ token: string }>(`/devices/${app.deviceId}/token`);
    expect((await call(before, '/device')).status).toBe(401);
    await stream.ended;
    const sent = await call(after, '/send-message', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ recipient: '628990000006', message: 'after it' }),
    });
    expect(sent.status).toBe(200);
    expect(stream.text()).not.toContain('after it');
  });

  test('of streams that ended with it leaves their places to the next', async () => {
    const most = 10;
    for (let round = 0; round < 2; round += 1) {
      const { token: before } = await owner.post<{ token: string }>(`/devices/${app.deviceId}/token`);
      const streams = await Promise.all(Array.from({ length: most }, () => follow(before)));
      expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
      expect((await call(before, '/events')).status).toBe(429);
      await owner.post(`/devices/${app.deviceId}/token`);
      for (const { ended } of streams) await ended;
    }
  });

  test('of another process’s making ends the stream before anything more is told', async () => {
    const { token: before } = await owner.post<{ token: string }>(`/devices/${app.deviceId}/token`);
    const stream = await follow(before);
    // As the command line does it: nobody rings a bell in this process.
    await app.devices.issueToken(app.account.id, app.deviceId);
    const { token: after } = { token: await app.devices.issueToken(app.account.id, app.deviceId) };
    await call(after, '/send-message', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ recipient: '628990000006', message: 'secret reply' }),
    });
    await stream.ended;
    expect(stream.text()).not.toContain('secret reply');
  });

  test.each([
    [
      'the device',
      (on: boolean) => app.store.devices.update(app.account.id, app.deviceId, { suspended_at: on ? 1 : null }),
    ],
    ['the account', (on: boolean) => app.store.accounts.update(app.account.id, { suspended_at: on ? 1 : null })],
  ])('opens no stream that outlives a suspension of %s', async (_what, suspend) => {
    const token = await app.devices.issueToken(app.account.id, app.deviceId);
    const stream = await follow(token);
    await suspend(true);
    app.events.emit('people.changed', { accountId: app.account.id, userId: null });
    await stream.ended;
    await suspend(false);
  });

  test('stands nowhere in the data folder, nor does a session, an invitation, a link or a password', async () => {
    const tenant = await createTenant(app, { devices: 2 });
    const { id } = await tenant.browser.post<{ id: number }>('/devices', { name: 'One', kind: 'sandbox' });
    const { token } = await tenant.browser.post<{ token: string }>(`/devices/${id}/token`);
    const { link } = await tenant.browser.post<{ link: string }>('/invitations', {
      email: 'a@example.com',
      role: 'viewer',
    });
    const signIn = await app.accounts.issueLink(tenant.email);
    const words = [
      token,
      tenant.browser.cookie.split('=')[1] ?? '',
      link.split('/').at(-1) ?? '',
      signIn,
      'correct horse battery',
    ];
    expect(words.every((word) => word.length > 20)).toBe(true);
    await app.store.compact();
    expect(await inFiles(app.dataDir, words)).toEqual([]);
    // The search would find them.
    expect((await inFiles(app.dataDir, ['One'])).length).toBeGreaterThan(0);
    // Shown once: neither list nor detail has more than its beginning and end.
    const shown = await tenant.browser.call('GET', `/devices/${id}`);
    expect(shown.text).not.toContain(token);
    expect(shown.text).toContain(token.slice(-4));
  });

  test('names the device; no field, query or header names another', async () => {
    const tenant = await createTenant(app, { devices: 3 });
    const make = async (name: string) => {
      const { id } = await tenant.browser.post<{ id: number }>('/devices', { name, kind: 'sandbox' });
      await app.untilConnected(id);
      return { id, token: (await tenant.browser.post<{ token: string }>(`/devices/${id}/token`)).token };
    };
    const [one, two] = [await make('one'), await make('two')];
    const named = { session_id: two.id, device_id: two.id, device: two.id, account_id: 1 };
    const answer = await call(one.token, `/send-message?device_id=${two.id}&session_id=${two.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-device-id': String(two.id) },
      body: JSON.stringify({ ...named, recipient: '628990000001', message: 'from one' }),
    });
    expect(answer.status).toBe(200);
    const json = async (token: string, path: string) =>
      (await (await call(token, path)).json()) as { data: { message: string }[] & { device: { id: number } } };
    const texts = async (token: string) =>
      (await json(token, `/messages?device_id=${two.id}`)).data.map(({ message }) => message);
    expect([await texts(one.token), await texts(two.token)]).toEqual([['from one'], []]);
    expect((await json(one.token, `/device?id=${two.id}`)).data.device.id).toBe(one.id);
  });
});

describe('a page of another site', () => {
  test('may ask nothing with credentials: no answer of any route allows it', async () => {
    const evil = createBrowser(app);
    evil.cookie = owner.cookie;
    for (const { method, url } of app.routes) {
      if (url === '/api/panel/live' || url === '/api/v1/events') continue;
      const path = url.replace('*', 'x').replace(/:\w+/g, '1');
      // A write would be done, if it were let in: the refusal of those is walked elsewhere.
      const asked = method === 'GET' || method === 'HEAD' ? method : 'OPTIONS';
      const answer = await fetch(`${app.url}${path}`, {
        method: asked,
        headers: { origin: 'https://evil.example', cookie: evil.cookie, 'access-control-request-method': method },
      });
      const allowed = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
      expect([method, url, allowed]).toEqual([method, url, []]);
    }
  });
});
