import type { Locator, Page } from 'playwright-core';
import decode from 'qr/decode.js';
import sharp from 'sharp';
import { afterAll, beforeAll } from 'vitest';
import { createHandClock } from '../http/support/site.ts';
import { PASSWORD } from '../panel/support/browser.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { openBrowser, type Visit } from '../support/browser.ts';

export { administrator, becomeViewer, linkDevice, linkedTenant, sandboxTenant } from './tenants.ts';

/** The gateway with a WhatsApp network of the test's, the sandbox beside it, and one browser: for all stories of a file. */
export interface Stage {
  readonly app: TestApp;
  readonly visit: Visit;
  /** Limits that an earlier story used up are over. */
  readonly later: (ms?: number) => void;
}

/** Sets the stage for the file that calls it. What it gives is there from the first story on. */
export function setStage(options: TestAppOptions = {}): Stage {
  const clock = createHandClock();
  const parts: { app?: TestApp; browser?: Awaited<ReturnType<typeof openBrowser>> } = {};
  beforeAll(async () => {
    const env = { SANDBOX: 'true', ...options.env };
    parts.app = await startTestApp({ hands: { clock }, ...options, env });
    parts.browser = await openBrowser(parts.app);
  });
  afterAll(async () => {
    await parts.browser?.stop();
    await parts.app?.stop();
  });
  return {
    get app() {
      return there(parts.app);
    },
    visit: (given, story) => there(parts.browser).visit(given, story),
    later: (ms = 61_000) => clock.advance(ms),
  };
}

function there<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the stage is not set yet: use it within a story');
  return part;
}

/** What a camera in front of the screen reads from the QR code with this label. */
export async function readQr(page: Page, label: string): Promise<string> {
  const picture = await page.getByRole('img', { name: label }).screenshot();
  const { data, info } = await sharp(picture).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return decode({ width: info.width, height: info.height, data });
}

/** The word in a box to copy from. */
export const copied = async (page: Page, label: string): Promise<string> =>
  (await page.getByLabel(label, { exact: true }).first().textContent()) ?? '';

/** Waits for the page with this title. */
export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();

/** Through the sign-in page, which is open. */
export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, 'Sign in');
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Account:/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await heading(page, 'Sign in');
}

export const press = (on: Page | Locator, name: string) => on.getByRole('button', { name, exact: true }).click();
