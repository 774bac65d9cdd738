import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { createTenant } from '../panel/support/people.ts';
import { chromiumPath } from '../support/browser.ts';
import { onPostgres } from '../support/own-database.ts';
import { administrator, heading, press, setStage } from './support.ts';

// Whoever runs the server, in a real browser: packages, purchases, accounts, health, the audit log.

describe.skipIf(chromiumPath === undefined)('administration', () => {
  const stage = setStage();

  test('a package is made, asked for, approved, and in force', async () => {
    const { app, visit } = stage;
    const admin = await administrator(app);
    const customer = await createTenant(app);
    await visit({ path: '/admin/packages', cookie: admin.cookie }, async (page) => {
      await press(page, 'Add a package');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('Hemat');
      await dialog.getByLabel('Price').fill('66500');
      await dialog.getByLabel('Messages').fill('1000');
      await press(dialog, 'Save');
      await page.getByText('Rp66.500').waitFor();
      await page.goto(`${app.url}/admin/settings`);
      await page.getByLabel('How to pay').fill('BCA 1234567890 a.n. Toko Contoh');
      await press(page, 'Save');
      await page.getByText('Saved.').first().waitFor();
    });
    await visit({ path: '/plan', cookie: customer.browser.cookie, locale: 'id-ID' }, async (page) => {
      const offer = page.locator('.mantine-Card-root', { has: page.getByRole('heading', { name: 'Hemat' }) });
      expect(await offer.textContent()).toContain('Rp66.500');
      expect(await offer.textContent()).toContain('1.000 pesan');
      await press(offer, 'Pesan paket ini');
      const dialog = page.getByRole('dialog');
      await dialog.getByText('BCA 1234567890').waitFor();
      await dialog.getByLabel('Catatan').fill('Sudah transfer, Bu Sari');
      await dialog.locator('button[type=submit]').click();
      await page.getByText('Menunggu', { exact: true }).waitFor();
    });
    await visit({ path: '/admin/purchases', cookie: admin.cookie }, async (page) => {
      await page.getByText('Sudah transfer, Bu Sari').waitFor();
      await press(page, 'Approve');
      const dialog = page.getByRole('dialog');
      await dialog.getByText('for Rp66.500').waitFor();
      await dialog.getByLabel(/Answer/).fill('Terima kasih');
      await press(dialog, 'Approve');
      await page.getByText('No requests').waitFor();
    });
    await visit({ path: '/plan', cookie: customer.browser.cookie }, async (page) => {
      await page.getByText('Package Hemat').waitFor();
      await page.getByText('1,000 of 1,000 left').waitFor();
      await page.getByText('Terima kasih').waitFor();
    });
  });

  test('an account is looked up, extended, suspended and let go on; its owner is told', async () => {
    const { app, visit } = stage;
    const admin = await administrator(app);
    const customer = await createTenant(app, { quota: 100 });
    await visit({ path: '/admin', cookie: admin.cookie }, async (page) => {
      await page.getByLabel('Name or e-mail address').fill(customer.email);
      await page.getByRole('link', { name: new RegExp(customer.email) }).click();
      await heading(page, /^Toko /);
      await page.getByLabel('More messages').fill('50');
      await press(page, 'Extend');
      await page.getByText('0 / 150').waitFor();
      await page.getByText('All devices are disconnected').waitFor();
      await press(page, 'Suspend the account');
      await press(page.getByRole('dialog'), 'Suspend the account');
      await page.getByText(/Suspended since/).waitFor();
    });
    await visit({ path: '/', cookie: customer.browser.cookie }, async (page) => {
      await page.getByText('This account is suspended').waitFor();
      await admin.ok('PUT', `/admin/accounts/${customer.accountId}/suspended`, { suspended: false });
      await press(page, 'Try again');
      await heading(page, 'Your first message');
    });
    await visit({ path: '/admin/audit', cookie: admin.cookie }, async (page) => {
      await page
        .getByRole('cell', { name: /Account suspended/ })
        .first()
        .waitFor();
    });
  });

  test('health names this node, its database and the devices that need somebody', async () => {
    const { app, visit } = stage;
    const admin = await administrator(app);
    await visit({ path: '/admin/health', cookie: admin.cookie }, async (page) => {
      await page.getByText(onPostgres() ? 'PostgreSQL' : 'SQLite').waitFor();
      await page.getByText(onPostgres() ? hostname() : 'local').waitFor();
      await page.getByText('All devices are well.').waitFor();
    });
  });

  test('somebody who runs no server finds no such page', async () => {
    const { browser } = await createTenant(stage.app);
    await stage.visit({ path: '/admin/accounts', cookie: browser.cookie }, async (page) => {
      await page.getByText('This page is not for your role').waitFor();
      expect(await page.getByRole('link', { name: 'Admin' }).count()).toBe(0);
    });
  });
});
