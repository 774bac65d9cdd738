import type { Response } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumPath } from '../support/browser.ts';
import { heading, sandboxTenant, setStage } from './support.ts';

// What a first visit costs, as it comes over the wire: a size, which is the same on every machine.

const BUDGET = 250_000;

describe.skipIf(chromiumPath === undefined)('the first load', () => {
  const stage = setStage();

  test('is at most 250 kB of compressed JavaScript, signed out and in, and holds no charts', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post('/messages', { device_id: deviceId, recipient: '628990000001', message: 'Halo' });
    const scripts = new Map<string, number>();
    const weigh = async (response: Response) => {
      // By its address first: what else is answered while the visit ends can not be asked for its headers any more.
      if (!new URL(response.url()).pathname.endsWith('.js')) return;
      if (!/javascript/.test((await response.headerValue('content-type')) ?? '')) return;
      expect(await response.headerValue('content-encoding')).toMatch(/^(br|gzip)$/);
      const { responseBodySize } = await response.request().sizes();
      scripts.set(new URL(response.url()).pathname, responseBodySize);
    };
    const total = () => [...scripts.values()].reduce((sum, size) => sum + size, 0);
    const isOf = (name: string) => [...scripts.keys()].some((path) => path.includes(`/${name}-`));

    for (const [path, cookie] of [
      ['/sign-in', undefined],
      ['/', browser.cookie],
    ] as const) {
      scripts.clear();
      await stage.visit({ path: '/logo.svg', ...(cookie === undefined ? {} : { cookie }) }, async (page) => {
        const weighed: Promise<void>[] = [];
        page.on('response', (response) => void weighed.push(weigh(response)));
        await page.goto(`${stage.app.url}${path}`, { waitUntil: 'load' });
        await heading(page, cookie === undefined ? 'Sign in' : /^Hello, /);
        await page.getByText(cookie === undefined ? 'First time on a new server?' : 'Latest messages').waitFor();
        await Promise.all(weighed);
        expect(isOf('base')).toBe(true);
        expect(total()).toBeGreaterThan(50_000);
        expect(total()).toBeLessThanOrEqual(BUDGET);
        expect(isOf('Chart')).toBe(false);
        if (cookie === undefined) return;
        await page.getByRole('link', { name: 'Usage', exact: true }).first().click();
        await page.locator('.recharts-wrapper').waitFor();
        await Promise.all(weighed);
        expect(isOf('Chart')).toBe(true);
      });
    }
  });
});
