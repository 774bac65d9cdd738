import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { aesEncryptGCM, hkdf, proto } from 'baileys';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Contact, type Network, type Said, startNetwork } from '../../simulator/index.ts';
import { incomingFromJournal } from '../../src/whatsapp/index.ts';
import { TestDevice } from './device.ts';

let network: Network;
let device: TestDevice;
let contact: Contact;
beforeAll(async () => {
  network = await startNetwork();
  device = await new TestDevice(network, '628110000040').pair();
  contact = network.contact('628130000001', { name: 'Budi' });
});
afterAll(async () => {
  await device.close();
  await network.stop();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function hear(said: Said, from = contact) {
  const { whatsappId } = await from.send(device.phone.number, said);
  return device.next('message', (event) => event.whatsappId === whatsappId);
}

async function gather(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Where nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

describe('receiving', () => {
  it('tells who wrote a text, by number and by hidden id, and that it came live', async () => {
    const message = await hear('Apakah masih ada?');
    expect(message).toMatchObject({
      chat: contact.jid,
      sender: contact.jid,
      phone: '628130000001',
      lid: contact.lid,
      pushName: 'Budi',
      fromMe: false,
      offline: false,
      kind: 'text',
      text: 'Apakah masih ada?',
      refersTo: null,
    });
    expect(Math.abs(message.timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(proto.Message.decode(message.message).conversation).toBe('Apakah masih ada?');
  });

  it('knows the number of a sender who shows only a hidden id', async () => {
    const hidden = network.contact('628130000002', { lid: true });
    expect(await hear('rahasia', hidden)).toMatchObject({
      chat: hidden.lid,
      sender: hidden.lid,
      phone: '628130000002',
      lid: hidden.lid,
    });
  });

  const key = { remoteJid: '628110000040@s.whatsapp.net', fromMe: true, id: 'ABCDEF' };
  const { Type } = proto.Message.ProtocolMessage;
  it.each<[kind: string, text: string | null, refersTo: string | null, said: Said]>([
    ['location', 'Monas\n-6.175,106.827', null, { locationMessage: { degreesLatitude: -6.175, degreesLongitude: 106.827, name: 'Monas' } }],
    ['contact', 'Ani', null, { contactMessage: { displayName: 'Ani', vcard: 'BEGIN:VCARD\nEND:VCARD' } }],
    ['poll', 'Jam berapa?', null, { pollCreationMessageV3: { name: 'Jam berapa?', options: [{ optionName: '9' }, { optionName: '10' }] } }],
    ['poll_vote', null, 'ABCDEF', { pollUpdateMessage: { pollCreationMessageKey: key, vote: { encPayload: randomBytes(20), encIv: randomBytes(12) } } }],
    ['reaction', '👍', 'ABCDEF', { reactionMessage: { key, text: '👍' } }],
    ['edit', 'jadi dua', 'ABCDEF', { protocolMessage: { type: Type.MESSAGE_EDIT, key, editedMessage: { conversation: 'jadi dua' } } }],
    ['deletion', null, 'ABCDEF', { protocolMessage: { type: Type.REVOKE, key } }],
    ['text', 'ya, dua', 'ABCDEF', { extendedTextMessage: { text: 'ya, dua', contextInfo: { stanzaId: 'ABCDEF', quotedMessage: { conversation: 'berapa?' } } } }],
    ['text', 'hilang', null, { ephemeralMessage: { message: { conversation: 'hilang' } } }],
    ['unknown', null, null, { orderMessage: { orderId: '1', itemCount: 2 } }],
    ['text', 'Toko Budi\nSaya mau pesan', null, { orderMessage: { orderId: '1', itemCount: 2, orderTitle: 'Toko Budi', message: 'Saya mau pesan' } }],
    ['text', 'Kopi\nMasih ada?', null, { productMessage: { product: { title: 'Kopi' }, body: 'Masih ada?' } }],
    ['text', 'Katalog', null, { productMessage: { catalog: { title: 'Katalog' } } }],
    ['text', 'Warga\nayo ikut', null, { groupInviteMessage: { groupJid: '1@g.us', groupName: 'Warga', caption: 'ayo ikut' } }],
    ['text', 'Arisan\njam dua\nBalai', null, { eventMessage: { name: 'Arisan', description: 'jam dua', location: { name: 'Balai' } } }],
    ['text', 'hai @Warga', 'ABCDEF', { groupMentionedMessage: { message: { extendedTextMessage: { text: 'hai @Warga', contextInfo: { stanzaId: 'ABCDEF' } } } } }],
    ['text', 'apa kabar', null, { botInvokeMessage: { message: { conversation: 'apa kabar' } } }],
    ['text', 'Promo', null, { templateMessage: { hydratedTemplate: { hydratedContentText: 'Promo' } } }],
    ['text', 'Promo', null, { templateMessage: { hydratedFourRowTemplate: { hydratedContentText: 'Promo' } } }],
    ['text', 'Promo', null, { templateMessage: { interactiveMessageTemplate: { body: { text: 'Promo' } } } }],
    ['text', 'Ya', null, { interactiveResponseMessage: { body: { text: 'Ya' }, nativeFlowResponseMessage: { name: 'quick_reply', paramsJson: '{"id":"1"}' } } }],
    ['text', '{"id":"1"}', null, { interactiveResponseMessage: { nativeFlowResponseMessage: { name: 'quick_reply', paramsJson: '{"id":"1"}' } } }],
    ['text', 'Terkirim\n{"nama":"Budi"}', null, { interactiveResponseMessage: { body: { text: 'Terkirim' }, nativeFlowResponseMessage: { name: 'flow', paramsJson: '{"nama":"Budi"}' } } }],
    ['poll', 'Jam?', null, { pollCreationMessageV4: { message: { pollCreationMessageV3: { name: 'Jam?', options: [{ optionName: '9' }] } } } }],
    ['text', 'nol', null, { conversation: 'n\0ol' }],
  ])('reads %s: %j', async (kind, text, refersTo, said) => {
    expect(await hear(said)).toMatchObject({ kind, text, refersTo });
  }); // biome-ignore format: a table to be read as one

  it('keeps to itself what no person said', async () => {
    const before = device.all('message').length;
    await contact.send(device.phone.number, {
      protocolMessage: { type: Type.EPHEMERAL_SETTING, ephemeralExpiration: 60 },
    });
    await contact.send(device.phone.number, {
      protocolMessage: { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys: [] } },
    });
    await contact.send(device.phone.number, { pinInChatMessage: { key, type: 1 } });
    await contact.send(device.phone.number, { call: { callKey: Buffer.from('CALL1') } });
    await hear('selesai');
    expect(device.all('message').length).toBe(before + 1);
  });

  it('hears what the account’s own phone writes', async () => {
    const { whatsappId } = await device.phone.sendOwn(contact.number, 'dari ponsel');
    const message = await device.next('message', (event) => event.whatsappId === whatsappId);
    expect(message).toMatchObject({ fromMe: true, chat: contact.jid, sender: device.jid, text: 'dari ponsel' });
  });

  it('names group and sender', async () => {
    const group = network.group('Warga', [device.phone, contact]);
    const { whatsappId } = await contact.send(group.jid, 'kerja bakti');
    const message = await device.next('message', (event) => event.whatsappId === whatsappId);
    expect(message).toMatchObject({ chat: group.jid, phone: '628130000001', lid: contact.lid, text: 'kerja bakti' });
  });

  it.each(['image', 'video', 'audio', 'document', 'sticker'] as const)('downloads %s byte for byte', async (kind) => {
    const bytes = randomBytes(70_000);
    const message = await hear({ [kind]: bytes, caption: 'ini' });
    expect(message.kind).toBe(kind);
    expect(sha256(await gather(await device.link.download(message.message)))).toBe(sha256(bytes));
  });

  it('downloads an animated sticker, which comes in a wrapper', async () => {
    const bytes = randomBytes(9_000);
    const stickerMessage = { ...(await network.media.keep('sticker', bytes)), mimetype: 'application/was' };
    const message = await hear({ lottieStickerMessage: { message: { stickerMessage } } });
    expect(message).toMatchObject({ kind: 'sticker', media: { mimetype: 'application/was', bytes: bytes.length } });
    expect(sha256(await gather(await device.link.download(message.message)))).toBe(sha256(bytes));
  });

  it('tells a voice note from a sound file', async () => {
    expect((await hear({ audio: randomBytes(50), ptt: true })).kind).toBe('voice');
  });

  it('refuses a file that was altered, and one that names another host', async () => {
    const message = await hear({ document: randomBytes(5_000) });
    const spoilt = proto.Message.decode(message.message);
    if (spoilt.documentMessage) spoilt.documentMessage.mediaKey = randomBytes(32);
    const download = device.link.download(proto.Message.encode(spoilt).finish()).then(gather);
    await expect(download).rejects.toMatchObject({ code: 'media_failed', message: expect.stringContaining('seal') });

    for (const directPath of ['@evil.example/x', '//evil.example/x', ':1@evil.example/', 'x'])
      await expect(
        device.link.download(
          proto.Message.encode({ documentMessage: { ...spoilt.documentMessage, directPath } }).finish(),
        ),
      ).rejects.toMatchObject({ code: 'media_failed' });
  });

  it.each([403, 410])('asks the phone for a file at %i, and says so when it has it no more', async (code) => {
    const bytes = randomBytes(5_000);
    const message = await hear({ document: bytes });
    const key = { chat: message.chat, whatsappId: message.whatsappId, fromMe: false };
    const file = proto.Message.decode(message.message).documentMessage;
    network.faults.failDownloads(code);
    await expect(device.link.download(message.message)).rejects.toMatchObject({
      code: 'media_failed',
      whatsappCode: code,
    });
    network.faults.clear();

    let phoneHasIt = true;
    const off = network.onStanza((connection, { tag, attrs }) => {
      if (tag !== 'receipt' || attrs.type !== 'server-error') return undefined;
      const mediaKey = Buffer.from(file?.mediaKey ?? []);
      const iv = randomBytes(12);
      const { SUCCESS, NOT_FOUND } = proto.MediaRetryNotification.ResultType;
      const answer = phoneHasIt ? { result: SUCCESS, directPath: file?.directPath ?? '' } : { result: NOT_FOUND };
      const sealed = aesEncryptGCM(
        proto.MediaRetryNotification.encode({ stanzaId: attrs.id ?? '', ...answer }).finish(),
        hkdf(mediaKey, 32, { info: 'WhatsApp Media Retry Notification' }),
        iv,
        Buffer.from(attrs.id ?? ''),
      );
      connection.send({
        tag: 'notification',
        attrs: { type: 'mediaretry', from: device.jid, id: attrs.id ?? '' },
        content: [
          {
            tag: 'encrypt',
            attrs: {},
            content: [
              { tag: 'enc_p', attrs: {}, content: sealed },
              { tag: 'enc_iv', attrs: {}, content: iv },
            ],
          },
          { tag: 'rmr', attrs: { jid: message.chat, from_me: 'false' } },
        ],
      });
      return undefined;
    });
    network.faults.failDownloads(code, { times: 1 });
    expect(sha256(await gather(await device.link.download(message.message, key)))).toBe(sha256(bytes));
    network.faults.failDownloads(code, { times: 1 });
    phoneHasIt = false;
    await expect(device.link.download(message.message, key)).rejects.toMatchObject({ code: 'media_failed' });
    off();
  });

  it('asks the next media host when one is away or in trouble, and none after a refusal', async () => {
    await device.close();
    onTestFinished(() => {
      network.media.announced = undefined;
      network.faults.clear();
    });
    network.media.announced = [await closedPort(), network.media.hostname, network.media.hostname];
    await device.connect();
    const bytes = randomBytes(5_000);
    const { message } = await hear({ document: bytes });
    const trouble = network.faults.failDownloads(503, { times: 1 });
    expect(sha256(await gather(await device.link.download(message)))).toBe(sha256(bytes));
    expect(trouble.hits).toBe(1);
    const refusal = network.faults.failDownloads(404);
    await expect(device.link.download(message)).rejects.toMatchObject({ whatsappCode: 404 });
    expect(refusal.hits).toBe(1);
  });

  it('marks as offline what waited, tells all of it, and only then that it has caught up', async () => {
    await device.close();
    const ids: string[] = [];
    for (let i = 0; i < 60; i++) ids.push((await contact.send(device.phone.number, `antri ${i}`)).whatsappId);
    await device.connect();
    const heard = device.all('message');
    expect(heard.map(({ whatsappId }) => whatsappId)).toEqual(ids);
    expect(heard.every(({ offline }) => offline)).toBe(true);
    expect(device.events.findIndex(({ type }) => type === 'caught_up')).toBeGreaterThan(
      device.events.findLastIndex(({ type }) => type === 'message'),
    );
  });

  it('tells the message although its deletion came in the same batch', async () => {
    await device.close();
    const { whatsappId } = await contact.send(device.phone.number, 'salah kirim');
    await contact.send(device.phone.number, {
      protocolMessage: { type: Type.REVOKE, key: { remoteJid: device.jid, fromMe: true, id: whatsappId } },
    });
    await device.connect();
    expect(device.all('message').map(({ kind, text }) => [kind, text])).toEqual([
      ['text', 'salah kirim'],
      ['deletion', null],
    ]);
  });

  it('leaves enough in the journal to tell a message after a crash', async () => {
    const message = await hear('tertulis');
    const entry = [...device.memory.journal.values()].find(
      ({ envelope }) => envelope?.whatsappId === message.whatsappId,
    );
    if (!entry?.envelope) throw new Error('no envelope');
    const again = incomingFromJournal(
      { plaintext: entry.plaintext, envelope: entry.envelope },
      (jid) => jid === device.jid,
    );
    expect(again).toEqual(message);
  });

  it('marks as read, so that the sender sees it', async () => {
    const message = await hear('sudah baca?');
    await device.link.markRead([{ chat: message.chat, whatsappId: message.whatsappId, fromMe: false }]);
    await contact.nextReceipt({ id: message.whatsappId, type: 'read' });
  });
});
