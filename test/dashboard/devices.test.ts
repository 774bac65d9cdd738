import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { addMember, createTenant, type Tenant } from '../panel/support/people.ts';
import { chromiumPath, phone } from '../support/browser.ts';
import {
  becomeViewer,
  copied,
  heading,
  linkDevice,
  press,
  readQr,
  sandboxTenant,
  setStage,
  signIn,
  signOut,
} from './support.ts';

// Devices, in a real browser: a phone of the simulated network is held in front of the screen.

const QR = 'QR code to scan with WhatsApp';

/** Adds a WhatsApp device as one does it: the page of the new device opens with a QR code. */
async function addDevice(page: Page, name: string) {
  await press(page, 'Add a device');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await press(dialog, 'Add the device');
  await heading(page, name);
}

const idOf = (page: Page) => Number(new URL(page.url()).pathname.split('/').at(-1));
const connected = (page: Page) => page.getByRole('heading', { name: 'Connected to WhatsApp' }).waitFor();

describe.skipIf(chromiumPath === undefined)('devices', () => {
  const stage = setStage();
  const asked = (token: string) =>
    fetch(`${stage.app.url}/api/v1/device`, { headers: { authorization: `Bearer ${token}` } });

  // A QR code is shown for a minute, by Baileys' own timers: these expire while the other stories are told.
  let expiring: { readonly tenant: Tenant; readonly id: number; readonly another: number };
  beforeAll(async () => {
    const { app } = stage;
    const tenant = await createTenant(app);
    const expire = async (name: string) => {
      const { id } = await tenant.browser.post<{ id: number }>('/devices', { name, kind: 'whatsapp' });
      app.network.faults.fewCodes(1);
      await tenant.browser.post(`/devices/${id}/link`);
      await app.until(() => app.fleet.state(id).is === 'pairing', 'the QR code that will expire');
      return id;
    };
    expiring = { tenant, id: await expire('Kasir'), another: await expire('Gudang') };
  });

  test('a phone is linked by scanning the QR code from the screen', async () => {
    const { browser } = await createTenant(stage.app);
    await stage.visit({ path: '/devices', cookie: browser.cookie }, async (page) => {
      await addDevice(page, 'Toko Melati');
      await page.getByText(/Valid for \d+ more seconds/).waitFor();
      await stage.app.network.phone('6281310000001').scan(await readQr(page, QR));
      await connected(page);
      await page.getByText('+62 813-1000-0001').waitFor();
      await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
      await page.getByRole('link', { name: /Toko Melati.*Connected/ }).waitFor();
    });
  });

  test('a phone whose camera is broken is linked by a code that one types, on a phone-wide page', async () => {
    const { browser } = await createTenant(stage.app);
    await stage.visit(
      { path: '/devices', cookie: browser.cookie, refusals: [/pairing-code 422/], ...phone },
      async (page) => {
        await addDevice(page, 'Toko Mawar');
        // The phone in the hand is most likely the one to be linked, and cannot scan itself.
        await press(page, 'Link with the QR code instead');
        await page.getByRole('img', { name: QR }).waitFor();
        // What was chosen is chosen when one comes back, too.
        await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
        await page.getByRole('link', { name: /Toko Mawar/ }).click();
        await page.getByRole('img', { name: QR }).waitFor();
        await press(page, 'Link with a code instead');
        const number = page.getByLabel('Number of the phone that shall be linked');
        await number.fill('bukan nomor');
        await press(page, 'Get the code');
        await page.getByText('That is not a whole phone number.').waitFor();
        await number.fill('0813-1000-0002');
        await press(page, 'Get the code');
        const code = await copied(page, 'Type this code on the phone');
        expect(code).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/);
        await stage.app.network.phone('6281310000002').enterCode(code.replace('-', ''));
        await connected(page);
      },
    );
  });

  test('the token is shown once, with a command that works; a new one kills it at once', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await stage.visit({ path: `/devices/${deviceId}`, cookie: browser.cookie }, async (page) => {
      await press(page, 'Make a token');
      const first = await copied(page, 'API token');
      expect(first).toMatch(/^wag_\w{49}$/);
      expect(await copied(page, 'Ready to paste: your first message')).toContain(`Authorization: Bearer ${first}`);
      expect((await asked(first)).status).toBe(200);
      await press(page, 'I have stored it');
      await page.getByText(`${first.slice(0, 8)}…${first.slice(-4)}`).waitFor();
      await page.reload();
      await page.getByText(`${first.slice(0, 8)}…${first.slice(-4)}`).waitFor();
      expect(await page.content()).not.toContain(first);

      await press(page, 'Make a new token');
      await page.getByText('The old token dies at once.').waitFor();
      await press(page, 'Make it, the old one dies now');
      const second = await copied(page, 'API token');
      expect(second).not.toBe(first);
      await expect.poll(async () => (await asked(first)).status).toBe(401);
      expect((await asked(second)).status).toBe(200);
    });
  });

  test('the command writes to the device’s own number; until that is known to none, which the line above it says', async () => {
    const { browser } = await createTenant(stage.app);
    await stage.visit({ path: '/devices', cookie: browser.cookie }, async (page) => {
      await addDevice(page, 'Toko Kenanga');
      const run = async () => {
        const command = await copied(page, 'Ready to paste: your first message');
        const [, body = ''] = /-d '(.*)'/.exec(command) ?? [];
        const [, authorization = ''] = /"Authorization: (.*?)"/.exec(command) ?? [];
        const headers = { authorization, 'content-type': 'application/json' };
        const answer = await fetch(`${stage.app.url}/api/v1/send-message`, { method: 'POST', headers, body });
        return [JSON.parse(body).recipient, answer.status];
      };
      const line = page.getByText('Replace YOUR_NUMBER with your own WhatsApp number first.');
      await line.waitFor();
      expect(await run()).toEqual(['YOUR_NUMBER', 422]);
      await stage.app.network.phone('6281310000006').scan(await readQr(page, QR));
      await connected(page);
      await line.waitFor({ state: 'detached' });
      expect(await run()).toEqual(['6281310000006', 200]);
    });
  });

  test('a fresh token is shown to nobody who may not keep the device, and leaves with who made it', async () => {
    const tenant = await sandboxTenant(stage.app);
    const admin = await addMember(stage.app, tenant, 'admin');
    await stage.visit({ path: `/devices/${tenant.deviceId}`, cookie: tenant.browser.cookie }, async (page) => {
      const regenerate = async () => {
        await press(page, 'Make a new token');
        await press(page, 'Make it, the old one dies now');
        return copied(page, 'API token');
      };
      await press(page, 'Make a token');
      const signedOut = await copied(page, 'API token');
      await signOut(page);
      await tenant.browser.signIn(tenant.email);
      await signIn(page, admin.email);
      await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
      await page.getByRole('link', { name: /Sandbox.*Connected/ }).click();
      await page.getByText(`${signedOut.slice(0, 8)}…${signedOut.slice(-4)}`).waitFor();
      expect(await page.content()).not.toContain(signedOut);

      const ended = await regenerate();
      await admin.post('/me/sign-out-everywhere', { keep_this: false });
      await heading(page, 'Sign in');
      await signIn(page, admin.email);
      await page.getByText(`${ended.slice(0, 8)}…${ended.slice(-4)}`).waitFor();
      expect(await page.content()).not.toContain(ended);

      const fresh = await regenerate();
      await becomeViewer(tenant.browser, admin.email);
      await page.getByText(fresh).first().waitFor({ state: 'detached' });
      expect(await page.content()).not.toContain(fresh);
    });
  });

  test('a package’s limit says what to do, in the dialog and on the page', async () => {
    const { browser } = await createTenant(stage.app, { devices: 1 });
    await stage.visit({ path: '/devices', cookie: browser.cookie, refusals: [/devices 403/] }, async (page) => {
      await addDevice(page, 'Satu');
      await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
      await page.getByText('Your package allows no more WhatsApp devices').waitFor();
      await press(page, 'Add a device');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('Dua');
      await press(dialog, 'Add the device');
      await dialog.getByText('Please delete one or upgrade your package.').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'See the packages' }).click();
      await heading(page, 'Plan');
    });
  });

  test('a viewer sees the devices, and neither sends nor links nor sees a token being made', async () => {
    const tenant = await sandboxTenant(stage.app);
    const viewer = await addMember(stage.app, tenant, 'viewer');
    await stage.visit({ path: `/devices/${tenant.deviceId}`, cookie: viewer.cookie }, async (page) => {
      await connected(page);
      await page.getByText('This device has no token yet.').waitFor();
      for (const name of ['Make a token', 'Send', 'Save', 'Delete the device', 'Disconnect', 'Connect'])
        expect([name, await page.getByRole('button', { name, exact: true }).count()]).toEqual([name, 0]);
      await page.getByRole('link', { name: 'Messages' }).click();
      await heading(page, 'Messages');
      expect(await page.getByRole('button', { name: 'Send a message' }).count()).toBe(0);
      await page.goto(`${stage.app.url}/admin`);
      await page.getByText('This page is not for your role').waitFor();
    });
    const refused = await viewer.call('POST', '/messages', {
      body: { device_id: tenant.deviceId, recipient: '628990000001', message: 'x' },
    });
    expect([refused.status, refused.body.code]).toEqual([403, 'not_allowed']);
  });

  test('is renamed, disconnected, connected again, unlinked and deleted, each after saying what it means', async () => {
    const tenant = await createTenant(stage.app);
    const id = await linkDevice(stage.app, tenant, '6281310000003', 'Lama');
    await stage.visit({ path: `/devices/${id}`, cookie: tenant.browser.cookie }, async (page) => {
      await page.getByLabel('Name', { exact: true }).fill('Baru');
      await press(page, 'Save');
      await heading(page, 'Baru');
      await press(page, 'Disconnect');
      await page.getByRole('heading', { name: 'Switched off' }).waitFor();
      // The notice slides over the page: a click that was meant for what lies beneath must not end there.
      // Not by its text alone: the live region of screen readers holds the same sentence.
      const notice = page.locator('.passing-notice', { hasText: 'The device is switched off.' });
      await notice.waitFor();
      // Where it comes to rest: it slides in from above the window.
      await page.evaluate(
        'Promise.allSettled(document.getAnimations().filter((it) => it instanceof CSSTransition).map((it) => it.finished))',
      );
      const at = await notice.boundingBox();
      if (at === null) throw new Error('the notice is not to be seen');
      const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
      expect(await page.evaluate(`document.elementFromPoint(${x}, ${y})?.closest('[role=alert]') ?? null`)).toBeNull();
      await press(page, 'Connect');
      await connected(page);
      await press(page, 'Unlink from the phone');
      await press(page.getByRole('dialog'), 'Unlink from the phone');
      await page.getByRole('heading', { name: 'Unlinked on the phone' }).waitFor();
      expect(stage.app.network.phone('6281310000003').devices()).toEqual([]);
      await press(page, 'Delete the device');
      const dialog = page.getByRole('dialog');
      const last = dialog.getByRole('button', { name: 'Delete for ever' });
      expect(await last.isDisabled()).toBe(true);
      await dialog.getByLabel(/Type “Baru”/).fill('Baru');
      await last.click();
      await page.getByText('No device yet').waitFor();
    });
  });

  test('is told to be unlinked at once when its phone unlinks it, and by whom', async () => {
    const tenant = await createTenant(stage.app);
    const id = await linkDevice(stage.app, tenant, '6281310000004');
    await stage.visit({ path: `/devices/${id}`, cookie: tenant.browser.cookie }, async (page) => {
      await connected(page);
      stage.app.network.phone('6281310000004').unlink();
      await page.getByRole('heading', { name: 'Unlinked on the phone' }).waitFor();
      await press(page, 'New QR code');
      await stage.app.network.phone('6281310000004').scan(await readQr(page, QR));
      await connected(page);
    });
  });

  test('that nobody scans in time says so, and a new code links it', async () => {
    const { tenant, id } = expiring;
    await stage.app.until(() => stage.app.fleet.state(id).is !== 'pairing', 'the QR code to expire', 90_000);
    await stage.visit({ path: `/devices/${id}`, cookie: tenant.browser.cookie }, async (page) => {
      await page.getByRole('heading', { name: 'The QR code expired' }).waitFor();
      await page.getByText('Nobody scanned it in time.').waitFor();
      await press(page, 'New QR code');
      await page.getByRole('img', { name: QR }).waitFor();
      expect(idOf(page)).toBe(id);
      await stage.app.network.phone('6281310000005').scan(await readQr(page, QR));
      await connected(page);
    });
  });

  test('whose code nobody typed in time says so, and the number is still there when one asks for a new one', async () => {
    const { tenant, another: id } = expiring;
    await stage.app.until(() => stage.app.fleet.state(id).is !== 'pairing', 'the code to expire', 90_000);
    await stage.visit({ path: `/devices/${id}`, cookie: tenant.browser.cookie, ...phone }, async (page) => {
      await page.getByRole('heading', { name: 'The code expired' }).waitFor();
      await page.getByText('Nobody typed it in time.').waitFor();
      const number = page.getByLabel('Number of the phone that shall be linked');
      await press(page, 'Ask for a new code');
      await number.fill('0813-1000-0007');
      await press(page, 'Get the code');
      await page.getByText('Type this code on the phone').waitFor();
      // The linking ends, and with it what was on the screen.
      await tenant.browser.ok('DELETE', `/devices/${id}/link`);
      await page.getByRole('heading', { name: 'Not linked yet' }).waitFor();
      await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
      await page.getByRole('link', { name: /Gudang/ }).click();
      await press(page, 'Link with a code');
      await expect.poll(() => number.inputValue()).toBe('0813-1000-0007');
      await press(page, 'Get the code');
      const code = await copied(page, 'Type this code on the phone');
      await stage.app.network.phone('6281310000007').enterCode(code.replace('-', ''));
      await connected(page);
    });
  });
});
