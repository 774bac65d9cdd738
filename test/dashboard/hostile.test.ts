import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addMember } from '../panel/support/people.ts';
import { chromiumPath, type VisitOptions } from '../support/browser.ts';
import { payloads, trap } from './payloads.ts';
import { sandboxTenant, setStage } from './support.ts';

// What strangers write is text. Two hundred payloads are looked at wherever the dashboard shows words that are not its own.

const TOGETHER = 10;

describe.skipIf(chromiumPath === undefined)('hostile text', () => {
  const stage = setStage();

  /** A visit with the trap set: a payload that runs fails it. */
  const visit = (
    path: string,
    cookie: string | undefined,
    story: (page: Page) => Promise<void>,
    more: VisitOptions = {},
  ) =>
    stage.visit({ path: '/logo.svg', ...(cookie === undefined ? {} : { cookie }), ...more }, async (page) => {
      await page.addInitScript(trap);
      await page.goto(`${stage.app.url}${path}`);
      await story(page);
    });

  test('there are two hundred, all different, and each would run where it is taken for more than text', async () => {
    expect(new Set(payloads).size).toBe(200);
    for (const payload of payloads) expect(payload).toContain('ran()');
  });

  test('in captions, file names, push names, names of groups, texts that come in, and names of devices and people: none runs', async () => {
    const { browser, deviceId, ...tenant } = await sandboxTenant(stage.app, { quota: 1_000 });
    const { network } = stage.app.sandbox;
    if (network === undefined) throw new Error('the sandbox is off');
    const { phone_number } = await browser.get<{ phone_number: string }>(`/devices/${deviceId}`);

    const upload = async (nth: number) => {
      const number = `6281400000${100 + nth}`;
      network.contact(number, { name: payloads[nth] ?? '' });
      const form = new FormData();
      form.set('device_id', String(deviceId));
      form.set('recipient', number);
      form.set('caption', payloads[nth] ?? '');
      form.set('file', new Blob(['bytes']), payloads[100 + nth] ?? '');
      await browser.ok('POST', '/messages', form);
    };
    for (let nth = 0; nth < 100; nth += TOGETHER)
      await Promise.all(Array.from({ length: TOGETHER }, (_, at) => upload(nth + at)));
    for (let nth = 100; nth < 200; nth += 1) {
      const stranger = network.contact(`6281400000${100 + nth}`, { name: payloads[nth] ?? '' });
      await stranger.send(phone_number, payloads[nth] ?? '');
      if (nth < 180) continue;
      const group = network.group(payloads[nth] ?? '', [network.phone(phone_number), stranger]);
      await stranger.send(group.jid, payloads[nth] ?? '');
    }
    await browser.ok('PATCH', `/devices/${deviceId}`, { name: payloads[1] });
    await browser.ok('PATCH', '/account', { name: payloads[2]?.slice(0, 100) });
    await addMember(stage.app, { ...tenant, browser }, 'viewer');
    await browser.ok('PATCH', '/me', { name: payloads[9]?.slice(0, 100) });

    for (let page = 1; page <= 4; page += 1)
      await visit(`/messages?page=${page}`, browser.cookie, async (tab) => {
        const rows = tab.getByRole('list', { name: 'Messages' }).getByRole('listitem');
        await expect.poll(() => rows.count()).toBe(25);
        await rows.first().click();
        await tab.getByRole('dialog').getByText('What happened').waitFor();
      });
    await visit(`/devices/${deviceId}`, browser.cookie, async (tab) => {
      const handset = tab.getByRole('region', { name: 'Sandbox phone' });
      await handset
        .getByRole('button', { name: /ran\(\)/ })
        .first()
        .click();
      await handset.locator('.bubble').first().waitFor();
    });
    await visit('/inbox?show=groups', browser.cookie, async (tab) => {
      const groups = tab.getByRole('region', { name: 'Conversations' }).getByRole('link');
      await expect.poll(() => groups.count()).toBe(20);
      await expect.poll(() => groups.locator('.inbox-name').filter({ hasText: 'ran()' }).count()).toBe(20);
      await groups.first().click();
      await tab.getByRole('heading', { level: 2, name: /ran\(\)/ }).waitFor();
    });
    for (const path of ['/', '/devices', '/usage', '/settings', '/settings/members', '/settings/audit', '/inbox'])
      await visit(path, browser.cookie, async (tab) => {
        await tab.getByRole('heading', { level: 1 }).waitFor();
        await tab.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' });
      });
  }, 400_000);

  test('an address of the page is text too', async () => {
    const { browser } = await sandboxTenant(stage.app);
    for (const payload of payloads.slice(8, 14))
      await visit(`/messages?q=${encodeURIComponent(payload)}`, browser.cookie, async (tab) => {
        await expect.poll(() => tab.getByRole('searchbox').inputValue()).toContain('ran()');
      });
    await visit('/sign-in?to=javascript:ran()', browser.cookie, async (tab) => {
      await tab.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    });
  });

  describe('and a breach is seen', () => {
    /** The visit ends when the page has told of it, in one way or the other. */
    const planted = (script: string, more: VisitOptions = {}) =>
      visit(
        '/sign-in',
        undefined,
        async (tab) => {
          await tab.getByRole('heading', { level: 1 }).waitFor();
          const told = Promise.any([
            tab.waitForEvent('console', (message) => /policy:|ran|planted/.test(message.text())),
            tab.waitForEvent('pageerror'),
          ]);
          await tab.evaluate(script);
          await told;
        },
        more,
      );
    const image = `document.body.insertAdjacentHTML('beforeend', ${JSON.stringify('<img src=/logo.png onerror=ran()>')})`;

    test('a handler in markup is stopped by the policy, and the visit fails', async () => {
      await expect(planted(image, { refusals: [/logo\.png 404/] })).rejects.toThrow(/policy: script-src-attr/);
    });

    test('without the policy it runs, and the visit fails', async () => {
      await expect(planted(image, { bypassCSP: true, refusals: [/logo\.png 404/] })).rejects.toThrow('a payload ran');
    });

    test.each([
      [
        'a script from elsewhere',
        "document.head.append(Object.assign(document.createElement('script'), { src: 'http://127.0.0.1:9/x.js' }))",
        /policy: script-src/,
      ],
      ['a question to another host', "fetch('http://127.0.0.1:9/').catch(() => {})", /policy: connect-src/],
      [
        'a style in the markup',
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')",
        /policy: style-src-attr/,
      ],
      ['an error that nobody caught', "setTimeout(() => { throw new Error('planted') })", /thrown: Error: planted/],
      ['an error on the console', "console.error('planted')", /console: planted/],
    ])('%s', async (_what, script, expected) => {
      await expect(planted(script)).rejects.toThrow(expected);
    });
  });
});
