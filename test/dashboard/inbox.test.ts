import type { Page, Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Contact, Said } from '../../simulator/index.ts';
import { PASSWORD } from '../panel/support/browser.ts';
import { addMember } from '../panel/support/people.ts';
import { chromiumPath, overhang, phone, violations } from '../support/browser.ts';
import { heading, press, sandboxTenant, setStage } from './support.ts';

// The inbox, in a real browser: simulated people write, and read what is answered.

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe.skipIf(chromiumPath === undefined)('the inbox', () => {
  const stage = setStage();
  let drawn = 0;

  /** A tenant with a connected sandbox device, and somebody who writes to it. */
  async function scene(name = 'Budi') {
    const tenant = await sandboxTenant(stage.app);
    drawn += 1;
    const number = `62813770000${String(drawn).padStart(2, '0')}`;
    const { network } = stage.app.sandbox;
    if (network === undefined) throw new Error('the sandbox is off');
    const contact = network.contact(number, { name });
    const handset = `62898${String(tenant.deviceId).padStart(8, '0')}`;
    return { ...tenant, contact, hear: (said: Said, from: Contact = contact) => hear(from, handset, said), network };
  }

  /** Resolves when what was said stands in the inbox. */
  async function hear(from: Contact, to: string, said: Said): Promise<string> {
    const seen = new Set<string>();
    let look: () => unknown = () => undefined;
    const off = stage.app.events.on('message.received', ({ whatsappId }) => {
      seen.add(whatsappId);
      look();
    });
    const { whatsappId } = await from.send(to, said);
    await new Promise<void>((resolve) => {
      look = () => seen.has(whatsappId) && resolve();
      look();
    });
    off();
    return whatsappId;
  }

  const list = (page: Page) => page.getByRole('region', { name: 'Conversations' });
  const pane = (page: Page) => page.getByRole('region', { name: 'Conversation', exact: true });
  const bubbles = (page: Page) => pane(page).locator('article');
  const attached = (page: Page) => pane(page).locator('.inbox-chip', { hasText: 'biru.png' });

  test('a group stands under its name, and without a connection under its id', async () => {
    const { browser, deviceId, contact, network } = await scene();
    const handset = `62898${String(deviceId).padStart(8, '0')}`;
    const group = network.group('Warga RT 05', [network.phone(handset), contact]);
    await hear(contact, group.jid, 'kerja bakti Minggu');
    await stage.visit({ path: '/inbox', cookie: browser.cookie, ...phone }, async (page) => {
      await list(page)
        .getByRole('link', { name: /Warga RT 05.*Budi.*kerja bakti Minggu/ })
        .click();
      await pane(page).getByRole('heading', { name: 'Warga RT 05' }).waitFor();
      expect(await overhang(page)).toBe(0);
    });
    await browser.ok('POST', `/devices/${deviceId}/disconnect`);
    await stage.visit({ path: '/inbox', cookie: browser.cookie }, async (page) => {
      await list(page)
        .getByRole('link', { name: /Group.*kerja bakti/ })
        .click();
      await pane(page).getByRole('heading', { name: 'Group' }).waitFor();
      await pane(page).getByText(group.jid.replace('@g.us', '')).waitFor();
    });
  });

  test('a contact writes and it appears by itself; what is answered reaches the phone, quoting what it answers', async () => {
    const { browser, contact, hear } = await scene();
    await stage.visit({ path: '/inbox', cookie: browser.cookie }, async (page) => {
      await page.getByText('Nobody has written yet').waitFor();
      const first = await hear('Masih ada yang biru?');
      await list(page)
        .getByRole('link', { name: /Budi.*Masih ada yang biru\?.*1 unread/ })
        .click();
      await bubbles(page).getByText('Masih ada yang biru?').waitFor();
      // Opened, so read: the sender sees it, and it is unread no more.
      await contact.nextReceipt({ id: first, type: 'read' });
      await list(page).getByText('1 unread').waitFor({ state: 'detached' });

      await hear('Ukuran L');
      await bubbles(page).getByText('Ukuran L').waitFor();
      await bubbles(page).nth(0).locator('..').getByRole('button', { name: 'Answer or react' }).click();
      await press(page, 'Answer this');
      const box = pane(page).getByLabel('Your answer');
      expect(await box.and(page.locator(':focus')).count()).toBe(1);
      await page.keyboard.type('Masih, tinggal tiga.');
      await page.keyboard.press('Enter');
      const answer = await contact.nextMessage();
      expect(answer.text).toBe('Masih, tinggal tiga.');
      expect(answer.content.extendedTextMessage?.contextInfo?.stanzaId).toBe(first);
      const shown = bubbles(page).filter({ hasText: 'Masih, tinggal tiga.' });
      await shown.locator('blockquote', { hasText: 'Masih ada yang biru?' }).waitFor();
      contact.read(answer);
      await shown.getByRole('img', { name: 'read' }).waitFor();
      expect(await box.inputValue()).toBe('');
    });
  });

  test('reactions go both ways, edits and deletions are seen, each as it happens', async () => {
    const { browser, contact, hear, deviceId } = await scene();
    const first = await hear('Jam dua ya');
    const second = await hear('salah kirim');
    const path = `/inbox?device=${deviceId}&chat="${contact.number}"`;
    await stage.visit({ path, cookie: browser.cookie }, async (page) => {
      await bubbles(page).nth(0).locator('..').getByRole('button', { name: 'Answer or react' }).click();
      await press(page, 'React with 👍');
      const reaction = await contact.nextMessage();
      expect(reaction.content.reactionMessage).toMatchObject({ text: '👍', key: { id: first } });
      await bubbles(page).nth(0).getByRole('list', { name: 'Reactions' }).getByText('👍').waitFor();

      const at = (id: string) => ({ remoteJid: contact.jid, fromMe: true, id });
      await hear({ protocolMessage: { type: 14, key: at(first), editedMessage: { conversation: 'Jam tiga ya' } } });
      await bubbles(page).nth(0).getByText('Jam tiga ya').waitFor();
      await bubbles(page).nth(0).getByText('edited').waitFor();
      await hear({ protocolMessage: { type: 0, key: at(second) } });
      await bubbles(page).nth(1).getByText('This message was deleted.').waitFor();
      expect(await bubbles(page).nth(1).textContent()).not.toContain('salah kirim');
    });
  });

  test('an image is shown, a document downloaded, a place, a card and a poll are read; a file is answered with', async () => {
    const { browser, contact, hear, deviceId } = await scene();
    await hear({ image: pixel, mimetype: 'image/png', caption: 'Seperti ini' });
    await hear({ document: Buffer.from('isi faktur'), mimetype: 'application/pdf', fileName: 'Faktur <1>.pdf' });
    await hear({ location: { latitude: -6.175, longitude: 106.827, name: 'Monas' } });
    await hear({ contact: { name: 'Ani', number: '628121234567' } });
    await hear({
      pollCreationMessageV3: { name: 'Jam?', options: [{ optionName: '09.00' }, { optionName: '13.00' }] },
    });
    const path = `/inbox?device=${deviceId}&chat="${contact.number}"`;
    await stage.visit({ path, cookie: browser.cookie }, async (page) => {
      const image = bubbles(page).nth(0).getByRole('img', { name: 'Image from Budi' });
      await image.scrollIntoViewIfNeeded();
      await expect.poll(() => page.evaluate(`document.querySelector('img.inbox-picture')?.naturalWidth`)).toBe(1);
      const document = bubbles(page).nth(1);
      await press(document, 'Download');
      const downloading = page.waitForEvent('download');
      await document.getByRole('link', { name: /Download/ }).click();
      const file = await downloading;
      expect(file.suggestedFilename()).toMatch(/^Faktur .1.\.pdf$/);
      expect(Buffer.concat(await (await file.createReadStream()).toArray()).toString()).toBe('isi faktur');
      await bubbles(page).nth(2).getByText('Monas').waitFor();
      expect(await bubbles(page).nth(2).getByRole('link', { name: 'Open in a map' }).getAttribute('rel')).toBe(
        'noopener noreferrer',
      );
      await bubbles(page).nth(3).getByText('+62 812-1234-567').waitFor();
      await bubbles(page).nth(4).getByText('13.00').waitFor();

      await pane(page)
        .locator('input[type=file]')
        .setInputFiles({ name: 'struk.png', mimeType: 'image/png', buffer: pixel });
      await pane(page).getByText('struk.png').waitFor();
      await pane(page).getByLabel('Your answer').fill('Ini struknya');
      await press(pane(page), 'Send');
      const answer = await contact.nextMessage();
      expect(answer.text).toBe('Ini struknya');
      expect(await contact.media(answer)).toEqual(pixel);
    });
  });

  test('a name is text, whatever stands in it, and cannot turn the words around it', async () => {
    const name = '<img src=x onerror="document.title=1">\u202Egpj.exe\n"\u2066';
    const { browser, hear } = await scene(name);
    await hear('<script>document.title=2</script>');
    await stage.visit({ ...phone, path: '/inbox', cookie: browser.cookie }, async (page) => {
      const link = list(page).getByRole('link').first();
      await link.waitFor();
      expect(await overhang(page)).toBe(0);
      await link.click();
      await bubbles(page).getByText('<script>document.title=2</script>').waitFor();
      const title = await pane(page).getByRole('heading', { level: 2 }).textContent();
      expect(title).toBe('<img src=x onerror="document.title=1">gpj.exe "');
      expect(await page.locator('img[src="x"]').count()).toBe(0);
      expect(await page.title()).toBe('Inbox · WAGate');
      expect(await overhang(page)).toBe(0);
      await press(page, 'Back to the conversations');
      await link.waitFor();
    });
  });

  test('conversations are found by words, and those that are unread stand apart until one marks them', async () => {
    const { browser, contact, hear, network } = await scene();
    const citra = network.contact('6281377999901', { name: 'Citra' });
    await hear('Alamatnya Jalan Kenanga 4');
    const latest = await hear('Apa kabar?', citra);
    await stage.visit({ path: '/inbox', cookie: browser.cookie }, async (page) => {
      await page.getByRole('button', { name: 'Settings of the inbox' }).click();
      await page.getByLabel('Mark as read when I open it').uncheck();
      await page.keyboard.press('Escape');
      const rows = list(page).getByRole('link');
      await list(page).getByRole('searchbox').fill('kenanga');
      await expect.poll(() => rows.count()).toBe(1);
      await rows.filter({ hasText: 'Budi' }).waitFor();
      await list(page).getByRole('searchbox').fill('tidak ada');
      await page.getByText('Nothing fits').waitFor();
      await press(page, 'Clear the search');
      await expect.poll(() => rows.count()).toBe(2);
      await list(page).getByText('Unread (2)').click();
      await rows.filter({ hasText: 'Citra' }).click();
      await press(pane(page), 'Mark as read');
      await citra.nextReceipt({ id: latest, type: 'read' });
      await list(page).getByText('Unread (1)').waitFor();
      await expect.poll(() => rows.count()).toBe(1);
    });
    expect(contact.number).not.toBe(citra.number);
  });

  test('Back leaves a conversation that was closed behind, and the search that was cleared', async () => {
    const { browser, hear } = await scene();
    await hear('Halo');
    await stage.visit({ path: '/devices', cookie: browser.cookie, ...phone }, async (page) => {
      await page.getByRole('link', { name: 'Inbox', exact: true }).first().click();
      await list(page).getByRole('searchbox').fill('tidak ada');
      await press(page, 'Clear the search');
      await list(page).getByRole('link', { name: /Halo/ }).click();
      await press(pane(page), 'Back to the conversations');
      await list(page).getByRole('link', { name: /Halo/ }).waitFor();
      await page.goBack();
      expect(new URL(page.url()).search).toBe('');
      await list(page).getByRole('link', { name: /Halo/ }).waitFor();
      await page.goBack();
      await heading(page, 'Devices');
    });
  });

  test('a device that is away is told of; what is written waits for it, and marking as read says why it cannot', async () => {
    const { browser, contact, hear, deviceId } = await scene();
    await hear('Halo');
    const path = `/inbox?device=${deviceId}&chat="${contact.number}"`;
    await browser.post(`/devices/${deviceId}/disconnect`);
    const refusals = [/^POST .*\/read 400$/];
    await stage.visit({ path, cookie: browser.cookie, refusals }, async (page) => {
      await pane(page).getByText('Sandbox is not connected. What you send waits until it is.').waitFor();
      await pane(page).getByLabel('Your answer').fill('Segera kami jawab');
      await page.keyboard.press('Enter');
      await bubbles(page).filter({ hasText: 'Segera kami jawab' }).getByRole('img', { name: 'waiting' }).waitFor();
      await press(pane(page), 'Mark as read');
      await page.getByRole('alert').getByText('WhatsApp client is not connected.').waitFor();
    });
  });

  test('what one writes stays in its conversation while one looks elsewhere, and is gone when it is sent, or one signs out', async () => {
    const { browser, contact, hear, network, email } = await scene();
    const citra = network.contact('6281377999902', { name: 'Citra' });
    const asked = await hear('Masih ada yang biru?');
    await hear('Halo', citra);
    await stage.visit({ path: '/inbox', cookie: browser.cookie }, async (page) => {
      const box = pane(page).getByLabel('Your answer');
      const open = async (name: string) => {
        await list(page).getByRole('link', { name }).click();
        await pane(page).getByRole('heading', { name }).waitFor();
      };
      await open('Budi');
      await bubbles(page).nth(0).locator('..').getByRole('button', { name: 'Answer or react' }).click();
      await press(page, 'Answer this');
      await box.fill('Masih, seperti ini');
      await pane(page)
        .locator('input[type=file]')
        .setInputFiles({ name: 'biru.png', mimeType: 'image/png', buffer: pixel });
      await open('Citra');
      expect(await box.inputValue()).toBe('');
      expect(await attached(page).count()).toBe(0);
      await box.fill('Halo Citra');
      await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
      await heading(page, 'Devices');
      await page.getByRole('link', { name: 'Inbox', exact: true }).first().click();
      await open('Budi');
      expect(await box.inputValue()).toBe('Masih, seperti ini');
      await attached(page).waitFor();
      await pane(page).getByText('Answer to Budi').waitFor();
      await press(pane(page), 'Send');
      const answer = await contact.nextMessage();
      expect(answer.text).toBe('Masih, seperti ini');
      expect(answer.content.imageMessage?.contextInfo?.stanzaId).toBe(asked);
      await attached(page).waitFor({ state: 'detached' });
      await open('Citra');
      expect(await box.inputValue()).toBe('Halo Citra');
      await open('Budi');
      expect(await box.inputValue()).toBe('');

      await page.getByRole('button', { name: /^Account:/ }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await heading(page, 'Sign in');
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await press(page, 'Sign in');
      await page.getByRole('link', { name: 'Inbox', exact: true }).first().click();
      await open('Citra');
      expect(await box.inputValue()).toBe('');
    });
  });

  test('a file goes on leaving when one looks elsewhere; that it was refused is told there, and it is kept', async () => {
    const { browser, contact, hear, network } = await scene();
    await hear('Boleh lihat?');
    await hear('Halo', network.contact('6281377999903', { name: 'Citra' }));
    await stage.visit({ path: '/inbox', cookie: browser.cookie, refusals: [/messages 429/] }, async (page) => {
      const open = async (name: string) => {
        await list(page).getByRole('link', { name }).click();
        await pane(page).getByRole('heading', { name }).waitFor();
      };
      /** Sends a file to Budi and looks at Citra's conversation while it leaves; gives what lets it come through. */
      const sendAndLeave = async (caption: string, end: (route: Route) => Promise<void>) => {
        const came = Promise.withResolvers<void>();
        const go = Promise.withResolvers<void>();
        await page.route('**/api/panel/messages', async (route) => {
          if (route.request().method() !== 'POST') return route.continue();
          came.resolve();
          await go.promise;
          await end(route);
        });
        await open('Budi');
        await pane(page)
          .locator('input[type=file]')
          .setInputFiles({ name: 'biru.png', mimeType: 'image/png', buffer: pixel });
        await pane(page).getByLabel('Your answer').fill(caption);
        await press(pane(page), 'Send');
        await came.promise;
        await open('Citra');
        return async () => {
          go.resolve();
          await page.waitForResponse(
            (answer) => answer.request().method() === 'POST' && /messages$/.test(answer.url()),
          );
          await page.unroute('**/api/panel/messages');
        };
      };
      const through = await sendAndLeave('Yang ini', (route) => route.continue());
      await through();
      const arrived = await contact.nextMessage();
      expect([arrived.text, await contact.media(arrived)]).toEqual(['Yang ini', pixel]);

      const refuse = await sendAndLeave('Atau ini', (route) =>
        route.fulfill({
          status: 429,
          json: { success: false, message: 'Too much at once.', code: 'rate_limited', request_id: 'req_1' },
        }),
      );
      await refuse();
      const notice = page.getByRole('alert').filter({ hasText: 'Your answer to Budi was not sent' });
      await notice.getByText('Too much at once.').waitFor();
      await open('Budi');
      await pane(page).getByRole('alert').getByText('Too much at once.').waitFor();
      expect(await pane(page).getByLabel('Your answer').inputValue()).toBe('Atau ini');
      await attached(page).waitFor();
    });
  });

  test('a viewer reads and cannot answer', async () => {
    const tenant = await scene();
    await tenant.hear('Halo');
    const viewer = await addMember(stage.app, tenant, 'viewer');
    const path = `/inbox?device=${tenant.deviceId}&chat="${tenant.contact.number}"`;
    await stage.visit({ path, cookie: viewer.cookie }, async (page) => {
      await bubbles(page).getByText('Halo').waitFor();
      await pane(page).getByText('Your role only reads.').waitFor();
      expect(
        await pane(page)
          .getByRole('button', { name: /Answer or react|Mark as read|Send/ })
          .count(),
      ).toBe(0);
    });
  });

  test('what one can do with a message is sound for axe, and fits a phone', async () => {
    const { browser, contact, hear, deviceId } = await scene();
    const first = await hear('Halo');
    await hear({ extendedTextMessage: { text: 'lagi', contextInfo: { stanzaId: first, participant: contact.jid } } });
    const path = `/inbox?device=${deviceId}&chat="${contact.number}"`;
    const options = { ...phone, colorScheme: 'dark', locale: 'id-ID', bypassCSP: true } as const;
    await stage.visit({ ...options, path, cookie: browser.cookie }, async (page) => {
      await page.locator('article blockquote').waitFor();
      await page.getByRole('button', { name: 'Jawab atau beri reaksi' }).first().click();
      await page.getByRole('button', { name: 'Beri reaksi 👍' }).waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await overhang(page)).toBe(0);
    });
  });
});
