import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/base/config.ts';
import { firstStart } from '../../src/welcome.ts';
import { createBrowser, PASSWORD } from '../panel/support/browser.ts';
import { startMailServer } from '../panel/support/mail-server.ts';
import { createTenant } from '../panel/support/people.ts';
import { startTestApp } from '../support/app.ts';
import { chromiumPath, phone } from '../support/browser.ts';
import { databaseOf } from '../support/own-database.ts';
import { copied, heading, press, setStage, signIn, signOut } from './support.ts';

// How people come in, in a real browser.

async function choosePassword(page: Page, password = PASSWORD, again = password) {
  await page.getByLabel('New password').fill(password);
  await page.getByLabel('The same password once more').fill(again);
}

describe.skipIf(chromiumPath === undefined)('coming in', () => {
  const stage = setStage({ env: { SIGN_UP: 'open' } });

  test('from the link that the first start prints to the first message, on a phone, in Indonesian', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'wagate-test-'));
    const database = await databaseOf(dataDir);
    const app = await startApp(
      readConfig({ NODE_ENV: 'test', PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent', ...database }),
    );
    const first = await firstStart(app);
    onTestFinished(async () => {
      await app.stop();
      rmSync(dataDir, { recursive: true });
    });
    {
      const path = new URL(first?.signIn ?? '').pathname;
      const options = { at: app, path, locale: 'id-ID', timezoneId: 'Asia/Makassar', ...phone };
      await stage.visit(options, async (page) => {
        await press(page, 'Masuk sekarang');
        await heading(page, 'Selamat datang! Server ini milik Anda');
        expect(await page.getByLabel('Zona waktu').inputValue()).toBe('Asia/Makassar');
        await page.getByLabel('Nama Anda').fill('Ibu Sari');
        await page.getByLabel('Email').fill('sari@example.com');
        await page.getByLabel('Kata sandi baru').fill(PASSWORD);
        await page.getByLabel('Kata sandi yang sama sekali lagi').fill(PASSWORD);
        await press(page, 'Simpan dan mulai');
        await heading(page, 'Pesan pertama Anda');
        await press(page, 'Kirim sekarang');
        const handset = page.getByRole('region', { name: 'Ponsel sandbox' });
        await handset.getByRole('button', { name: /Halo dari WAGate/ }).click();
        const bubbles = handset.getByRole('log').locator('.bubble');
        await expect.poll(() => bubbles.count()).toBe(2);
        for (const text of await bubbles.allTextContents()) expect(text).toContain('Halo dari WAGate!');
        await handset
          .locator('.bubble.device')
          .getByRole('img', { name: /sampai|dibaca/ })
          .waitFor();
      });
      expect((await app.sandbox.network?.contact('628990000006').nextMessage())?.text).toBe('Halo dari WAGate!');
      expect(await app.accounts.choose(undefined)).toMatchObject({ time_zone: 'Asia/Makassar' });
    }
  });

  test('the first steps leave room for the phone of one’s own, also in a package of one device', async () => {
    const { browser } = await createTenant(stage.app, { devices: 1 });
    await stage.visit({ path: '/', cookie: browser.cookie }, async (page) => {
      await heading(page, 'Your first message');
      await press(page, 'Make a sandbox phone');
      await press(page, 'Send it now');
      await page.getByRole('link', { name: 'Link my WhatsApp' }).click();
      await page.getByText('0 of 1 devices of your package').waitFor();
      await press(page, 'Add a device');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('Toko');
      await press(dialog, 'Add the device');
      await page.getByRole('img', { name: 'QR code to scan with WhatsApp' }).waitFor();
    });
  });

  test('where the operator has no sandbox, nobody is led to one', async () => {
    const app = await startTestApp({ env: { SANDBOX: 'false' } });
    onTestFinished(() => app.stop());
    const { browser } = await createTenant(app);
    await stage.visit({ at: app, path: '/', cookie: browser.cookie }, async (page) => {
      await page.getByText('No device yet').waitFor();
      expect(await page.getByRole('button', { name: 'Make a sandbox phone' }).count()).toBe(0);
    });
  });

  test('a zone that the account was given is proposed before the browser’s, and another one can be chosen', async () => {
    const { accounts } = stage.app;
    const email = 'sari@example.com';
    await accounts.create({ name: 'Ibu Sari', email, packageName: 'Trial', isAdmin: false, timeZone: 'Asia/Jayapura' });
    const path = `/sign-in/${await accounts.issueLink(email)}`;
    await stage.visit({ path, timezoneId: 'Europe/Berlin' }, async (page) => {
      await press(page, 'Sign in now');
      const zone = page.getByLabel('Time zone');
      expect(await zone.inputValue()).toBe('Asia/Jayapura');
      await zone.selectOption('Asia/Tokyo');
      await page.getByLabel('Your name').fill('Ibu Sari');
      await choosePassword(page);
      await press(page, 'Save and start');
      await heading(page, 'Your first message');
    });
    expect(await accounts.choose(email)).toMatchObject({ time_zone: 'Asia/Tokyo' });
  });

  test('by signing up: what is missing or wrong is said beside its field, and then one is in', async () => {
    await stage.visit({ path: '/sign-in', refusals: [/sign-up 422/] }, async (page) => {
      await page.getByRole('link', { name: 'Sign up' }).click();
      await heading(page, 'Sign up');
      await press(page, 'Create the account');
      expect(await page.getByText('Please fill this in.').count()).toBe(1);
      await page.getByText('At least 10 characters, please.').waitFor();
      await page.getByLabel('Your name').fill('Budi');
      await page.getByLabel('E-mail').fill('owner@localhost');
      await choosePassword(page, PASSWORD, 'another password');
      await press(page, 'Create the account');
      await page.getByText('The two passwords differ.').waitFor();
      await choosePassword(page);
      await press(page, 'Create the account');
      await page.locator('[aria-invalid=true]').waitFor();
      await page.getByLabel('E-mail').fill('budi@example.com');
      await press(page, 'Create the account');
      await heading(page, 'Your first message');
      await page.getByRole('link', { name: 'Plan' }).click();
      await page.getByText('Package Trial').waitFor();
    });
  });

  test('what the server refuses is said beside its field in the language of the reader', async () => {
    const { email } = await createTenant(stage.app);
    await stage.visit({ path: '/sign-up', locale: 'id-ID', refusals: [/sign-up 422/] }, async (page) => {
      await page.getByLabel('Nama Anda').fill('Budi');
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Kata sandi baru').fill(PASSWORD);
      await page.getByLabel('Kata sandi yang sama sekali lagi').fill(PASSWORD);
      await press(page, 'Buat akun');
      await page.getByText('Alamat ini sudah dipakai orang lain.').waitFor();
    });
  });

  test('on a server whose sign-up is closed, one is told whom to ask', async () => {
    const app = stage.app;
    await app.store.settings.set('sign_up', 'closed');
    try {
      await stage.visit({ path: '/sign-up' }, async (page) => {
        await page.getByText('Sign-up is closed on this server.').waitFor();
        await page.getByRole('link', { name: 'Sign in' }).click();
        await heading(page, 'Sign in');
        expect(await page.getByRole('link', { name: 'Sign up' }).count()).toBe(0);
      });
    } finally {
      await app.store.settings.set('sign_up', 'open');
    }
  });

  test('a wrong password says so; the right one leads to the page that was asked for', async () => {
    const { email } = await createTenant(stage.app);
    await stage.visit({ path: '/messages?status=failed', refusals: [/sign-in 401/] }, async (page) => {
      await signIn(page, email, 'not the password');
      await page.getByText(/password is wrong/).waitFor();
      await signIn(page, email);
      await heading(page, 'Messages');
      expect(new URL(page.url()).search).toBe('?status=failed');
    });
  });

  test('an authenticator app is set up, asked for, and replaced by a recovery code when the phone is lost', async () => {
    const { email, browser } = await createTenant(stage.app);
    let recovery = '';
    await stage.visit({ path: '/settings/security', cookie: browser.cookie }, async (page) => {
      await press(page, 'Set it up');
      await press(page, 'Continue');
      const secret = (await copied(page, 'Key for the authenticator app')).replaceAll(' ', '');
      const totp = new TOTP({ secret: Secret.fromBase32(secret) });
      await page.getByLabel('Code from the app').fill(totp.generate({ timestamp: stage.app.clock.now() }));
      await press(page, 'Confirm');
      const codes = await copied(page, 'Recovery codes');
      recovery = codes.trim().split(/\s+/)[0] ?? '';
      await press(page, 'I have stored them');
      await page.getByText('On', { exact: true }).waitFor();
    });
    await stage.visit({ path: '/sign-in', refusals: [/sign-in 401/] }, async (page) => {
      await signIn(page, email);
      await heading(page, 'One more step');
      await page.getByLabel('Code').fill('000000');
      await press(page, 'Continue');
      await page.getByText('This code is wrong').waitFor();
      await press(page, 'Use a recovery code');
      await page.getByLabel('Recovery code').fill(recovery);
      await press(page, 'Continue');
      await heading(page, 'Your first message');
    });
  });

  test('an invitation is made, handed over, accepted, and its role holds', async () => {
    const tenant = await createTenant(stage.app);
    let link = '';
    await stage.visit({ path: '/settings/members', cookie: tenant.browser.cookie }, async (page) => {
      await press(page, 'Invite');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('E-mail').fill('ani@example.com');
      await dialog.getByRole('radio', { name: 'Viewer' }).check();
      await press(dialog, 'Invite');
      link = await copied(page, 'Invitation link');
    });
    await stage.visit({ path: new URL(link).pathname }, async (page) => {
      await page.getByText('invites ani@example.com as: Viewer.').waitFor();
      await page.getByLabel('Your name').fill('Ani');
      await choosePassword(page);
      await press(page, 'Accept the invitation');
      await heading(page, 'Hello, Ani');
      await page.getByText('Viewer', { exact: true }).waitFor();
    });
    await stage.visit({ path: new URL(link).pathname, refusals: [/invitation\/look 4\d\d/] }, async (page) => {
      await page.getByText('That did not work').waitFor();
    });
  });

  test('a forgotten password is reset by mail, and the new one signs in', async () => {
    const mail = await startMailServer();
    const app = await startTestApp({ sandbox: true, env: { SMTP_URL: mail.url } });
    onTestFinished(() => app.stop());
    const { email } = await createTenant(app);
    await stage.visit({ at: app, path: '/sign-in' }, async (page) => {
      await page.getByRole('link', { name: 'Forgot the password?' }).click();
      await heading(page, 'Forgot the password');
      await page.getByLabel('E-mail').fill(email);
      await press(page, 'Send the link');
      await page.getByText('a link is on its way').waitFor();
      const letter = await mail.next();
      await page.goto(/http\S+\/sign-in\/\w+/.exec(letter.text)?.[0] ?? '');
      await press(page, 'Sign in now');
      await heading(page, 'Settings');
      await choosePassword(page, 'a new long password');
      await press(page, 'Change the password');
      await page.getByText('The password was changed.').first().waitFor();
    });
    await stage.visit({ at: app, path: '/sign-in' }, async (page) => {
      await signIn(page, email, 'a new long password');
      await heading(page, 'Your first message');
    });
  });

  test('without mail, the page names the command whose link signs in, once', async () => {
    const { email } = await createTenant(stage.app);
    await stage.visit({ path: '/forgot', refusals: [/sign-in\/link 4\d\d/] }, async (page) => {
      await page.getByText('npm run wagate -- account link <email>').waitFor();
      const token = await stage.app.accounts.issueLink(email);
      await page.goto(`${stage.app.url}/sign-in/${token}`);
      await press(page, 'Sign in now');
      await heading(page, 'Settings');
      await signOut(page);
      await page.goto(`${stage.app.url}/sign-in/${token}`);
      await press(page, 'Sign in now');
      await page.getByText('This link is not valid any more', { exact: false }).waitFor();
    });
  });

  test('signing out everywhere ends the other browsers, which are told so', async () => {
    const { email, browser } = await createTenant(stage.app);
    const other = createBrowser(stage.app);
    await other.signIn(email);
    await stage.visit({ path: '/settings/security', cookie: browser.cookie }, async (page) => {
      await press(page, 'Sign out everywhere else');
      await page.getByText('All other browsers are signed out.').first().waitFor();
    });
    expect((await other.call('GET', '/me')).status).toBe(401);
    expect((await browser.call('GET', '/me')).status).toBe(200);
  });

  test('the browser’s language comes first; another, and the dark, are kept for the next visit', async () => {
    const { browser, email } = await createTenant(stage.app);
    const lang = (page: Page) => page.evaluate('document.documentElement.lang');
    const scheme = (page: Page) => page.evaluate("document.documentElement.getAttribute('data-mantine-color-scheme')");
    await stage.visit({ path: '/', locale: 'id-ID', colorScheme: 'light', cookie: browser.cookie }, async (page) => {
      await heading(page, 'Pesan pertama Anda');
      expect([await lang(page), await scheme(page)]).toEqual(['id', 'light']);
      const menu = page.getByRole('button', { name: /^Akun:/ });
      await menu.click();
      await page.getByRole('menuitem', { name: 'English' }).click();
      await heading(page, 'Your first message');
      await page.getByRole('button', { name: /^Account:/ }).click();
      await page.getByRole('menuitem', { name: 'Dark' }).click();
      await expect.poll(() => scheme(page)).toBe('dark');
      await page.reload();
      await heading(page, 'Your first message');
      expect([await lang(page), await scheme(page)]).toEqual(['en', 'dark']);
    });
    // Another browser of the same person: the language is in the profile, the colours are this machine's.
    await stage.visit({ path: '/sign-in', locale: 'id-ID', colorScheme: 'dark' }, async (page) => {
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Kata sandi', { exact: true }).fill(PASSWORD);
      await press(page, 'Masuk');
      await heading(page, 'Your first message');
      expect(await scheme(page)).toBe('dark');
    });
  });

  test('with the keyboard alone: signing in, past the menu, through it, into a dialog and out of it again', async () => {
    const { email } = await createTenant(stage.app);
    const focused = (page: Page) =>
      page.evaluate('(document.activeElement.textContent || document.activeElement.tagName).trim()');
    await stage.visit({ path: '/sign-in' }, async (page) => {
      await heading(page, 'Sign in');
      await page.keyboard.type(email);
      await page.keyboard.press('Tab');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await heading(page, 'Your first message');
      await page.reload();
      await heading(page, 'Your first message');
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('content');
      await page.getByRole('link', { name: 'Devices', exact: true }).first().focus();
      await page.keyboard.press('Enter');
      await heading(page, 'Devices');
      // A screen reader begins with the title of the page that was gone to.
      await expect.poll(() => focused(page)).toBe('Devices');
      await page.getByRole('button', { name: 'Add a device' }).focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').waitFor();
      await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('INPUT');
      for (let step = 0; step < 12; step += 1) {
        await page.keyboard.press('Tab');
        expect(await page.evaluate('document.activeElement.closest("[role=dialog]") !== null')).toBe(true);
      }
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await expect.poll(() => focused(page)).toBe('Add a device');
    });
  });
});
