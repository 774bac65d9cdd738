import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, openBrowser, overhang, violations } from '../support/browser.ts';
import { type Furnished, furnish, type Page } from './furniture.ts';
import { openPage } from './walk.ts';

// Every page, as axe-core sees it and as wide as a small phone.

describe.skipIf(chromiumPath === undefined)('every page', () => {
  let scene: Furnished;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    scene = await furnish();
    browser = await openBrowser(scene.app);
  });
  afterAll(async () => {
    await browser?.stop();
    await scene?.app.stop();
  });

  test.each([
    ['before one is signed in', ({ who }: Page) => who === undefined],
    ['of a customer', ({ who, name }: Page) => who !== undefined && !name.startsWith('admin')],
    ['of the administration', ({ name }: Page) => name.startsWith('admin')],
  ])(
    '%s: has no violation, light on a desk and dark on a phone, and nobody scrolls sideways',
    async (_who, isOf) => {
      const found: Record<string, readonly string[]> = {};
      const pages = scene.pages.filter(isOf);
      expect(pages.length).toBeGreaterThan(4);
      // Only so that axe can be put into the page; what a page does under its own policy, the stories show.
      const options = { bypassCSP: true, reducedMotion: 'reduce', colorScheme: 'light', path: '/logo.svg' } as const;
      await browser.visit(options, async (tab) => {
        for (const page of pages) {
          await tab.emulateMedia({ colorScheme: 'light' });
          await tab.setViewportSize({ width: 1280, height: 900 });
          await openPage(tab, scene, page);
          const light = await violations(tab);
          await tab.emulateMedia({ colorScheme: 'dark' });
          await tab.setViewportSize({ width: 360, height: 740 });
          await tab.locator('html[data-mantine-color-scheme=dark]').waitFor({ state: 'attached' });
          const dark = (await violations(tab)).map((one) => `dark, on a phone: ${one}`);
          const over = await overhang(tab);
          const wrong = [...light, ...dark, ...(over > 0 ? [`${over} px wider than a phone`] : [])];
          if (wrong.length > 0) found[page.name] = wrong;
        }
      });
      expect(found).toEqual({});
    },
    400_000,
  );
});
