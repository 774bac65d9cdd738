import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { onPostgres } from '../support/own-database.ts';
import { type Browser, createBrowser, PASSWORD } from './support/browser.ts';
import { createTenant, signInAsAdministrator } from './support/people.ts';

interface Purchase {
  readonly id: number;
  readonly state: string;
}
interface Package {
  readonly id: number;
}

let app: TestApp;
let admin: Browser;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true });
  admin = await signInAsAdministrator(app);
});
afterAll(() => app?.stop());

const usaha = {
  name: 'Usaha',
  message_quota: 5_000,
  device_limit: 4,
  days: 30,
  price_idr: 66_500,
  is_trial: false,
  rate_limit_per_minute: 240,
};

describe('the administrator', () => {
  test('makes a package, a customer asks for it, the approval assigns it, once', async () => {
    const offer = await admin.post<Package>('/admin/packages', usaha);
    const customer = await createTenant(app, { quota: 0, devices: 1 });
    await admin.ok('PATCH', '/admin/settings', { bank_transfer: 'BCA 123 a.n. Toko' });
    const shop = await customer.browser.get<{ packages: Package[]; bank_transfer: string }>('/packages');
    expect(shop.bank_transfer).toBe('BCA 123 a.n. Toko');
    expect(shop.packages).toContainEqual(
      expect.objectContaining({ name: 'Usaha', price_idr: 66_500, message_quota: 5_000 }),
    );

    const asked = await customer.browser.post<Purchase>('/purchases', {
      package_id: offer.id,
      note: 'Transfer a.n. Sari',
    });
    expect(await admin.get('/admin/purchases?state=pending')).toContainEqual(
      expect.objectContaining({
        id: asked.id,
        note: 'Transfer a.n. Sari',
        asked_by: customer.email,
        price_idr: 66_500,
      }),
    );
    const approvals = await Promise.all(
      [1, 2, 3].map(() =>
        admin.call('POST', `/admin/purchases/${asked.id}/approve`, { body: { answer: 'Terima kasih' } }),
      ),
    );
    expect(approvals.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(approvals.find(({ status }) => status === 409)?.body.code).toBe('already_decided');
    expect(await customer.browser.get('/purchases')).toMatchObject([{ state: 'approved', answer: 'Terima kasih' }]);
    expect(await customer.browser.get('/me')).toMatchObject({
      subscription: {
        package: 'Usaha',
        message_quota: 5_000,
        device_limit: 4,
        rate_limit_per_minute: 240,
        state: 'running',
        warning: null,
      },
    });
    expect(await app.store.subscriptions.list(customer.accountId)).toHaveLength(2);
    expect(await customer.browser.get('/audit')).toContainEqual(expect.objectContaining({ kind: 'purchase.approved' }));
  });

  test('declines a purchase, and the customer withdraws one', async () => {
    const offer = await admin.post<Package>('/admin/packages', { ...usaha, name: 'Kecil' });
    const { browser } = await createTenant(app);
    const ask = () => browser.post<Purchase>('/purchases', { package_id: offer.id });
    const [first, second] = [await ask(), await ask()];
    await admin.post(`/admin/purchases/${first.id}/decline`, { answer: 'Belum diterima' });
    await browser.ok('DELETE', `/purchases/${second.id}`);
    expect(await browser.get('/purchases')).toMatchObject([
      { state: 'withdrawn' },
      { state: 'declined', answer: 'Belum diterima' },
    ]);
    expect((await admin.call('POST', `/admin/purchases/${second.id}/approve`)).body.code).toBe('already_decided');
    for (let i = 0; i < 5; i++) await ask();
    expect((await browser.call('POST', '/purchases', { body: { package_id: offer.id } })).status).toBe(422);
  });

  test('offers neither trials nor archived packages nor the owner’s own', async () => {
    const { browser } = await createTenant(app);
    const gone = await admin.post<Package>('/admin/packages', { ...usaha, name: 'Lama' });
    await admin.ok('PATCH', `/admin/packages/${gone.id}`, { archived: true });
    const { packages } = await browser.get<{ packages: { id: number; name: string }[] }>('/packages');
    for (const name of ['Owner', 'Trial', 'Lama']) expect(packages.map((one) => one.name)).not.toContain(name);
    const all = await admin.get<{ id: number; name: string; archived: boolean }[]>('/admin/packages');
    const hidden = all.find(({ name }) => name === 'Owner');
    for (const id of [gone.id, hidden?.id, 999_999])
      expect((await browser.call('POST', '/purchases', { body: { package_id: id } })).status).toBe(404);
    const twice = await admin.call('POST', '/admin/packages', { body: { ...usaha, name: 'Lama' } });
    expect(twice.body.errors).toEqual({ name: ['There is a package named Lama already.'] });
  });

  test('assigns, extends, enlarges and suspends a subscription', async () => {
    const { accountId, browser } = await createTenant(app, { quota: 10 });
    const offer = await admin.post<Package>('/admin/packages', { ...usaha, name: 'Besar' });
    const assigned = await admin.post<{ id: number; ends_at: string }>(`/admin/accounts/${accountId}/subscriptions`, {
      package_id: offer.id,
    });
    const path = `/admin/accounts/${accountId}/subscriptions/${assigned.id}`;
    const extended = await admin.ok<{ ends_at: string }>('PATCH', path, { extend_days: 10, add_quota: 500 });
    expect(Date.parse(extended.ends_at) - Date.parse(assigned.ends_at)).toBe(10 * 86_400_000);
    expect(extended).toMatchObject({ message_quota: 5_500 });
    expect(await admin.ok('PATCH', path, { suspended: true })).toMatchObject({
      state: 'suspended',
      warning: 'suspended',
    });
    expect((await browser.call('POST', '/devices', { body: { name: 'x', kind: 'sandbox' } })).body.code).toBe(
      'subscription_expired',
    );
    expect(await admin.ok('PATCH', path, { suspended: false })).toMatchObject({ state: 'running' });
    const other = await createTenant(app);
    expect(
      (
        await admin.call('PATCH', `/admin/accounts/${other.accountId}/subscriptions/${assigned.id}`, {
          body: { extend_days: 1 },
        })
      ).status,
    ).toBe(404);
  });

  test('suspends an account: its devices go, its tokens and pages are closed; and lets it go on', async () => {
    const { accountId, browser } = await createTenant(app);
    const device = await browser.post<{ id: number }>('/devices', { name: 'S', kind: 'sandbox' });
    await app.untilConnected(device.id);
    const { token } = await browser.post<{ token: string }>(`/devices/${device.id}/token`);
    const use = async () =>
      (await fetch(`${app.url}/api/v1/device`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await use()).toBe(200);
    await admin.ok('PUT', `/admin/accounts/${accountId}/suspended`, { suspended: true });
    expect(app.fleet.state(device.id).is).toBe('idle');
    await expect.poll(use).toBe(403);
    expect((await browser.call('GET', '/devices')).body.code).toBe('account_suspended');
    await admin.ok('PUT', `/admin/accounts/${accountId}/suspended`, { suspended: false });
    await app.untilConnected(device.id);
    expect((await browser.call('GET', '/devices')).status).toBe(200);
    expect(
      (await admin.call('PUT', `/admin/accounts/${app.account.id}/suspended`, { body: { suspended: true } })).status,
    ).toBe(403);
  });

  test('suspends one device', async () => {
    const { browser } = await createTenant(app);
    const device = await browser.post<{ id: number }>('/devices', { name: 'S', kind: 'sandbox' });
    await app.untilConnected(device.id);
    await admin.ok('PUT', `/admin/devices/${device.id}/suspended`, { suspended: true });
    expect(await browser.get(`/devices/${device.id}`)).toMatchObject({
      suspended: true,
      live: { status: 'suspended', reason: 'suspended' },
    });
    expect((await browser.call('POST', `/devices/${device.id}/connect`)).body.code).toBe('device_suspended');
    await admin.ok('PUT', `/admin/devices/${device.id}/suspended`, { suspended: false });
    await app.untilConnected(device.id);
  });

  test('makes an account with a one-time link for its owner, and finds it', async () => {
    const made = await admin.post<{ account: { id: number }; link: string; mailed: boolean }>('/admin/accounts', {
      name: 'Warung 100%',
      email: 'warung@example.com',
    });
    expect(made).toMatchObject({
      account: { owner: 'warung@example.com', subscription: { is_trial: true } },
      mailed: false,
    });
    const browser = createBrowser(app);
    expect(await browser.post('/sign-in/link', { token: made.link.split('/').at(-1) })).toMatchObject({
      account: { id: made.account.id },
    });
    for (const q of ['warung', 'WARUNG@', '100%']) {
      const found = await admin.get<{ id: number }[]>(`/admin/accounts?q=${encodeURIComponent(q)}`);
      expect(found.map(({ id }) => id)).toEqual([made.account.id]);
    }
    expect(await admin.get('/admin/accounts?q=_')).toEqual([]);
    const again = await admin.post<{ link: string }>(`/admin/accounts/${made.account.id}/link`);
    expect(
      (await createBrowser(app).call('POST', '/sign-in/link', { body: { token: again.link.split('/').at(-1) } }))
        .status,
    ).toBe(200);
  });

  test('of a lower role gets no link that would make him more', async () => {
    const email = 'deputy@example.com';
    const { link } = await admin.post<{ link: string }>('/invitations', { email, role: 'admin' });
    const deputy = createBrowser(app);
    await deputy.post('/invitation/accept', { token: link.split('/').at(-1), name: 'Deputy', password: PASSWORD });
    expect(await deputy.get('/admin/accounts')).not.toEqual([]);
    expect((await deputy.call('POST', `/admin/accounts/${app.account.id}/link`)).body.code).toBe('not_allowed');
  });

  test('who looks at an account is noted where its owner sees it', async () => {
    const { accountId, browser, email } = await createTenant(app);
    expect(await admin.get(`/admin/accounts/${accountId}`)).toMatchObject({
      owner: email,
      members: [{ role: 'owner' }],
      device_list: [],
    });
    expect(await browser.get('/audit')).toContainEqual(
      expect.objectContaining({ kind: 'admin.viewed', user: 'owner@localhost', address: '127.0.0.1' }),
    );
  });

  test('sees the health of the installation', async () => {
    const health = await admin.get<{ nodes: unknown[]; devices: { total: number; by_state: Record<string, number> } }>(
      '/admin/health',
    );
    expect(health).toMatchObject({
      database: onPostgres() ? 'postgres' : 'sqlite',
      sandbox: true,
      mail: false,
      nodes: [{ alive: true }],
    });
    expect(health.devices.total).toBe((await app.store.devices.listAll()).length);
    expect(health.devices.by_state.connected).toBeGreaterThan(0);
  });
});
