import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sectionsIn } from '../../dashboard/src/docs/sections.ts';
import { dashboardIsBuilt } from '../../src/http/dashboard.ts';
import { startTestApp } from '../support/app.ts';

// The page in a real browser, as the gateway serves it built.

const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find((path) => existsSync(path));
const why = dashboardIsBuilt()
  ? executablePath === undefined
    ? 'there is no Chromium here'
    : undefined
  : 'it is not built';
if (why !== undefined) process.stdout.write(`SKIPPED: the documentation page in a browser, for ${why}\n`);

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(why !== undefined)('the documentation page, in a browser', () => {
  let app: Awaited<ReturnType<typeof startTestApp>>;
  let browser: Browser;
  beforeAll(async () => {
    app = await startTestApp({ sandbox: true });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  /** Opens the page and hands it to `story`; fails when it told of an error or asked another host. */
  async function visit(hash: string, options: BrowserContextOptions, story: (page: Page) => Promise<void>) {
    const context = await browser.newContext({ locale: 'id-ID', ...options });
    try {
      const page = await context.newPage();
      const wrong: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
      });
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('request', (request) => {
        if (!request.url().startsWith(app.url)) wrong.push(`asked ${request.url()}`);
      });
      await page.goto(`${app.url}/docs${hash}`);
      await page.locator('#best-practices').waitFor();
      await story(page);
      expect(wrong).toEqual([]);
    } finally {
      await context.close();
    }
  }

  async function violations(page: Page): Promise<unknown> {
    await page.evaluate(axe);
    return page.evaluate(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join())]))`,
    );
  }
  /** Right below the bars that stay at the top of the window. */
  const isAtTop = (page: Page, id: string) =>
    expect
      .poll(async () => Math.abs(((await page.locator(`#${id}`).boundingBox())?.y ?? 9_999) - 108), { timeout: 10_000 })
      .toBeLessThan(4);

  const phone = { viewport: { width: 360, height: 740 } };
  const desktop = { viewport: { width: 1280, height: 900 } };

  test.each([
    ['on a phone, light, in Indonesian', { ...phone, colorScheme: 'light', locale: 'id-ID' }],
    ['on a phone, dark, in English', { ...phone, colorScheme: 'dark', locale: 'en-US' }],
    ['on a desk, light, in English', { ...desktop, colorScheme: 'light', locale: 'en-US' }],
    ['on a desk, dark, in Indonesian', { ...desktop, colorScheme: 'dark', locale: 'id-ID' }],
  ] as const)('%s: axe finds nothing, and nothing is wider than the window', async (_name, options) => {
    // Only so that axe can be put into the page; what the page itself does under its policy, the other tests show.
    await visit('', { ...options, bypassCSP: true }, async (page) => {
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      if (options.viewport.width === 360) {
        await page.locator('nav button').click();
        expect(await violations(page)).toEqual([]);
      }
    });
  });

  test('shows every section under its anchor, filled with this server’s address', async () => {
    await visit('', desktop, async (page) => {
      for (const { id, title } of sectionsIn('id', app.url))
        expect(await page.locator(`#${id} h2`).textContent()).toBe(title);
      expect(await page.locator('#base-url pre').textContent()).toBe(`${app.url}/api/v1`);
      expect(await page.locator('main').textContent()).not.toContain('wagate.in');
    });
  });

  test('opens at the anchor of its address, and goes by the contents, which close behind on a phone', async () => {
    await visit('#errors', phone, async (page) => {
      await isAtTop(page, 'errors');
      const contents = page.locator('nav');
      await contents.getByRole('button').press('Enter');
      await contents.getByRole('link', { name: 'Pacing' }).press('Enter');
      await isAtTop(page, 'pacing');
      expect(await contents.getByRole('link', { name: 'Pacing' }).isVisible()).toBe(false);
      await page.locator('nav [class*=here]', { hasText: 'Pacing' }).waitFor();
    });
  });

  test('keeps the language of the samples, chosen with the keyboard in one of them, for all and for the next visit', async () => {
    await visit('#code-examples', desktop, async (page) => {
      const tabs = page.locator('#code-examples').getByRole('tablist').nth(1);
      await tabs.getByRole('tab', { name: 'curl' }).focus();
      const before = await tabs.boundingBox();
      await page.keyboard.press('ArrowRight');
      const chosen = page.getByRole('tab', { selected: true });
      expect(new Set(await chosen.allTextContents())).toEqual(new Set(['PHP']));
      expect((await tabs.boundingBox())?.y).toBeCloseTo(before?.y ?? 0, 0);
      await page.reload();
      await page.locator('#best-practices').waitFor();
      expect(new Set(await chosen.allTextContents())).toEqual(new Set(['PHP']));
      expect(await page.locator('#send-message figure pre').nth(1).textContent()).toContain('<?php');
    });
  });

  test('changes the language at once', async () => {
    await visit('', desktop, async (page) => {
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('heading', { level: 1, name: 'API documentation' }).waitFor();
      expect(await page.evaluate('document.documentElement.lang')).toBe('en');
    });
  });

  test('asks a visitor to sign in, and sends from a device of whoever is', async () => {
    const sign = async (page: Page) => {
      const token = await app.accounts.issueLink('owner@localhost');
      const answer = await page.request.post(`${app.url}/api/panel/sign-in/link`, {
        data: { token },
        headers: { origin: app.url },
      });
      expect(answer.status()).toBe(200);
      await page.reload();
    };
    await visit('#try-it', desktop, async (page) => {
      const part = page.locator('#try-it');
      await part.getByRole('link', { name: 'Masuk dulu' }).waitFor();
      await sign(page);
      await part.getByLabel('Pesan').fill('Halo dari dokumentasi');
      await part.getByRole('button', { name: 'Kirim' }).click();
      await part.getByText('"status": "pending"').or(part.getByText('"status": "sent"')).waitFor();
      const contact = app.network.contact('628990000006');
      expect((await contact.nextMessage()).text).toBe('Halo dari dokumentasi');
      expect(JSON.parse((await part.locator('pre').textContent()) ?? '')).toMatchObject({
        success: true,
        data: { recipient: '628990000006', message: 'Halo dari dokumentasi' },
      });
    });
  });
});
