import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrowser } from '../panel/support/browser.ts';
import { createTenant, signInAsAdministrator } from '../panel/support/people.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { databaseOf } from '../support/own-database.ts';
import { run } from '../support/process.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true });
});
afterAll(() => app?.stop());

interface Entry {
  readonly kind: string;
  readonly user: string | null;
  readonly subject: string | null;
}

test('what is done with an account stands in its log: who, what, to which; by people, by tokens, by the command line', async () => {
  const administrator = await signInAsAdministrator(app);
  const { browser, email, accountId } = await createTenant(app, { devices: 4 });
  const tokenOf = async (id: number) => (await browser.post<{ token: string }>(`/devices/${id}/token`)).token;

  await createBrowser(app).signIn(email, 'not the password');
  await browser.signIn(email);
  const { id } = await browser.post<{ id: number }>('/devices', { name: 'Toko', kind: 'sandbox' });
  await app.untilConnected(id);
  const token = await tokenOf(id);
  const api = (method: string, path: string, body?: unknown) =>
    fetch(`${app.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const url = 'https://example.com/hook';
  const made = await api('POST', '/webhooks', { url, events: ['message.received'] });
  const { data: webhook } = (await made.json()) as { data: { id: number } };
  await api('PATCH', `/webhooks/${webhook.id}`, { description: 'x' });
  await api('POST', `/webhooks/${webhook.id}/rotate-secret`);
  await api('DELETE', `/webhooks/${webhook.id}`);
  expect((await browser.call('GET', '/messages/export')).status).toBe(200);
  await browser.post('/people/export', { person: '628990000001' });
  await browser.post('/people/erase', { person: '628990000001', confirm: '628990000001' });
  await browser.ok('PUT', '/privacy', { retention_days: 90 });
  await administrator.get(`/admin/accounts/${accountId}`);
  const [offer] = await app.store.packages.list();
  await administrator.post(`/admin/accounts/${accountId}/subscriptions`, { package_id: offer?.id });
  await administrator.ok('PUT', `/admin/devices/${id}/suspended`, { suspended: true });
  await administrator.ok('PUT', `/admin/devices/${id}/suspended`, { suspended: false });
  const cli = run('src/cli.ts', ['device', 'token', String(id), '--account', email, '--json'], {
    DATA_DIR: app.dataDir,
    PORT: '0',
    SANDBOX: 'true',
    ...(await databaseOf(app.dataDir)),
  });
  expect(await cli.ended).toBe(0);
  await browser.ok('DELETE', `/devices/${id}`);

  const entries = await browser.get<Entry[]>('/audit?limit=100');
  const done = (kind: string, user: string, subject: string | null) =>
    expect(entries).toContainEqual(expect.objectContaining({ kind, user, subject }));
  done('sign_in.failed', email, null);
  done('sign_in', email, null);
  done('device.created', email, `device ${id}`);
  done('token.issued', email, `device ${id}`);
  done('token.issued', 'command line', `device ${id}`);
  for (const kind of ['webhook.created', 'webhook.changed', 'webhook.secret', 'webhook.deleted'])
    done(kind, `API token of device ${id}`, `webhook ${webhook.id} of device ${id}`);
  done('person.exported', email, '6289***001');
  done('person.erased', email, '6289***001');
  done('retention.changed', email, '90 days');
  done('device.deleted', email, `device ${id}`);
  const kinds = new Set(entries.map(({ kind }) => kind));
  for (const kind of ['export', 'admin.viewed', 'quota.assigned', 'device.suspended', 'device.resumed'])
    expect(kinds).toContain(kind);
  // No secret, no number in full.
  expect(JSON.stringify(entries)).not.toMatch(/wag_|whsec_|628990000001/);
});
