import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sectionsIn } from '../../dashboard/src/docs/sections.ts';
import { startTestApp } from '../support/app.ts';
import { chromiumPath, desk, openBrowser, overhang, phone, type VisitOptions, violations } from '../support/browser.ts';

// The page in a real browser, as the gateway serves it built.

describe.skipIf(chromiumPath === undefined)('the documentation page, in a browser', () => {
  let app: Awaited<ReturnType<typeof startTestApp>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    app = await startTestApp({ sandbox: true });
    browser = await openBrowser(app);
  });
  afterAll(async () => {
    await browser?.stop();
    await app?.stop();
  });

  /** Opens the page in Indonesian and hands it to `story`. */
  const visit = (hash: string, options: VisitOptions, story: (page: Page) => Promise<void>) =>
    browser.visit({ locale: 'id-ID', path: `/docs${hash}`, ...options }, async (page) => {
      await page.locator('#best-practices').waitFor();
      await story(page);
    });

  /** Right below the bars that stay at the top of the window. */
  const isAtTop = (page: Page, id: string) =>
    expect.poll(async () => Math.abs(((await page.locator(`#${id}`).boundingBox())?.y ?? 9_999) - 108)).toBeLessThan(4);

  test.each([
    ['on a phone, light, in Indonesian', { ...phone, colorScheme: 'light', locale: 'id-ID' }],
    ['on a phone, dark, in English', { ...phone, colorScheme: 'dark', locale: 'en-US' }],
    ['on a desk, light, in English', { ...desk, colorScheme: 'light', locale: 'en-US' }],
    ['on a desk, dark, in Indonesian', { ...desk, colorScheme: 'dark', locale: 'id-ID' }],
  ] as const)('%s: axe finds nothing, and nothing is wider than the window', async (_name, options) => {
    // Only so that axe can be put into the page; what the page itself does under its policy, the other tests show.
    await visit('', { ...options, bypassCSP: true }, async (page) => {
      expect(await violations(page)).toEqual([]);
      expect(await overhang(page)).toBe(0);
      if (options.viewport.width === 360) {
        await page.locator('nav button').click();
        expect(await violations(page)).toEqual([]);
      }
    });
  });

  test('shows every section under its anchor, filled with this server’s address', async () => {
    await visit('', desk, async (page) => {
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
    await visit('#code-examples', desk, async (page) => {
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
    await visit('', desk, async (page) => {
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
    await visit('#try-it', desk, async (page) => {
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
