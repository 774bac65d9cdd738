import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createTenant } from '../panel/support/people.ts';
import { chromiumPath } from '../support/browser.ts';
import { press, setStage } from './support.ts';

// What an account keeps of one person, and for how long, in a real browser.

describe.skipIf(chromiumPath === undefined)('privacy', () => {
  const stage = setStage({ sandbox: true });

  test('somebody asks for their data: it is looked up, handed over as a file, and erased once the number is typed', async () => {
    const tenant = await createTenant(stage.app, { devices: 2 });
    const { id } = await tenant.browser.post<{ id: number }>('/devices', { name: 'Toko', kind: 'sandbox' });
    await stage.app.untilConnected(id);
    await tenant.browser.post('/messages', { device_id: id, recipient: '628990000001', message: 'Pesanan Anda siap' });
    await stage.visit({ path: '/settings/privacy', cookie: tenant.browser.cookie }, async (page) => {
      await page.getByLabel('WhatsApp number').fill('0899-000-0001');
      await press(page, 'Look');
      await page.getByText('628990000001', { exact: true }).waitFor();
      const downloading = page.waitForEvent('download');
      await press(page, 'Save as a file');
      const file = await downloading;
      expect(file.suggestedFilename()).toBe('wagate-628990000001.json');
      const record = JSON.parse(readFileSync((await file.path()) ?? '', 'utf8'));
      expect(record.sent).toMatchObject([{ recipient: '628990000001', message: 'Pesanan Anda siap' }]);
      await press(page, 'Erase');
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Erase everything of 628990000001?').waitFor();
      expect(await dialog.getByRole('button', { name: 'Erase', exact: true }).isDisabled()).toBe(true);
      await dialog.getByRole('textbox').fill('628990000001');
      await press(dialog, 'Erase');
      await page
        .getByText(/^Erased: \d+ entries/)
        .first()
        .waitFor();
    });
    expect(await tenant.browser.post('/people/look', { person: '628990000001' })).toMatchObject({ sent: 0 });
  });

  test('the time of keeping is chosen, in Indonesian, and holds', async () => {
    const tenant = await createTenant(stage.app);
    const path = '/settings/privacy';
    await stage.visit({ path, cookie: tenant.browser.cookie, locale: 'id-ID' }, async (page) => {
      await page.getByRole('radio', { name: 'Sampai saya hapus' }).waitFor();
      await page.getByRole('radio', { name: 'Selama sejumlah hari' }).check();
      await page.getByLabel('Hari', { exact: true }).fill('90');
      await press(page, 'Simpan');
      await page.getByText('Tersimpan').first().waitFor();
    });
    expect(await tenant.browser.get('/privacy')).toEqual({ retention_days: 90 });
  });
});
