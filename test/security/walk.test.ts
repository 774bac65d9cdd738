import { afterAll, beforeAll, expect, test } from 'vitest';
import { panel } from '../../src/http/panel/routes.ts';
import type { PanelRow } from '../../src/http/panel/row.ts';
import { routes } from '../../src/http/routes.ts';
import type { Row } from '../../src/http/row.ts';
import { PASSWORD } from '../panel/support/browser.ts';
import { addMember, createTenant, type Role, type Tenant } from '../panel/support/people.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../weather/traffic.ts';
import { tell } from './figures.ts';

/**
 * EVERY route that the running app has mounted × {nobody, another tenant, a dead token or session, a suspended one, a wrong role}. The
 * list is the server's own, so a route from whatever table is walked; one that nobody said anything of fails the test. The victim's data
 * carries a canary everywhere: no byte of it may reach anybody else, by the live streams neither.
 */
const CANARY = 'canary5d1e';

/** Routes outside of the tables, and why they are open. */
const open: Readonly<Record<string, string>> = {
  'GET /openapi.json': 'the published description',
  'GET /docs/reference': 'the published reference',
  'GET /assets/wagate.css': 'a style sheet',
  'GET /*': 'files of the dashboard',
};

const roles: readonly Role[] = ['owner', 'admin', 'operator', 'viewer'];

let app: TestApp;
let victim: Tenant;
let stranger: Tenant;
let deviceId: number;
let ids: Record<string, string>;
const tokens: Record<string, string> = {};
const cookies: Record<string, string> = {};

/** Each request from an address of its own: the limits for who guesses are another test's matter. */
let requests = 0;
const from = () => {
  requests += 1;
  return { 'x-forwarded-for': `198.18.${requests >> 8}.${requests & 255}` };
};

const api = async (token: string, method: string, path: string, body?: unknown) => {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: {
      ...from(),
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const data = ({ text }: { text: string }) => JSON.parse(text).data;

beforeAll(async () => {
  app = await startTestApp({ sandbox: true, env: { RATE_LIMIT_PER_MINUTE: '100000', TRUSTED_PROXIES: '127.0.0.1' } });
  victim = await createTenant(app, { devices: 9 });
  stranger = await createTenant(app, { devices: 9 });
  await victim.browser.ok('PATCH', '/account', { name: CANARY });
  await victim.browser.ok('PATCH', '/me', { name: CANARY });
  const add = async ({ browser }: Tenant, name: string) => {
    const { id } = await browser.post<{ id: number }>('/devices', { name, kind: 'sandbox' });
    await app.untilConnected(id);
    return { id, token: (await browser.post<{ token: string }>(`/devices/${id}/token`)).token };
  };
  const device = await add(victim, CANARY);
  deviceId = device.id;
  tokens.victim = device.token;
  const said = await api(device.token, 'POST', '/api/v1/send-message', { recipient: '628990000006', message: CANARY });
  const url = `https://example.com/${CANARY}`;
  const hook = await api(device.token, 'POST', '/api/v1/webhooks', { url, events: ['message.received'] });
  const delivery = await api(device.token, 'POST', `/api/v1/webhooks/${data(hook).id}/test`);
  const there = async () => (await app.store.inbox.list(victim.accountId, device.id, { limit: 1, page: 1 })).rows;
  await eventually('the echo to be in the inbox', async () => (await there()).length > 0);
  const [received] = await there();
  const offers = await app.store.packages.list();
  const offer = offers.find(({ price_idr }) => price_idr > 0);
  const purchase = await victim.browser.post<{ id: number }>('/purchases', { package_id: offer?.id, note: CANARY });
  const { invitation } = await victim.browser.post<{ invitation: { id: number } }>('/invitations', {
    email: `${CANARY}@example.com`,
    role: 'viewer',
  });
  const [session] = await victim.browser.get<{ id: string }[]>('/me/sessions');
  const [owner] = await victim.browser.get<{ id: number }[]>('/members');
  const subscription = await app.store.subscriptions.current(victim.accountId, app.clock.now());
  ids = {
    devices: String(device.id),
    messages: String(data(said).id),
    inbox: String(received?.id),
    webhooks: String(data(hook).id),
    deliveries: String(data(delivery).id),
    purchases: String(purchase.id),
    invitations: String(invitation.id),
    sessions: session?.id ?? '',
    members: String(owner?.id),
    accounts: String(victim.accountId),
    packages: String(offer?.id),
    subscriptions: String(subscription?.id),
    sandbox: '628990000006',
    chats: '628990000006',
    files: String(received?.id),
    media: 'forged',
  };

  // Who must not enter the API: by what they hold.
  tokens.stranger = (await add(stranger, 'Stranger')).token;
  tokens.revoked = (await add(victim, 'revoked')).token;
  const [revoked] = (await victim.browser.get<{ id: number; name: string }[]>('/devices')).filter(
    ({ name }) => name === 'revoked',
  );
  await victim.browser.post(`/devices/${revoked?.id}/token`);
  const gone = await add(victim, 'deleted');
  tokens.deleted = gone.token;
  await victim.browser.ok('DELETE', `/devices/${gone.id}`);
  const halted = await add(victim, 'suspended');
  tokens['of a suspended device'] = halted.token;
  await app.store.devices.update(victim.accountId, halted.id, { suspended_at: app.clock.now() });
  const closed = await createTenant(app, { devices: 2 });
  tokens['of a suspended account'] = (await add(closed, 'closed')).token;
  await app.store.accounts.update(closed.accountId, { suspended_at: app.clock.now() });
  tokens['made up'] = `wag_${'0'.repeat(49)}`;
  tokens.none = '';

  // And the dashboard.
  cookies.none = '';
  cookies['made up'] = `wagate=wags_${'0'.repeat(49)}`;
  cookies['an API token'] = `wagate=${tokens.victim}`;
  const ended = await addMember(app, victim, 'owner');
  cookies['signed out'] = ended.cookie;
  await ended.call('POST', '/sign-out');
  const removed = await addMember(app, victim, 'admin');
  cookies.removed = removed.cookie;
  const members = await victim.browser.get<{ id: number; email: string }[]>('/members');
  await victim.browser.ok('DELETE', `/members/${members.find(({ email }) => email === removed.email)?.id}`);
  cookies.suspended = closed.browser.cookie;
  for (const role of roles) {
    const one = role === 'owner' ? stranger.browser : await addMember(app, stranger, role);
    cookies[`stranger ${role}`] = one.cookie;
    cookies[`own ${role}`] = role === 'owner' ? victim.browser.cookie : (await addMember(app, victim, role)).cookie;
  }
});
afterAll(() => app?.stop());

/** Bodies that a row takes, so that it is not the validation that refuses. */
const bodies: Readonly<Record<string, () => unknown>> = {
  sendMessage: () => ({
    session_id: ids.devices,
    device_id: ids.devices,
    recipient: '628990000001',
    message: 'of a stranger',
  }),
  sendMedia: () => ({ session_id: ids.devices, recipient: '628990000001', media_url: 'https://127.0.0.1/x.png' }),
  sendReaction: () => ({ message_id: Number(ids.inbox), emoji: '👍' }),
  showTyping: () => ({ recipient: '628990000001' }),
  createWebhook: () => ({ url: 'https://example.com/', events: ['message.status'] }),
  replayWebhook: () => ({ since: 0, until: 1 }),
  panelChangeMember: () => ({ role: 'viewer' }),
  panelPairingCode: () => ({ phone_number: '6281234567890' }),
  panelSandboxAnswer: () => ({ text: 'Halo' }),
  panelSendMessage: () => ({ device_id: deviceId, recipient: '628990000001', message: 'Halo' }),
  panelReact: () => ({ message_id: ids.inbox, emoji: '👍' }),
  panelCreateWebhook: () => ({ device_id: deviceId, url: 'https://example.com/', events: ['message.status'] }),
  panelReplayWebhook: () => ({ since: 0, until: 1 }),
  panelSwitchAccount: () => ({ account_id: victim.accountId }),
  adminSuspendAccount: () => ({ suspended: true }),
  adminSuspendDevice: () => ({ suspended: true }),
  adminAssignSubscription: () => ({ package_id: Number(ids.packages) }),
};
const bodyOf = ({ body, operation }: Pick<Row | PanelRow, 'body' | 'operation'>) =>
  body === undefined ? undefined : (bodies[operation.id]?.() ?? {});

/** The route's address with the victim's ids: each parameter is of the noun before it. */
const addressOf = (url: string) =>
  url
    .split('/')
    .map((part, at, parts) => (part.startsWith(':') ? (ids[parts[at - 1] ?? ''] ?? '1') : part))
    .join('/');

const shapeOf = (prefix: string, path: string) => `${prefix}${path.replace(/\{(\w+)\}/g, ':$1')}`;
const apiRows = new Map(
  routes.flatMap(({ prefix, rows }) => rows.map((row) => [`${row.method} ${shapeOf(prefix, row.path)}`, row])),
);
const panelRows = new Map(panel.rows.map((row) => [`${row.method} ${shapeOf(panel.prefix, row.path)}`, row]));

test('no route is there that is in no table and not said to be open', () => {
  const unknown = app.routes
    .map(({ method, url }) => `${method === 'HEAD' ? 'GET' : method} ${url}`)
    .filter((route) => !apiRows.has(route) && !panelRows.has(route) && !(route in open));
  expect([...new Set(unknown)]).toEqual([]);
});

let walked = 0;
let routesWalked = 0;

test('no route of the API lets anybody in who holds no good token, nor shows one tenant to another', async () => {
  for (const { method, url } of app.routes) {
    const row = apiRows.get(`${method === 'HEAD' ? 'GET' : method} ${url}`);
    if (row?.enter !== 'token') continue;
    routesWalked += 1;
    const address = addressOf(url);
    for (const [who, token] of Object.entries(tokens)) {
      if (who === 'victim') continue;
      const streams = row.produces === 'text/event-stream' && who === 'stranger';
      if (streams) continue; // below
      const answer = await api(token, method, address, bodyOf(row));
      walked += 1;
      const said = `${method} ${url} by ${who}: ${answer.status}`;
      // Its own account sees that it is suspended.
      if (who === 'of a suspended device' && row.evenSuspended) {
        expect(answer.status, said).toBe(200);
        continue;
      }
      expect(answer.text, said).not.toContain(CANARY);
      if (who !== 'stranger') expect([401, 403], said).toContain(answer.status);
      else if (url.includes(':') || row.operation.id === 'sendReaction') expect([404], said).toContain(answer.status);
      else expect(answer.status, said).toBeLessThan(500);
    }
    // Only the header is read: the same token elsewhere opens nothing.
    const elsewhere = await api(
      '',
      method,
      `${address}?token=${tokens.victim}&access_token=${tokens.victim}`,
      bodyOf(row),
    );
    expect(elsewhere.status, `${method} ${url} by a query parameter`).toBe(401);
    walked += 1;
  }
});

test('no route of the dashboard lets anybody in without a session, a role and an account that may', async () => {
  for (const { method, url } of app.routes) {
    const row = panelRows.get(`${method === 'HEAD' ? 'GET' : method} ${url}`);
    if (row === undefined || row.enter === 'anyone') continue;
    const { enter } = row;
    routesWalked += 1;
    const body = bodyOf(row);
    const asking = Object.entries(cookies).map(async ([who, cookie]) => {
      const role = roles.find((one) => who.endsWith(` ${one}`));
      const mayEnter = role !== undefined && enter.roles.includes(role) && !enter.admin;
      if (who.startsWith('own') && mayEnter) return;
      const isStream = row.produces === 'text/event-stream';
      if (mayEnter && isStream) return; // below
      if (who === 'suspended' && enter.evenSuspended) return;
      // What a stranger may do to their own account is theirs; with the victim's ids it is nothing.
      const isAddressed = url.includes(':') || row.operation.id in bodies;
      if (mayEnter && method !== 'GET' && method !== 'HEAD' && !isAddressed) return;
      const response = await fetch(`${app.url}${addressOf(url)}`, {
        method,
        headers: {
          ...from(),
          cookie,
          'sec-fetch-site': 'same-origin',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      walked += 1;
      const said = `${method} ${url} by ${who}: ${response.status} ${text.slice(0, 200)}`;
      if (!who.startsWith('own')) expect(text, said).not.toContain(CANARY);
      if (role === undefined) expect(who === 'suspended' ? [403] : [401], said).toContain(response.status);
      else if (!mayEnter) expect([403], said).toContain(response.status);
      else if (isAddressed) expect([404], said).toContain(response.status);
      else expect([200], said).toContain(response.status);
    });
    await Promise.all(asking);
  }
});

test('no route that is open says anything of anybody', async () => {
  for (const { method, url } of app.routes) {
    const name = `${method === 'HEAD' ? 'GET' : method} ${url}`;
    const row = panelRows.get(name);
    const isOpen = name in open || apiRows.get(name)?.enter === 'anyone' || row?.enter === 'anyone';
    if (!isOpen) continue;
    routesWalked += 1;
    for (const cookie of ['', cookies['stranger owner'] ?? '']) {
      if (row?.operation.id === 'panelSignOut') continue;
      const response = await fetch(`${app.url}${addressOf(url).replace('*', 'favicon.svg')}`, {
        method,
        headers: {
          ...from(),
          cookie,
          'sec-fetch-site': 'same-origin',
          ...(method === 'POST' && { 'content-type': 'application/json' }),
        },
        ...(method === 'POST' && {
          body: JSON.stringify({ email: victim.email, password: 'not the password', token: 'wagl_x' }),
        }),
      });
      walked += 1;
      expect(await response.text(), name).not.toContain(CANARY);
      expect(response.status, name).toBeLessThan(500);
    }
  }
});

/** What a stream tells until `until` was told. */
async function heard(path: string, headers: Record<string, string>, during: () => Promise<unknown>, until: string) {
  const abort = new AbortController();
  const response = await fetch(`${app.url}${path}`, { headers, signal: abort.signal });
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader?.read())?.value ?? '';
  await during();
  while (!text.includes(until)) text += (await reader?.read())?.value ?? '';
  abort.abort();
  return text;
}

test('the live streams tell a stranger nothing of it', async () => {
  const say = (token: string, message: string) =>
    api(token, 'POST', '/api/v1/send-message', { recipient: '628990000006', message });
  const both = async () => {
    for (let n = 0; n < 3; n++) await say(tokens.victim ?? '', `${CANARY} ${n}`);
    await say(tokens.stranger ?? '', 'marker8e7f');
  };
  const ofApi = await heard('/api/v1/events', { authorization: `Bearer ${tokens.stranger}` }, both, 'marker8e7f');
  const ofPanel = await heard('/api/panel/live', { cookie: cookies['stranger owner'] ?? '' }, both, 'marker8e7f');
  for (const text of [ofApi, ofPanel]) {
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(`"device":{"id":${deviceId},`);
  }
  walked += 2;
});

test('of the victim was left as it was by all of this', async () => {
  expect(await victim.browser.get('/me')).toMatchObject({ account: { role: 'owner', suspended: false, name: CANARY } });
  expect(await victim.browser.get<unknown[]>('/devices')).toContainEqual(
    expect.objectContaining({ id: deviceId, name: CANARY, suspended: false, enabled: true }),
  );
  expect(await victim.browser.get('/purchases')).toMatchObject([{ state: 'pending' }]);
  expect((await api(tokens.victim ?? '', 'GET', `/api/v1/webhooks/${ids.webhooks}`)).status).toBe(200);
  const history = await api(tokens.victim ?? '', 'GET', '/api/v1/messages?limit=100');
  // The stranger's sends that named the victim's device went from the stranger's.
  expect(history.text).not.toContain('of a stranger');
  expect((await api(tokens.stranger ?? '', 'GET', '/api/v1/messages?limit=100')).text).toContain('of a stranger');
  expect((await victim.browser.signIn(victim.email, PASSWORD)).status).toBe(200);
  tell('routes walked', routesWalked);
  tell('routes × identities', walked);
});
