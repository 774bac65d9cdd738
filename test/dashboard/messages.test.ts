import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumPath, overhang, phone } from '../support/browser.ts';
import { heading, linkDevice, linkedTenant, press, sandboxTenant, setStage } from './support.ts';

// Messages, in a real browser: what is sent arrives on simulated phones, and the page tells what became of it.

const ECHO = '628990000006';
const rows = (page: Page) => page.getByRole('list', { name: 'Messages' }).getByRole('listitem');

/** Opens a page with a list of messages, and waits until the beginning of the live stream has had it asked for once more. */
async function openListened(page: Page, url: string) {
  let asked = 0;
  const isList = (answer: { url(): string }) => new URL(answer.url()).pathname === '/api/panel/messages';
  const again = page.waitForResponse((answer) => isList(answer) && ++asked === 2);
  await page.goto(url);
  await (await again).finished();
}

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe.skipIf(chromiumPath === undefined)('messages', () => {
  const stage = setStage();
  const sandboxContact = (number: string) => {
    const { network } = stage.app.sandbox;
    if (network === undefined) throw new Error('the sandbox is off');
    return network.contact(number);
  };

  test('a test message is sent, its recipient answers, and both are on the sandbox phone and in the history', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await stage.visit({ path: `/devices/${deviceId}`, cookie: browser.cookie }, async (page) => {
      const form = page.locator('form', { hasText: 'To the number' });
      expect(await form.getByLabel('To the number').inputValue()).toBe(ECHO);
      await form.getByRole('textbox', { name: 'Message' }).fill('Pesanan 1001 siap');
      await press(form, 'Send');
      await form.getByText(/^(Sent|Delivered|Read)$/).waitFor();
      const handset = page.getByRole('region', { name: 'Sandbox phone' });
      await handset.getByRole('button', { name: /Pesanan 1001 siap/ }).click();
      const bubbles = handset.getByRole('log').locator('.bubble');
      await bubbles.nth(1).waitFor();
      const answer = handset.getByLabel('Answer as this contact');
      await answer.fill('Terima kasih!');
      await answer.press('Enter');
      await bubbles.filter({ hasText: 'Terima kasih!' }).waitFor();
      await page.getByRole('link', { name: 'Messages', exact: true }).first().click();
      await rows(page).filter({ hasText: 'Pesanan 1001 siap' }).click();
      await page.getByRole('dialog').getByText('Delivered to the phone').waitFor();
    });
    // The answer went over the network and through the gateway, not only over the page.
    const token = await stage.app.devices.issueToken(
      (await browser.get<{ account: { id: number } }>('/me')).account.id,
      deviceId,
    );
    const inbox = async () => {
      const answer = await fetch(`${stage.app.url}/api/v1/inbox`, { headers: { authorization: `Bearer ${token}` } });
      return answer.text();
    };
    await expect.poll(inbox).toContain('Terima kasih!');
  });

  test('a message goes from a real device unless one chooses the sandbox, which is said, and its number is not carried over', async () => {
    const tenant = await sandboxTenant(stage.app);
    const sandbox = String(tenant.deviceId);
    const cookie = tenant.browser.cookie;
    const hint = (on: Page | Locator) => on.getByText('goes to a simulated phone on this server');
    const compose = async (page: Page) => {
      await page.getByRole('button', { name: 'Send a message' }).first().click();
      const form = page.getByRole('dialog').locator('form');
      await form.getByLabel('To the number').waitFor();
      return form;
    };
    await stage.visit({ path: '/messages', cookie }, async (page) => {
      const form = await compose(page);
      await hint(form).waitFor();
      expect(await form.getByLabel('From the device').count()).toBe(0);
    });
    const shop = String(await linkDevice(stage.app, tenant, '6281320000003'));
    const story = async (form: Page | Locator) => {
      const device = form.getByLabel('From the device');
      const number = form.getByLabel('To the number');
      const shown = async () => [await device.inputValue(), await number.inputValue(), await hint(form).count()];
      await device.waitFor();
      expect(await shown()).toEqual([shop, '', 0]);
      await device.selectOption(sandbox);
      expect(await shown()).toEqual([sandbox, ECHO, 1]);
      await device.selectOption(shop);
      expect(await shown()).toEqual([shop, '', 0]);
      // What one has typed is one's own.
      await number.fill('0813-2000-0004');
      await device.selectOption(sandbox);
      expect(await shown()).toEqual([sandbox, '0813-2000-0004', 1]);
      await device.selectOption(shop);
      expect(await shown()).toEqual([shop, '0813-2000-0004', 0]);
    };
    await stage.visit({ path: '/messages', cookie }, async (page) => story(await compose(page)));
    await stage.visit({ path: '/docs', cookie }, (page) => story(page.locator('form', { hasText: 'To the number' })));
  });

  test('a file is uploaded with a caption, and its bytes arrive', async () => {
    const { browser } = await sandboxTenant(stage.app);
    await stage.visit({ path: '/messages', cookie: browser.cookie }, async (page) => {
      await page.getByText('No message yet').waitFor();
      await page.getByRole('button', { name: 'Send a message' }).first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('To the number').fill('081299990001');
      await page.keyboard.press('Tab');
      await dialog.getByText('Upload', { exact: true }).click();
      await press(dialog, 'Send');
      await dialog.getByText('Please choose a file.').waitFor();
      await dialog
        .locator('input[type=file]')
        .setInputFiles({ name: 'struk.png', mimeType: 'image/png', buffer: pixel });
      await dialog.getByLabel('Caption (optional)').fill('Struk belanja');
      await press(dialog, 'Send');
      await dialog.getByText(/^(Sent|Delivered|Read)$/).waitFor();
    });
    const contact = sandboxContact('6281299990001');
    const arrived = await contact.nextMessage();
    expect(arrived.text).toBe('Struk belanja');
    expect(await contact.media(arrived)).toEqual(pixel);
  });

  test('the history is searched and filtered, and exported as it is searched and filtered', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    const send = (recipient: string, message: string) =>
      browser.post('/messages', { device_id: deviceId, recipient, message });
    for (const name of ['Ani', 'Budi', 'Citra']) await send('628990000001', `Halo ${name}`);
    await send('628990000004', '=1+1');
    const settled = async () =>
      (await browser.get<{ state: string }[]>('/messages'))
        .map(({ state }) => state)
        .sort()
        .join();
    await expect.poll(settled).toBe('failed,read,read,read');
    await stage.visit({ path: '/messages', cookie: browser.cookie }, async (page) => {
      await expect.poll(() => rows(page).count()).toBe(4);
      await page.getByRole('searchbox').fill('budi');
      await expect.poll(() => rows(page).count()).toBe(1);
      expect(new URL(page.url()).searchParams.get('q')).toBe('budi');
      await page.getByRole('searchbox').fill('nothing of the kind');
      await page.getByText('Nothing fits').waitFor();
      await page.getByRole('link', { name: 'Remove all filters' }).click();
      await press(page, 'Filters');
      await page.getByLabel('Status').selectOption('failed');
      await expect.poll(() => rows(page).count()).toBe(1);
      await rows(page).getByText('WhatsApp lets this number open no new chats for a while (463)').waitFor();
      await press(page, 'Export');
      await page.getByLabel('a comma (Google Sheets').check();
      const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
      expect(file.suggestedFilename()).toMatch(/\.csv$/);
      const [head, ...lines] = (await readFile(await file.path(), 'utf8')).split('\r\n');
      expect(head).toMatch(/^\uFEFFid,device,recipient,type,message,/);
      expect(lines).toEqual([expect.any(String), '']);
      // What somebody wrote must not run as a formula.
      expect(lines[0]).toMatch(/,628990000004,text,'=1\+1,/);
      await page.getByLabel('Status').selectOption('');
      await page.getByRole('searchbox').fill('budi');
      await rows(page).filter({ hasText: 'Halo Budi' }).waitFor();
      await expect.poll(() => rows(page).count()).toBe(1);
      await press(page, 'Export');
      const [found] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
      const [, ...those] = (await readFile(await found.path(), 'utf8')).split('\r\n');
      expect(those).toEqual([expect.stringContaining('Halo Budi'), '']);
    });
  });

  test('Back leaves the page: it neither opens again what was closed nor takes the search back letter by letter', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post('/messages', { device_id: deviceId, recipient: ECHO, message: 'Halo Dewi' });
    await stage.visit({ path: '/devices', cookie: browser.cookie }, async (page) => {
      const asked = () => new URL(page.url()).search;
      await page.getByRole('link', { name: 'Messages', exact: true }).first().click();
      const field = page.getByRole('searchbox');
      for (const word of ['Ha', 'Halo', 'nothing of the kind']) {
        await field.fill(word);
        await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe(word);
      }
      await page.getByRole('link', { name: 'Remove all filters' }).click();
      await rows(page).filter({ hasText: 'Halo Dewi' }).click();
      const detail = page.getByRole('dialog', { name: 'Message' });
      await press(detail, 'Close');
      await detail.waitFor({ state: 'detached' });
      await page.goBack();
      expect(asked()).toBe('');
      await page.goBack();
      await heading(page, 'Devices');
    });
  });

  test('a message that waits says why and is cancelled; one that failed is sent again as new', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post(`/devices/${deviceId}/disconnect`);
    await stage.visit(
      { path: '/messages', cookie: browser.cookie, refusals: [/messages 400/], ...phone },
      async (page) => {
        await page.getByRole('button', { name: 'Send a message' }).first().click();
        const compose = page.getByRole('dialog');
        await compose.getByRole('textbox', { name: 'Message' }).fill('Nanti saja');
        await press(compose, 'Send');
        await compose.getByText('WhatsApp client is not connected').waitFor();
        await compose.getByRole('switch', { name: 'Wait until the device is connected' }).check({ force: true });
        await press(compose, 'Send');
        await compose.getByText('It waits until the device is connected again.').waitFor();
        await compose.getByRole('link', { name: 'Details' }).click();
        const detail = page.getByRole('dialog', { name: 'Message' });
        await detail.getByText('Why it is waiting').waitFor();
        expect(await overhang(page)).toBe(0);
        await press(detail, 'Cancel this message');
        await detail.getByText('Cancelled').first().waitFor();
        await browser.post(`/devices/${deviceId}/connect`);
        await stage.app.untilConnected(deviceId);
        await press(detail, 'Send again as new');
        await detail
          .getByText(/^(Sent|Delivered|Read)$/)
          .first()
          .waitFor();
      },
    );
    // Sent is WhatsApp's word; the recipient reads it a moment later.
    await expect.poll(() => sandboxContact(ECHO).messages.map(({ text }) => text)).toContain('Nanti saja');
  });

  test('a quota warns at 80 %, refuses at 100 %, and each time says what to do', async () => {
    const { browser, deviceId } = await linkedTenant(stage.app, '6281320000001', { quota: 5 });
    stage.app.network.contact('6281320000002');
    for (let nth = 1; nth <= 4; nth += 1)
      await browser.post('/messages', { device_id: deviceId, recipient: '6281320000002', message: `Ke-${nth}` });
    await stage.visit({ path: '/', cookie: browser.cookie, refusals: [/messages 403/] }, async (page) => {
      await page.getByText('More than 80 % of your quota is used.').waitFor();
      await page.getByText('1 of 5 left').waitFor();
      await page.goto(`${stage.app.url}/devices/${deviceId}`);
      const form = page.locator('form', { hasText: 'To the number' });
      await form.getByLabel('To the number').fill('0813-2000-0002');
      const send = async (text: string) => {
        await form.getByRole('textbox', { name: 'Message' }).fill(text);
        await press(form, 'Send');
      };
      await send('Yang terakhir');
      await form.getByText(/^(Sent|Delivered|Read)$/).waitFor();
      await send('Satu lagi');
      await form.getByText('Insufficient message quota.').waitFor();
      await page.getByRole('link', { name: 'Usage', exact: true }).first().click();
      await page.getByText('Your quota is used up').waitFor();
      await page.getByRole('table').getByText('Toko').waitFor();
      await page.getByRole('link', { name: 'See the packages' }).click();
      await heading(page, 'Plan');
    });
  });

  test('a message that came while another page was open stands on the first one, whatever was told of it since', async () => {
    const phoneNumber = '6281320000011';
    const { browser, deviceId } = await linkedTenant(stage.app, '6281320000010');
    const contact = stage.app.network.contact(phoneNumber);
    const send = (message: string) =>
      browser.post('/messages', { device_id: deviceId, recipient: phoneNumber, message });
    await send('Kemarin');
    await stage.visit({ path: '/logo.svg', cookie: browser.cookie }, async (page) => {
      await openListened(page, stage.app.url);
      await rows(page).filter({ hasText: 'Kemarin' }).waitFor();
      await page.getByRole('link', { name: 'Messages', exact: true }).first().click();
      await heading(page, 'Messages');
      await rows(page).filter({ hasText: 'Kemarin' }).waitFor();
      await send('Hari ini');
      const row = rows(page).filter({ hasText: 'Hari ini' });
      await row.waitFor();
      await contact.nextMessage();
      contact.read(await contact.nextMessage());
      await row.getByText('Read', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'Home', exact: true }).first().click();
      await heading(page, /^Hello/);
      await rows(page).filter({ hasText: 'Hari ini' }).waitFor();
    });
  });

  test('a message that fails while only the failed ones are shown appears among them', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post(`/devices/${deviceId}/disconnect`);
    await browser.post('/messages', { device_id: deviceId, recipient: '628990000003', message: 'Ke mana', hold: true });
    await stage.visit({ path: '/logo.svg', cookie: browser.cookie }, async (page) => {
      await openListened(page, `${stage.app.url}/messages`);
      await rows(page).filter({ hasText: 'Ke mana' }).waitFor();
      await press(page, 'Filters');
      await page.getByLabel('Status').selectOption('failed');
      await page.getByText('Nothing fits').waitFor();
      await browser.post(`/devices/${deviceId}/connect`);
      await rows(page).filter({ hasText: 'Ke mana' }).waitFor();
    });
  });

  test('what was queued is shown as cancelled as soon as its device is deleted', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post(`/devices/${deviceId}/disconnect`);
    await browser.post('/messages', { device_id: deviceId, recipient: ECHO, message: 'Tunggu dulu', hold: true });
    await stage.visit({ path: '/logo.svg', cookie: browser.cookie }, async (page) => {
      await openListened(page, `${stage.app.url}/messages`);
      const row = rows(page).filter({ hasText: 'Tunggu dulu' });
      await row.click();
      const detail = page.getByRole('dialog', { name: 'Message' });
      await detail.getByText('Why it is waiting').waitFor();
      await browser.ok('DELETE', `/devices/${deviceId}`);
      await row.getByText('Cancelled').waitFor();
      await detail.getByText('Cancelled').first().waitFor();
    });
  });

  test('more changes at once than are told one by one are seen, too', async () => {
    const { accountId, browser, deviceId } = await sandboxTenant(stage.app);
    await browser.post(`/devices/${deviceId}/disconnect`);
    const { id } = await browser.post<{ id: number }>('/messages', {
      device_id: deviceId,
      recipient: ECHO,
      message: 'Tunggu dulu',
      hold: true,
    });
    await stage.visit({ path: '/logo.svg', cookie: browser.cookie }, async (page) => {
      await openListened(page, `${stage.app.url}/messages`);
      const row = rows(page).filter({ hasText: 'Tunggu dulu' });
      await row.waitFor();
      const cancelled = await stage.app.store.messages.cancel(accountId, deviceId, id);
      if (cancelled === undefined) throw new Error('the message does not wait any more');
      const { whatsapp_id: whatsappId, state } = cancelled;
      // The stream counts what changed before it looks at it.
      for (let nth = 0; nth < 60; nth += 1)
        stage.app.events.emit('message.changed', { accountId, deviceId, messageId: id + nth, whatsappId, state });
      await row.getByText('Cancelled').waitFor();
    });
  });

  test('much that happens is no more than a question now and then', async () => {
    const { browser, deviceId } = await sandboxTenant(stage.app);
    await stage.visit({ path: '/logo.svg', cookie: browser.cookie }, async (page) => {
      await openListened(page, `${stage.app.url}/messages`);
      const asked: number[] = [];
      page.on('requestfinished', (request) => {
        if (new URL(request.url()).pathname === '/api/panel/messages') asked.push(request.timing().startTime);
      });
      for (let nth = 1; nth <= 12; nth += 1)
        await browser.post('/messages', { device_id: deviceId, recipient: '628990000001', message: `Ke-${nth}` });
      await expect.poll(() => rows(page).filter({ hasText: 'Read' }).count()).toBe(12);
      expect(asked.length).toBeGreaterThan(0);
      const pauses = asked.slice(1).map((at, nth) => at - (asked[nth] ?? 0));
      expect(pauses.filter((ms) => ms < 1_000)).toEqual([]);
    });
  });
});
