import type { Locator, Page } from 'playwright-core';
import decode from 'qr/decode.js';
import sharp from 'sharp';
import { afterAll, beforeAll } from 'vitest';
import { createHandClock } from '../http/support/site.ts';
import { type Browser, PASSWORD } from '../panel/support/browser.ts';
import { createTenant, signInAsAdministrator, type Tenant } from '../panel/support/people.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { openBrowser, type Visit } from '../support/browser.ts';

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

interface Made {
  readonly id: number;
}

/** A tenant with a sandbox device that is connected. */
export async function sandboxTenant(app: TestApp, options: Parameters<typeof createTenant>[1] = {}) {
  const tenant = await createTenant(app, options);
  const device = await tenant.browser.post<Made>('/devices', { name: 'Sandbox', kind: 'sandbox' });
  await app.untilConnected(device.id);
  return { ...tenant, deviceId: device.id };
}

/** A tenant with a WhatsApp device that is linked to this number, and sends without pauses. */
export async function linkedTenant(app: TestApp, phone: string, options: Parameters<typeof createTenant>[1] = {}) {
  const tenant = await createTenant(app, options);
  return { ...tenant, deviceId: await linkDevice(app, tenant, phone) };
}

export async function linkDevice(app: TestApp, { browser, accountId }: Tenant, phone: string, name = 'Toko') {
  const { id } = await browser.post<Made>('/devices', { name, kind: 'whatsapp' });
  await app.store.devices.update(accountId, id, { settings: JSON.stringify({ pacing: { enabled: false } }) });
  await browser.post(`/devices/${id}/link`);
  await app.until(() => app.fleet.state(id).is === 'pairing', `device ${id} to show a QR code`);
  const state = app.fleet.state(id);
  if (state.is !== 'pairing') throw new Error(`device ${id} is ${state.is}`);
  await app.network.phone(phone).scan(state.qr);
  await app.untilConnected(id);
  return id;
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

export const press = (on: Page | Locator, name: string) => on.getByRole('button', { name, exact: true }).click();

/** The first owner's session, with the address and the password that the pages ask for first. */
export async function administrator(app: TestApp): Promise<Browser> {
  const browser = await signInAsAdministrator(app);
  const { needs } = await browser.get<{ needs: readonly string[] }>('/me');
  if (needs.includes('email')) await browser.ok('PUT', '/me/email', { email: 'admin@example.com' });
  if (needs.includes('password')) await browser.ok('PUT', '/me/password', { password: PASSWORD });
  return browser;
}
