import type { Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addMember } from '../panel/support/people.ts';
import { chromiumPath, overhang, phone, violations } from '../support/browser.ts';
import { answering, type Received, type Receiver, startReceiver } from '../webhooks/receiver.ts';
import { becomeViewer, copied, heading, press, sandboxTenant, setStage, signIn, signOut } from './support.ts';

// Webhooks, in a real browser, with a receiver that the gateway really posts to.

describe.skipIf(chromiumPath === undefined)('webhooks', () => {
  let receiver: Receiver;
  const env: Record<string, string> = {};
  beforeAll(async () => {
    receiver = await startReceiver();
    env.EGRESS_PORTS = String(receiver.port);
  });
  const stage = setStage({ env });
  afterAll(() => receiver?.stop());

  interface Made {
    readonly webhook: { readonly id: number };
    readonly secret: string;
  }
  const log = (page: Page) => page.getByRole('list', { name: 'Deliveries' }).getByRole('listitem');
  const verified = (secret: string, { body, headers }: Received) =>
    new Webhook(secret).verify(body, headers as Record<string, string>);

  async function scene(path: string) {
    const tenant = await sandboxTenant(stage.app);
    const { browser, deviceId } = tenant;
    const make = () =>
      browser.post<Made>('/webhooks', { device_id: deviceId, url: receiver.url(path), events: ['message.received'] });
    const { network } = stage.app.sandbox;
    if (network === undefined) throw new Error('the sandbox is off');
    const write = (text: string) =>
      network.contact('6281388880001', { name: 'Dewi' }).send(`62898${String(deviceId).padStart(8, '0')}`, text);
    return { ...tenant, make, write };
  }

  test('one is added, its secret shown once, tested, its deliveries seen and one delivered again', async () => {
    const { browser, write } = await scene('/first');
    await stage.visit(
      { path: '/webhooks', cookie: browser.cookie, refusals: [/^POST .*webhooks 422$/] },
      async (page) => {
        await page.getByText('No webhooks yet').waitFor();
        await page.getByRole('button', { name: 'Add a webhook' }).first().click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Address of your receiver').fill('ftp://example.com');
        await dialog.getByLabel('Name for people').fill('Pesanan <b>toko</b>');
        await press(dialog, 'Add');
        await dialog.getByText('That is not a whole address.').first().waitFor();
        await dialog.getByLabel('Address of your receiver').fill(receiver.url('/first'));
        await press(dialog, 'Add');
        await heading(page, 'Pesanan <b>toko</b>');
        const secret = await copied(page, 'Signing secret');
        expect(secret).toMatch(/^whsec_[A-Za-z0-9+/=]{32,}$/);

        await press(page, 'Send a test');
        await page.getByText(/^The test was accepted: HTTP 200 after \d+ ms\./).waitFor();
        const sent = await receiver.nth('/first', 1);
        expect(verified(secret, sent)).toMatchObject({ type: 'webhook.test' });

        await write('Halo "toko"');
        await log(page).filter({ hasText: 'Somebody wrote to the device' }).filter({ hasText: 'Accepted' }).waitFor();
        const told = await receiver.nth('/first', 2);
        await log(page).filter({ hasText: 'Somebody wrote to the device' }).getByRole('button').click();
        const detail = page.getByRole('dialog', { name: 'Delivery' });
        await detail.getByText(told.id, { exact: true }).waitFor();
        await detail.getByRole('region', { name: 'Request' }).getByText('Halo \\"toko\\"').waitFor();
        await detail.getByRole('region', { name: 'Answer' }).getByText('ok').waitFor();
        await press(detail, 'Deliver once more');
        const again = await receiver.nth('/first', 3);
        expect([again.id, again.body]).toEqual([told.id, told.body]);

        await press(detail, 'Close');
        await press(page, 'I have stored it');
        await page.reload();
        await heading(page, 'Pesanan <b>toko</b>');
        expect(await page.getByText(secret).count()).toBe(0);
      },
    );
  });

  test('a new secret signs beside the old one', async () => {
    const { browser, deviceId, make } = await scene('/rotating');
    const { webhook, secret } = await make();
    await stage.visit({ path: `/webhooks/${deviceId}/${webhook.id}`, cookie: browser.cookie }, async (page) => {
      await press(page, 'Make a new secret');
      await press(page.getByRole('dialog'), 'Make a new secret');
      await page.getByText(/^Two signatures until /).waitFor();
      const fresh = await copied(page, 'Signing secret');
      expect(fresh).not.toBe(secret);
      await press(page, 'Send a test');
      const sent = await receiver.nth('/rotating', 1);
      expect(String(sent.headers['webhook-signature']).split(' ')).toHaveLength(2);
      for (const one of [secret, fresh]) expect(verified(one, sent)).toMatchObject({ type: 'webhook.test' });
    });
  });

  test('a fresh secret is shown to nobody who may not keep the webhook, and leaves with who made it', async () => {
    const tenant = await scene('/leaving');
    const { webhook } = await tenant.make();
    const admin = await addMember(stage.app, tenant, 'admin');
    const path = `/webhooks/${tenant.deviceId}/${webhook.id}`;
    await stage.visit({ path, cookie: admin.cookie }, async (page) => {
      const rotate = async () => {
        await press(page, 'Make a new secret');
        await press(page.getByRole('dialog'), 'Make a new secret');
        return copied(page, 'Signing secret');
      };
      const gone = await rotate();
      await signOut(page);
      await signIn(page, tenant.email);
      await page.getByRole('link', { name: 'Webhooks', exact: true }).first().click();
      await page.getByRole('link', { name: new RegExp(`:${receiver.port}/leaving`) }).click();
      await page.getByRole('button', { name: 'Make a new secret' }).waitFor();
      expect(await page.content()).not.toContain(gone);

      await signOut(page);
      await signIn(page, admin.email);
      await page.getByRole('link', { name: 'Webhooks', exact: true }).first().click();
      await page.getByRole('link', { name: new RegExp(`:${receiver.port}/leaving`) }).click();
      const fresh = await rotate();
      await becomeViewer(tenant.browser, admin.email);
      await page.getByText(fresh).waitFor({ state: 'detached' });
    });
  });

  test('what fails says why; a paused one alerts, is resumed, and what waited comes', async () => {
    const { browser, deviceId, make, write } = await scene('/failing');
    const { webhook } = await make();
    receiver.behave('/failing', answering(503, {}, '<b>down</b> for maintenance'));
    await write('satu');
    await stage.visit({ path: `/webhooks/${deviceId}/${webhook.id}`, cookie: browser.cookie }, async (page) => {
      const row = log(page).filter({ hasText: 'HTTP 503' });
      await row.getByText('Trying again').waitFor();
      await row.getByRole('button').click();
      await page.getByRole('dialog', { name: 'Delivery' }).getByText('<b>down</b> for maintenance').waitFor();
      await press(page.getByRole('dialog'), 'Close');

      await stage.app.store.webhooks.pause(webhook.id, stage.app.clock.now(), 'Nothing could be delivered');
      await page.getByRole('link', { name: 'Webhooks' }).first().click();
      const alert = page.getByRole('alert').filter({ hasText: '1 webhook is paused' });
      await alert.waitFor();
      // A retry that was under way when it was paused has had its 503 by now.
      receiver.behave('/failing', answering(200));
      const before = receiver.at('/failing').length;
      await press(alert, 'Resume');
      await alert.waitFor({ state: 'detached' });
      stage.later(600_000);
      await receiver.nth('/failing', before + 1);
      expect(receiver.at('/failing').at(-1)?.json.data.text).toBe('satu');
    });
  });

  test('Back leaves the page: it neither opens again what was closed nor takes back the filters one by one', async () => {
    const { browser, make, write } = await scene('/back');
    await make();
    await write('satu');
    await receiver.nth('/back', 1);
    await stage.visit({ path: '/webhooks', cookie: browser.cookie }, async (page) => {
      await page.getByRole('link', { name: new RegExp(`:${receiver.port}/back`) }).click();
      await page.getByLabel('State', { exact: true }).selectOption('failed');
      await page.getByText('No deliveries fit.').waitFor();
      await press(page, 'Show all');
      await log(page).first().getByRole('button').click();
      const detail = page.getByRole('dialog', { name: 'Delivery' });
      await press(detail, 'Close');
      await detail.waitFor({ state: 'detached' });
      await page.goBack();
      expect(new URL(page.url()).search).toBe('');
      await page.goBack();
      await heading(page, 'Webhooks');
    });
  });

  test('a time is delivered once more, also what was accepted; one is switched off, on and deleted', async () => {
    const { browser, deviceId, make, write } = await scene('/again');
    const { webhook } = await make();
    await write('satu');
    const first = await receiver.nth('/again', 1);
    await stage.visit({ path: `/webhooks/${deviceId}/${webhook.id}`, cookie: browser.cookie }, async (page) => {
      await log(page).first().waitFor();
      await press(page, 'Replay a time');
      const dialog = page.getByRole('dialog');
      await press(dialog, 'Deliver once more');
      await dialog.getByText('Say from when on.').waitFor();
      const yesterday = new Date(stage.app.clock.now() - 86_400_000).toISOString().slice(0, 16);
      await dialog.getByLabel('From').fill(yesterday);
      await press(dialog, 'Deliver once more');
      await dialog.getByText(/^Nothing happened in that time/).waitFor();
      await dialog.getByLabel('Only what was never accepted').uncheck();
      await press(dialog, 'Deliver once more');
      await dialog.getByText('1 event is on its way.').waitFor();
      expect((await receiver.nth('/again', 2)).id).toBe(first.id);
      await press(dialog, 'Close');

      await press(page, 'Switch off');
      await page.getByText('Switched off', { exact: true }).waitFor();
      await press(page, 'Switch on');
      await page.getByText('Active', { exact: true }).waitFor();
      await press(page, 'Delete');
      await press(page.getByRole('dialog'), 'Delete');
      await page.getByText('No webhooks yet').waitFor();
    });
  });

  test('a viewer sees them and their log, and can change nothing', async () => {
    const tenant = await scene('/viewed');
    const { webhook } = await tenant.make();
    const viewer = await addMember(stage.app, tenant, 'viewer');
    await stage.visit({ path: '/webhooks', cookie: viewer.cookie }, async (page) => {
      await page.getByRole('link', { name: new RegExp(`:${receiver.port}/viewed`) }).click();
      await page.getByText('No deliveries yet.').waitFor();
      const buttons = await page.getByRole('main').getByRole('button').allTextContents();
      expect(buttons.filter((name) => /add|test|change|off|delete|secret|replay/i.test(name))).toEqual([]);
    });
    expect(webhook.id).toBeGreaterThan(0);
  });

  test('the form is sound for axe, and fits a phone', async () => {
    const { browser } = await scene('/form');
    const options = { ...phone, colorScheme: 'dark', locale: 'id-ID', bypassCSP: true } as const;
    await stage.visit({ ...options, path: '/webhooks', cookie: browser.cookie }, async (page) => {
      await page.getByRole('button', { name: 'Tambah webhook' }).first().click();
      await page.getByRole('dialog').getByLabel('Alamat penerima Anda').waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await overhang(page)).toBe(0);
    });
  });
});
