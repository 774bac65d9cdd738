import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumPath } from '../support/browser.ts';
import { copied, heading, linkedTenant, press, sandboxTenant, setStage } from './support.ts';

// What somebody does while something else is under way, fails, or is not there: nothing of theirs is lost, and nothing untrue is said.

const ANSWER = 'Your answer';

describe.skipIf(chromiumPath === undefined)('a mishap', () => {
  const stage = setStage();

  /** Holds the page's requests of this method and path up until what it gives is called. */
  async function heldUp(page: Page, method: string, path: string) {
    const go = Promise.withResolvers<void>();
    const came = Promise.withResolvers<void>();
    await page.route(`**${path}`, async (route) => {
      if (route.request().method() === method) {
        came.resolve();
        await go.promise;
      }
      await route.continue();
    });
    return { came: came.promise, go: go.resolve };
  }

  test('what is typed while an answer is being sent is the next one', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await stage.visit({ path: `/inbox?device=${deviceId}&chat=628990000006`, cookie: browser.cookie }, async (page) => {
      const field = page.getByLabel(ANSWER);
      await field.fill('first');
      const request = await heldUp(page, 'POST', '/api/panel/messages');
      await field.press('Enter');
      await request.came;
      await field.pressSequentially(' second');
      request.go();
      await page.getByRole('article').filter({ hasText: 'first' }).first().waitFor();
      await expect.poll(() => field.inputValue()).toBe('second');
    });
  });

  test('a file that was taken off can be chosen again', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await stage.visit({ path: `/inbox?device=${deviceId}&chat=628990000006`, cookie: browser.cookie }, async (page) => {
      const input = page.locator('input[type=file]');
      await input.setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
      await press(page, 'Remove the file');
      expect(await input.inputValue()).toBe('');
    });
  });

  test('an emptied number is asked for, not saved as 0', async () => {
    const { browser, deviceId } = await linkedTenant(stage.app, '6281310000091');
    await browser.ok('PATCH', `/devices/${deviceId}`, { pacing: { enabled: true } });
    const before = await browser.get<{ pacing: object }>(`/devices/${deviceId}`);
    await stage.visit({ path: `/devices/${deviceId}`, cookie: browser.cookie }, async (page) => {
      const patches: string[] = [];
      page.on('request', (request) => void (request.method() === 'PATCH' && patches.push(request.url())));
      const field = page.getByLabel('New conversations per day');
      await field.fill('');
      await press(page, 'Save');
      await page.getByText('Please fill this in.').waitFor();
      expect(patches).toEqual([]);
    });
    expect((await browser.get<{ pacing: object }>(`/devices/${deviceId}`)).pacing).toEqual(before.pacing);
  });

  test('figures that the server would refuse are named beside their fields, in seconds, and not sent', async () => {
    const { browser, deviceId } = await linkedTenant(stage.app, '6281310000092');
    await browser.ok('PATCH', `/devices/${deviceId}`, { pacing: { enabled: true } });
    await stage.visit({ path: `/devices/${deviceId}`, cookie: browser.cookie }, async (page) => {
      const patches: string[] = [];
      page.on('request', (request) => void (request.method() === 'PATCH' && patches.push(request.url())));
      const shortest = page.getByLabel('Pause between two messages');
      const longest = page.getByRole('textbox', { name: 'to', exact: true });
      const perMinute = page.getByLabel('Messages per minute');
      const refused = page.locator('[aria-invalid=true]');
      const type = async (field: Locator, text: string) => {
        await field.fill('');
        await field.pressSequentially(text);
      };
      const isRefused = async (field: Locator, sentence: string) => {
        await press(page, 'Save');
        await expect.poll(() => refused.count()).toBe(1);
        expect(await refused.and(field).count()).toBe(1);
        await page.getByText(sentence).waitFor();
      };
      await type(longest, '900');
      await isRefused(longest, '0 to 600 seconds, please.');
      await type(longest, '2,5');
      await type(shortest, '3');
      await isRefused(longest, 'First the shortest, then the longest pause, please.');
      await type(shortest, '1');
      await type(perMinute, '2,5');
      await isRefused(perMinute, 'A whole number from 1 to 10,000, please.');
      await type(perMinute, '20000');
      await isRefused(perMinute, 'A whole number from 1 to 10,000, please.');
      await type(perMinute, '20');
      await page.getByRole('switch', { name: 'Send nothing in quiet hours' }).check({ force: true });
      await page.getByLabel('From', { exact: true }).fill('');
      await isRefused(page.getByLabel('From', { exact: true }), 'Please fill this in.');
      await page.getByLabel('From', { exact: true }).fill('22:00');
      expect(patches).toEqual([]);
      await press(page, 'Save');
      await page.getByText('Saved').first().waitFor();
    });
    expect(await browser.get(`/devices/${deviceId}`)).toMatchObject({
      pacing: { gap_ms: [1_000, 2_500], per_minute: 20, quiet_hours: { from: '22:00', to: '07:00' } },
    });
  });

  test('a recipient that is still being typed leaves the list as it is, and says at the field what is missing', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    for (const recipient of ['628990000001', '628990000002'])
      await browser.post('/messages', { device_id: deviceId, recipient, message: `Untuk ${recipient}` });
    const rows = (page: Page) => page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
    await stage.visit({ path: '/messages', cookie: browser.cookie }, async (page) => {
      await press(page, 'Filters');
      const field = page.getByLabel('Recipient');
      await field.pressSequentially('0899');
      await page.getByText('That is not a whole phone number.').waitFor();
      expect(await field.getAttribute('aria-invalid')).toBe('true');
      await expect.poll(() => rows(page).count()).toBe(2);
      await field.pressSequentially('-0000-001');
      await expect.poll(() => rows(page).count()).toBe(1);
      await rows(page).filter({ hasText: 'Untuk 628990000001' }).waitFor();
      expect(await field.getAttribute('aria-invalid')).not.toBe('true');
    });
    // From a bookmark of before, too.
    await stage.visit({ path: '/messages?recipient=0899', cookie: browser.cookie }, async (page) => {
      await page.getByText('That is not a whole phone number.').waitFor();
      await expect.poll(() => rows(page).count()).toBe(2);
    });
  });

  test('a device whose token could not be made is made once, also when it is tried again', async () => {
    const { browser } = await sandboxTenant(stage.app, { devices: 3 });
    const visit = { path: '/devices', cookie: browser.cookie, refusals: [/token 429/] };
    await stage.visit(visit, async (page) => {
      let refusals = 0;
      await page.route('**/api/panel/devices/*/token', async (route) => {
        refusals += 1;
        if (refusals > 1) return route.continue();
        const body = { success: false, message: 'x', code: 'rate_limited', request_id: 'req_1' };
        return route.fulfill({ status: 429, json: body });
      });
      await press(page, 'Add a device');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('Kasir');
      await press(dialog, 'Add the device');
      await dialog.getByRole('alert').waitFor();
      await press(dialog, 'Add the device');
      await heading(page, 'Kasir');
      expect((await copied(page, 'API token')).slice(0, 4)).toBe('wag_');
    });
    const devices = await browser.get<{ name: string }[]>('/devices');
    expect(devices.filter(({ name }) => name === 'Kasir')).toHaveLength(1);
  });

  test('“copied” is said when it was: also where the browser has no clipboard, and not where it refuses', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post(`/devices/${deviceId}/token`);
    for (const [clipboard, works] of [
      ['undefined', true],
      ['{ writeText: () => Promise.reject(new Error("no")) }', false],
    ] as const)
      await stage.visit({ path: '/logo.svg', cookie: browser.cookie }, async (page) => {
        await page.addInitScript(`Object.defineProperty(navigator, 'clipboard', { value: ${clipboard} })`);
        await page.goto(`${stage.app.url}/docs`);
        const button = page.getByRole('button', { name: /^Copy: / }).first();
        await button.click();
        if (works) await page.getByRole('button', { name: 'Copied' }).waitFor();
        else {
          await page.getByText('This browser does not let the page copy here.').first().waitFor();
          expect(await page.getByRole('button', { name: 'Copied' }).count()).toBe(0);
        }
      });
  });

  test('a page behind the end of a list has a way back', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post('/messages', { device_id: deviceId, recipient: '628990000001', message: 'the only one' });
    await stage.visit({ path: '/messages?page=9', cookie: browser.cookie }, async (page) => {
      await press(page, 'Newer');
      await page.getByText('the only one').first().waitFor();
    });
  });

  test('a page that nobody sees gives its line back, and is told everything when it is looked at again', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await stage.visit({ path: '/logo.svg', cookie: browser.cookie }, async (page) => {
      const opened: string[] = [];
      page.on('request', (request) => void (request.url().endsWith('/api/panel/live') && opened.push(request.url())));
      const show = (state: string) =>
        page.evaluate(
          `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
        );
      await page.clock.install();
      await page.goto(`${stage.app.url}/devices/${deviceId}`);
      await heading(page, 'Sandbox');
      expect(opened).toHaveLength(1);
      const closed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/api/panel/live'));
      await show('hidden');
      await page.clock.runFor(31_000);
      await closed;
      await browser.ok('PATCH', `/devices/${deviceId}`, { name: 'Meanwhile' });
      await show('visible');
      await expect.poll(() => opened.length).toBe(2);
      await page.clock.runFor(2_000);
      await heading(page, 'Meanwhile');
    });
  });
});
