import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { panel } from '../../src/http/panel/routes.ts';
import type { PanelRow } from '../../src/http/panel/row.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Browser, createBrowser } from './support/browser.ts';
import { addMember, createTenant, type Role, type Tenant } from './support/people.ts';

/**
 * Every route of the dashboard × whoever must not enter. The rows themselves say who may, so a route that is added is walked, too. The
 * victim's data carries a canary in every name: no answer to anybody else may hold it.
 */
const CANARY = 'canary7f3a';
const roles: readonly Role[] = ['owner', 'admin', 'operator', 'viewer'];

let app: TestApp;
let victim: Tenant;
let stranger: Tenant;
let ids: Record<string, number | string>;
const members = new Map<Role, Browser>();

beforeAll(async () => {
  app = await startTestApp({ sandbox: true });
  victim = await createTenant(app, { devices: 9 });
  stranger = await createTenant(app);
  for (const role of roles)
    members.set(role, role === 'owner' ? stranger.browser : await addMember(app, stranger, role));
  await victim.browser.ok('PATCH', '/account', { name: CANARY });
  await victim.browser.ok('PATCH', '/me', { name: CANARY });
  const device = await victim.browser.post<{ id: number }>('/devices', { name: CANARY, kind: 'sandbox' });
  await app.untilConnected(device.id);
  const { webhook } = await victim.browser.post<{ webhook: { id: number } }>('/webhooks', {
    device_id: device.id,
    url: `https://127.0.0.1:8443/${CANARY}`,
    events: ['message.received'],
    description: CANARY,
  });
  const delivery = await victim.browser.post<{ id: number }>(`/devices/${device.id}/webhooks/${webhook.id}/test`);
  const heard = new Promise<number>((resolve) => app.events.on('message.received', ({ inboxId }) => resolve(inboxId)));
  await victim.browser.post(`/devices/${device.id}/sandbox/628990000001/messages`, { text: CANARY });
  const message = await victim.browser.post<{ id: number }>('/messages', {
    device_id: device.id,
    recipient: '628990000001',
    message: CANARY,
  });
  const offers = await app.store.packages.list();
  const offer = offers.find(({ price_idr }) => price_idr > 0);
  const purchase = await victim.browser.post<{ id: number }>('/purchases', { package_id: offer?.id, note: CANARY });
  const { invitation } = await victim.browser.post<{ invitation: { id: number } }>('/invitations', {
    email: `${CANARY}@example.com`,
    role: 'viewer',
  });
  const [session] = await victim.browser.get<{ id: string }[]>('/me/sessions');
  const subscription = await app.store.subscriptions.current(victim.accountId, app.clock.now());
  const [owner] = await victim.browser.get<{ id: number }[]>('/members');
  ids = {
    device: device.id,
    message: message.id,
    purchase: purchase.id,
    invitation: invitation.id,
    session: session?.id ?? '',
    subscription: subscription?.id ?? 0,
    member: owner?.id ?? 0,
    account: victim.accountId,
    package: offer?.id ?? 0,
    webhook: webhook.id,
    delivery: delivery.id,
    inbox: await heard,
  };
});
afterAll(() => app?.stop());

/** The path with the victim's ids in the place of the parameters. */
function pathOf(row: PanelRow): string {
  const kind = /\/(devices|messages|members|invitations|purchases|sessions|accounts|packages)\/\{id\}/.exec(
    row.path,
  )?.[1];
  const id = ids[kind?.replace(/s$/, '') ?? ''];
  return `${panel.prefix}${row.path}`
    .replace('{id}', String(id))
    .replace('{number}', '628990000001')
    .replace('{peer}', '628990000001')
    .replace('{webhook_id}', String(ids.webhook))
    .replace('{delivery_id}', String(ids.delivery))
    .replace('{inbox_id}', String(ids.inbox))
    .replace('{subscription_id}', String(ids.subscription));
}

/** Bodies that a row takes, so that it is not the validation that refuses. */
const bodies: Readonly<Record<string, () => unknown>> = {
  panelChangeMember: () => ({ role: 'viewer' }),
  panelPairingCode: () => ({ phone_number: '6281234567890' }),
  panelSandboxAnswer: () => ({ text: 'Halo' }),
  panelSendMessage: () => ({ device_id: ids.device, recipient: '628990000001', message: 'Halo' }),
  panelReact: () => ({ message_id: String(ids.inbox), emoji: '👍' }),
  panelCreateWebhook: () => ({ device_id: ids.device, url: 'https://127.0.0.1:8443/', events: ['device.status'] }),
  panelReplayWebhook: () => ({ since: '2025-01-01T00:00:00Z' }),
  panelSwitchAccount: () => ({ account_id: ids.account }),
  adminSuspendAccount: () => ({ suspended: true }),
  adminSuspendDevice: () => ({ suspended: true }),
  adminAssignSubscription: () => ({ package_id: ids.package }),
};
const bodyOf = (row: PanelRow) => (row.body ? { body: bodies[row.operation.id]?.() ?? {} } : {});
const sessionRows = panel.rows.filter(({ enter }) => enter !== 'anyone');
const named = (rows: readonly PanelRow[]) => rows.map((row) => [`${row.method} ${row.path}`, row] as const);

describe('every route', () => {
  test.each(named(sessionRows))('%s answers nobody without a session', async (_name, row) => {
    const nobody = createBrowser(app);
    for (const cookie of ['', 'wagate=nonsense', `wagate=wags_${'0'.repeat(49)}`]) {
      nobody.cookie = cookie;
      const answer = await nobody.call(row.method, pathOf(row), bodyOf(row));
      expect([answer.status, answer.body.code]).toEqual([401, 'not_signed_in']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  test.each(named(panel.rows.filter(({ method }) => method !== 'GET')))(
    '%s takes nothing that another site’s page sends',
    async (_name, row) => {
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
        const answer = await victim.browser.call(row.method, pathOf(row), { ...bodyOf(row), headers });
        expect([answer.status, answer.body.code]).toEqual([403, 'foreign_site']);
      }
    },
  );

  test.each(
    named(sessionRows).flatMap(([name, row]) =>
      roles
        .filter((role) => row.enter !== 'anyone' && (!row.enter.roles.includes(role) || row.enter.admin))
        .map((role) => [name, role, row] as const),
    ),
  )('%s refuses the role %s', async (_name, role, row) => {
    const answer = await members.get(role)?.call(row.method, pathOf(row), bodyOf(row));
    expect([answer?.status, answer?.body.code]).toEqual([403, 'not_allowed']);
    expect(answer?.text).not.toContain(CANARY);
  });

  test.each(named(sessionRows.filter(({ path, operation }) => path.includes('{') || operation.id in bodies)))(
    '%s knows nothing of another tenant’s ids',
    async (_name, row) => {
      if (row.enter !== 'anyone' && row.enter.admin) return;
      const answer = await stranger.browser.call(row.method, pathOf(row), bodyOf(row));
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain(CANARY);
    },
  );

  test.each(
    named(
      sessionRows.filter(
        ({ method, path, produces }) => method === 'GET' && !path.includes('{') && produces !== 'text/event-stream',
      ),
    ),
  )('%s shows the stranger nothing of the victim', async (_name, row) => {
    for (const browser of members.values()) expect((await browser.call('GET', pathOf(row))).text).not.toContain(CANARY);
  });

  test.each(
    named(
      sessionRows.filter(
        ({ method, path, produces, enter }) =>
          method === 'GET' &&
          !path.includes('{') &&
          produces !== 'text/event-stream' &&
          enter !== 'anyone' &&
          !enter.admin,
      ),
    ),
  )('%s answers the owner, as its schema says', async (_name, row) => {
    const answer = await victim.browser.call('GET', pathOf(row));
    expect([answer.status, answer.body.code]).toEqual([200, undefined]);
  });

  test('of an account that is suspended is closed, but for looking and leaving', async () => {
    const closed = await createTenant(app);
    await app.store.accounts.update(closed.accountId, { suspended_at: app.clock.now() });
    for (const row of sessionRows) {
      if (row.enter === 'anyone' || row.enter.evenSuspended) continue;
      const answer = await closed.browser.call(row.method, pathOf(row), bodyOf(row));
      expect([row.path, answer.status, answer.body.code]).toEqual([row.path, 403, 'account_suspended']);
    }
    expect(await closed.browser.get('/me')).toMatchObject({ account: { suspended: true } });
    expect((await closed.browser.call('POST', '/sign-out')).status).toBe(200);
  });

  test('of the victim was left as it was by all of this', async () => {
    expect(await victim.browser.get('/devices')).toMatchObject([{ name: CANARY, suspended: false, enabled: true }]);
    expect(await victim.browser.get('/me')).toMatchObject({ account: { role: 'owner', suspended: false } });
    expect(await victim.browser.get('/purchases')).toMatchObject([{ state: 'pending' }]);
    expect(await victim.browser.get('/invitations')).toHaveLength(1);
    expect(await victim.browser.get('/webhooks')).toMatchObject([
      { description: CANARY, events: ['message.received'] },
    ]);
    expect(await victim.browser.get('/inbox')).toMatchObject({ chats: [{ unread: 1 }], unread: 1 });
  });
});
