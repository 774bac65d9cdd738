import type { Page as Tab } from 'playwright-core';
import type { Page } from './furniture.ts';

/** Goes to a page, presses what stands in the way of its sight, and waits until it is whole. */
export async function openPage(
  tab: Tab,
  { app }: { readonly app: { readonly url: string } },
  page: Page,
): Promise<void> {
  // Off the page before: one that is still open asks on, as nobody, and is refused.
  await tab.goto(`${app.url}/logo.svg`);
  await tab.context().clearCookies();
  if (page.who !== undefined) {
    const [name = '', value = ''] = page.who.cookie.split('=');
    await tab.context().addCookies([{ name, value, url: app.url }]);
  }
  await tab.goto(`${app.url}${page.path}`);
  const shown = tab.locator(page.shows).first();
  for (const selector of page.press ?? []) {
    const way = tab.locator(selector).first();
    await way.or(shown).first().waitFor();
    // A device that is being linked since an earlier visit shows its code without being asked.
    if (!(await shown.isVisible())) await way.click();
  }
  await shown.waitFor();
  await tab.locator('.mantine-Skeleton-root, .mantine-Loader-root').first().waitFor({ state: 'detached' });
}
