import type { Page as Tab } from 'playwright-core';
import type { Page } from './furniture.ts';

/** Goes to a page, presses what stands in the way of its sight, and waits until it is whole. */
export async function openPage(
  tab: Tab,
  { app }: { readonly app: { readonly url: string } },
  page: Page,
): Promise<void> {
  await tab.context().clearCookies();
  if (page.who !== undefined) {
    const [name = '', value = ''] = page.who.cookie.split('=');
    await tab.context().addCookies([{ name, value, url: app.url }]);
  }
  await tab.goto(`${app.url}${page.path}`);
  for (const selector of page.press ?? []) await tab.locator(selector).first().click();
  await tab.locator(page.shows).first().waitFor();
  await tab.locator('.mantine-Skeleton-root, .mantine-Loader-root').first().waitFor({ state: 'detached' });
}
