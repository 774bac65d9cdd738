import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { device, fillIn, type JsonObject, messages, sendMedia, sendMessage } from './document.ts';
import { expectAsDocumented } from './shape.ts';
import { findProgram, output, RECIPIENT, startWorld } from './world.ts';

// The document against the whole gateway: a real database, a linked device, WhatsApp's wire, a recipient who decrypts.

const curl = await findProgram('curl', [['curl', ['--version']]]);

describe('the document, asked of the whole gateway', () => {
  let world: Awaited<ReturnType<typeof startWorld>>;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  const shell = async (command: string) =>
    JSON.parse(await output('sh', ['-c', `${fillIn(command, world.real)} -s`.replace(/\n -s$/, ' -s')]));
  const bodyOf = (documented: JsonObject | undefined) => JSON.parse(fillIn(JSON.stringify(documented), world.real));
  const sentenceOf = (failures: typeof sendMessage.failures, about: RegExp) => {
    const found = failures.find(({ title }) => about.test(title));
    if (!found) throw new Error(`the document has no failure about ${about}`);
    return found;
  };

  test('the full body of /send-message is sent and read', async () => {
    const answer = await world.app.call('POST', '/send-message', sendMessage.requestBody);
    expect(answer.status).toBe(200);
    expectAsDocumented(answer.body, sendMessage.success);
    expect(answer.body.message).toBe(sendMessage.success.message);
    const received = await world.recipient.nextMessage();
    expect(received).toMatchObject({ text: 'Hello World!', whatsappId: answer.body.data.message_id });
  });

  test('the full body of /send-media is sent and read', async () => {
    const answer = await world.app.call('POST', '/send-media', bodyOf(sendMedia.requestBody));
    expect(answer.status).toBe(200);
    expectAsDocumented(answer.body, sendMedia.success);
    expect(answer.body.message).toBe(sendMedia.success.message);
    const received = await world.recipient.nextMessage();
    expect(received.content.imageMessage?.caption).toBe('Ini caption');
    expect(received.whatsappId).toBe(answer.body.data.message_id);
  });

  test.skipIf(curl === undefined)('the curl command of /send-message sends its text', async () => {
    expectAsDocumented(await shell(sendMessage.curl), sendMessage.success);
    expect((await world.recipient.nextMessage()).text).toBe('Hello from my app!');
  });

  test.skipIf(curl === undefined)('the curl command of /send-media sends its photo', async () => {
    expectAsDocumented(await shell(sendMedia.curl), sendMedia.success);
    expect((await world.recipient.nextMessage()).content.imageMessage?.caption).toBe('Check out this photo!');
  });

  test.skipIf(curl === undefined)('the curl command of /device describes the device', async () => {
    const answer = await shell(device.curl);
    expectAsDocumented(answer, device.success);
    expect(answer.data.device).toMatchObject({ name: 'My WhatsApp', status: 'connected' });
  });

  test.skipIf(curl === undefined)('the curl command of /messages lists what was sent', async () => {
    const answer = await shell(messages.curl);
    expectAsDocumented(answer, messages.success);
    expect(answer.pagination).toMatchObject({ current_page: 1, per_page: 10 });
    for (const row of answer.data) expect(row).toMatchObject({ recipient: RECIPIENT, status: 'sent' });
  });

  test('every parameter of /messages is taken', async () => {
    const answer = await world.app.call('GET', `/messages?${messages.query}`);
    expect(answer.status).toBe(200);
    expectAsDocumented(answer.body, messages.success);
  });

  test('a wrong token is told so', async () => {
    const { status, body } = sentenceOf(sendMessage.failures, /Token/);
    const answer = await world.app.call('POST', '/send-message', sendMessage.requestBody, {
      authorization: 'Bearer YOUR_API_TOKEN',
    });
    expect(answer.status).toBe(status);
    expectAsDocumented(answer.body, body, { values: true });
  });

  test('a number that is not on WhatsApp is told so', async () => {
    const { status, body } = sentenceOf(sendMessage.failures, /Nomor/);
    const stranger = '628123456780';
    const answer = await world.app.call('POST', '/send-message', { ...sendMessage.requestBody, recipient: stranger });
    expect(answer.status).toBe(status);
    expect(answer.body.message).toBe(String(body.message).replace(RECIPIENT, stranger));
    expect(answer.body.success).toBe(false);
  });

  test('a device that is not connected is told so', async () => {
    const { status, body } = sentenceOf(sendMessage.failures, /Device/);
    const { devices, account } = world.app;
    const unlinked = await devices.create(account.id, { name: 'Not linked', kind: 'whatsapp' });
    const token = await devices.issueToken(account.id, unlinked.id);
    const answer = await world.app.call('POST', '/send-message', sendMessage.requestBody, {
      authorization: `Bearer ${token}`,
    });
    expect(answer.status).toBe(status);
    expectAsDocumented(answer.body, body, { values: true });
  });

  test('media that can not be fetched is told so, with the reason', async () => {
    const { status, body } = sentenceOf(sendMedia.failures, /Media URL/);
    // Nobody listens on port 1. An unknown host would be asked of a name server, and tests do not leave this machine.
    const media = { ...sendMedia.requestBody, media_url: 'http://127.0.0.1:1/image.jpg' };
    const answer = await world.app.call('POST', '/send-media', media);
    expect(answer.status).toBe(status);
    expect(answer.body.message).toBe(
      String(body.message).replace('connect ENOTFOUND example.com', 'connect ECONNREFUSED 127.0.0.1'),
    );
  });

  test.each([
    ['/send-message', sendMessage],
    ['/send-media', sendMedia],
  ] as const)('a body of %s without what is required is told so', async (path, { failures }) => {
    const { status, body } = sentenceOf(failures, /Validation/);
    const answer = await world.app.call('POST', path, {});
    expect(answer.status).toBe(status);
    expectAsDocumented(answer.body, body, { values: true });
  });
});
