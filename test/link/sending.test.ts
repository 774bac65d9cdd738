import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, type ReceivedMessage, startNetwork } from '../../simulator/index.ts';
import type { Content } from '../../src/whatsapp/index.ts';
import { TestDevice } from './device.ts';

let network: Network;
let device: TestDevice;
let folder: string;
beforeAll(async () => {
  network = await startNetwork();
  folder = await mkdtemp(join(tmpdir(), 'wagate-link-'));
  device = await new TestDevice(network, '628110000010').pair();
});
afterAll(async () => {
  await device.close();
  await network.stop();
  await rm(folder, { recursive: true });
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function file(type: 'image' | 'video' | 'audio' | 'document', bytes: Buffer, more: object): Promise<Content> {
  const path = join(folder, randomBytes(6).toString('hex'));
  await writeFile(path, bytes);
  return { type, path, bytes: bytes.length, mimetype: 'application/octet-stream', ...more };
}

describe('sending', () => {
  it('is acknowledged with the server’s time, and the recipient reads the very text', async () => {
    const contact = network.contact('628120000001');
    const id = await device.send(contact.jid, 'Pesanan Anda sudah dikirim 🚚');
    expect(await contact.nextMessage()).toMatchObject({ whatsappId: id, text: 'Pesanan Anda sudah dikirim 🚚' });
    const ack = await device.next('ack', (event) => event.whatsappId === id);
    expect(ack.code).toBeNull();
    expect(Math.abs(ack.serverTime - Date.now() / 1000)).toBeLessThan(60);
  });

  it('reaches a recipient by hidden id, on all devices, and the own phone gets a copy', async () => {
    const contact = network.contact('628120000002', { devices: 2 });
    const id = await device.send(contact.lid, 'halo');
    expect((await contact.nextMessage()).whatsappId).toBe(id);
    await expect.poll(() => contact.messages[0]?.copies.size).toBe(3);
    await expect
      .poll(() => device.phone.messages.find(({ whatsappId }) => whatsappId === id))
      .toMatchObject({ own: true, text: 'halo' });
  });

  it('posts text in a channel as everybody reads it, with no secret in it, and nowhere else', async () => {
    const channel = network.channel(device.phone);
    const id = await device.send(channel.jid, 'Promo akhir pekan');
    expect((await device.next('ack', (event) => event.whatsappId === id)).code).toBeNull();
    const post = await channel.nextPost();
    expect(post).toMatchObject({ whatsappId: id, text: 'Promo akhir pekan' });
    expect(post.content.messageContextInfo?.messageSecret).toBeFalsy();
    await device.link.relay(channel.jid, device.sent.get(id) ?? Buffer.alloc(0), id);
    await expect.poll(() => network.counters.of(channel.jid).redelivered).toBe(1);
    expect(channel.posts).toHaveLength(1);
    const strange = network.channel('628120000021');
    const refused = await device.send(strange.jid, 'promo');
    expect((await device.next('ack', (event) => event.whatsappId === refused)).code).toBe(403);
  });

  it('tells each step of the receipts, also of those that come at once', async () => {
    const contact = network.contact('628120000003');
    contact.autoReceipts = 'read';
    const id = await device.send(contact.jid, 'cepat');
    const read = await device.next('receipt', (event) => event.whatsappId === id && event.step === 'read');
    expect(read).toMatchObject({ chat: contact.jid, participant: null });
    await device.next('receipt', (event) => event.whatsappId === id && event.step === 'delivered');

    network.faults.receipts('before-ack', { chat: '628120000003', times: 2 });
    const early = await device.send(contact.jid, 'lebih cepat');
    await device.next('receipt', (event) => event.whatsappId === early && event.step === 'read');
    await device.next('ack', (event) => event.whatsappId === early);
  });

  it.each(['image', 'video', 'audio', 'document'] as const)('sends %s byte for byte', async (type) => {
    const contact = network.contact('628120000004');
    const bytes = randomBytes(200_001);
    const content = await file(type, bytes, { fileName: 'nota.bin', caption: 'lampiran' });
    await device.send(contact.jid, content);
    const message = await contact.nextMessage();
    expect(sha256(await contact.media(message))).toBe(sha256(bytes));
    if (type !== 'audio') expect(message.text).toBe('lampiran');
  });

  it('gives a picture its size and a small preview', async () => {
    const contact = network.contact('628120000005');
    const picture = await sharp({ create: { width: 640, height: 320, channels: 3, background: '#0a0' } })
      .jpeg()
      .toBuffer();
    await device.send(contact.jid, await file('image', picture, { mimetype: 'image/jpeg' }));
    const { imageMessage } = (await contact.nextMessage()).content;
    expect(imageMessage).toMatchObject({ width: 640, height: 320, mimetype: 'image/jpeg' });
    expect((await sharp(imageMessage?.jpegThumbnail ?? Buffer.alloc(0)).metadata()).width).toBe(100);
  });

  it('sends Opus as a voice note, other audio as a file, and a document under its name', async () => {
    const contact = network.contact('628120000006');
    await device.send(contact.jid, await file('audio', randomBytes(900), { mimetype: 'audio/ogg; codecs=opus' }));
    expect((await contact.nextMessage()).content.audioMessage).toMatchObject({
      ptt: true,
      mimetype: 'audio/ogg; codecs=opus',
    });
    for (const mimetype of ['audio/ogg', 'audio/mpeg']) {
      await device.send(contact.jid, await file('audio', randomBytes(900), { mimetype }));
      const { audioMessage } = (await contact.nextMessage()).content;
      expect([audioMessage?.ptt ?? false, audioMessage?.mimetype]).toEqual([false, mimetype]);
    }
    const invoice = await file('document', randomBytes(900), { mimetype: 'application/pdf', fileName: 'invoice.pdf' });
    await device.send(contact.jid, invoice);
    expect((await contact.nextMessage()).content.documentMessage).toMatchObject({
      fileName: 'invoice.pdf',
      mimetype: 'application/pdf',
    });
  });

  it('leaves no sealed copy behind, neither after an upload nor after a failed one', async () => {
    const contact = network.contact('628120000007');
    const content = await file('document', randomBytes(900), {});
    await device.send(contact.jid, content);
    const fault = network.faults.failUploads(500);
    await expect(device.send(contact.jid, content)).rejects.toMatchObject({ code: 'media_failed' });
    fault.end();
    expect((await readdir(folder)).filter((name) => name.endsWith('.sealed'))).toEqual([]);
    await device.send(contact.jid, content);
  });

  it('tells the code of a refusal, and with 463 that new conversations are locked', async () => {
    const contact = network.contact('628120000008');
    network.faults.refuse(463, { chat: '628120000008', times: 1 });
    const id = await device.send(contact.jid, 'halo');
    expect((await device.next('ack', (event) => event.whatsappId === id)).code).toBe(463);
    expect((await device.next('time_lock')).until).toBeNull();
  });

  it('says nothing when the ack is lost', async () => {
    const contact = network.contact('628120000009');
    network.faults.loseAcks({ chat: '628120000009', times: 1 });
    const lost = await device.send(contact.jid, 'satu');
    await contact.nextMessage();
    const later = await device.send(contact.jid, 'dua');
    await device.next('ack', (event) => event.whatsappId === later);
    expect(device.all('ack').filter((event) => event.whatsappId === lost)).toEqual([]);
  });

  it('sends the very bytes again under the same id', async () => {
    const contact = network.contact('628120000010');
    const id = await device.send(contact.jid, 'sekali');
    await contact.nextMessage();
    await device.link.relay(contact.jid, device.sent.get(id) ?? Buffer.alloc(0), id);
    await expect.poll(() => contact.messages[0]?.again).toBe(1);
    expect(contact.messages.map(({ text }) => text)).toEqual(['sekali']);
    expect(network.counters.of('628120000010')).toMatchObject({
      reusedIds: 0,
      reusedRatchetSteps: 0,
      undecryptable: 0,
    });
  });

  it.each([0, 1])('answers a retry receipt of device %i with the frozen bytes', async (devices) => {
    const number = `62812000002${devices}`;
    const contact = network.contact(number, { devices });
    await device.send(contact.jid, 'pertama');
    await contact.nextMessage();
    network.faults.askRetry({ chat: number, keys: true, times: 1 + devices });
    const id = await device.send(contact.jid, 'tolong ulangi');
    expect(await contact.nextMessage()).toMatchObject({ whatsappId: id, text: 'tolong ulangi' });
    await expect.poll(() => contact.messages.at(-1)?.copies.size).toBe(1 + devices);
  });

  it('answers a retry receipt for a reaction, which is in no store', async () => {
    const contact = network.contact('628120000022');
    const to = await device.send(contact.jid, 'suka?');
    await contact.nextMessage();
    network.faults.askRetry({ chat: '628120000022', keys: true, times: 1 });
    const reaction = device.link.encodeReaction({ chat: contact.jid, whatsappId: to, fromMe: true }, '👍');
    await device.link.relay(contact.jid, reaction, '3EB0C0FFEE0000000022');
    const read = await contact.nextMessage();
    expect(read.whatsappId).toBe('3EB0C0FFEE0000000022');
    expect(read.content.reactionMessage?.text).toBe('👍');
  });

  it('sends to nobody rather than into the void: no devices, an unanswered question, an error', async () => {
    const before = network.counters.total.withoutCiphertext;
    const nobody = network.contact('628120000011', { registered: false });
    await expect(device.send(nobody.jid, 'halo')).rejects.toMatchObject({ name: 'LinkError', code: 'no_devices' });

    network.contact('628120000012');
    const silent = network.onStanza((_connection, node) =>
      node.attrs.xmlns === 'usync' && node.attrs.type === 'get' ? 'swallow' : undefined,
    );
    await expect(device.send('628120000012@s.whatsapp.net', 'halo')).rejects.toMatchObject({ code: 'timed_out' });
    silent();

    network.faults.failUsync(429, { times: 1 });
    await expect(device.send('628120000012@s.whatsapp.net', 'halo')).rejects.toMatchObject({
      code: 'rate_limited',
      whatsappCode: 429,
    });
    expect(network.counters.total.withoutCiphertext).toBe(before);
    await device.send('628120000012@s.whatsapp.net', 'halo');
  });

  it('tells registered numbers with their hidden ids, leaves the others out, and never takes silence for an answer', async () => {
    const known = network.contact('628120000013');
    network.contact('628120000014', { registered: false });
    const found = await device.link.lookUp(['628120000013', '628120000014', '628120000015']);
    expect([...found]).toEqual([['628120000013', { jid: known.jid, lid: known.lid }]]);

    const silent = network.onStanza((_connection, node) => (node.attrs.xmlns === 'usync' ? 'swallow' : undefined));
    await expect(device.link.lookUp(['628120000013'])).rejects.toMatchObject({ code: 'timed_out' });
    silent();
    network.faults.failUsync(429, { times: 1 });
    await expect(device.link.lookUp(['628120000013'])).rejects.toMatchObject({ code: 'rate_limited' });
  });

  it('needs no second question for the devices of a number that was looked up, and fetches its keys once', async () => {
    const contact = network.contact('628120000019');
    const asked = (xmlns: string) =>
      network.transcript.find(
        ({ direction, node }) => direction === 'in' && node.attrs.xmlns === xmlns && node.attrs.type === 'get',
      ).length;
    const [numbers, keys] = [asked('usync'), asked('encrypt')];
    await device.link.lookUp(['628120000019']);
    await device.send(contact.jid, 'halo');
    expect(await contact.nextMessage()).toMatchObject({ text: 'halo' });
    expect(asked('usync')).toBe(numbers + 1);
    expect(asked('encrypt')).toBe(keys + 1);
  });

  it('asks for the number alone when WhatsApp refuses to tell its devices in the same answer', async () => {
    const contact = network.contact('628120000020');
    const off = network.onStanza((connection, node) => {
      const asksForDevices = JSON.stringify(node.content ?? '').includes('"devices"');
      if (node.attrs.xmlns !== 'usync' || !asksForDevices) return undefined;
      const error = { tag: 'error', attrs: { code: '400', text: 'bad-request' } };
      connection.send({ tag: 'iq', attrs: { id: node.attrs.id ?? '', type: 'error' }, content: [error] });
      return 'swallow';
    });
    const found = await device.link.lookUp(['628120000020']);
    off();
    expect([...found.values()]).toEqual([{ jid: contact.jid, lid: contact.lid }]);
    await device.send(contact.jid, 'halo');
    expect(await contact.nextMessage()).toMatchObject({ text: 'halo' });
  });

  it('shows typing and recording to the recipient', async () => {
    const contact = network.contact('628120000016');
    await device.link.showPresence(contact.jid, 'composing');
    expect(await contact.nextTyping()).toMatchObject({ state: 'composing' });
    await device.link.showPresence(contact.jid, 'recording');
    expect(await contact.nextTyping()).toMatchObject({ state: 'recording' });
  });

  it('asks WhatsApp for the devices again once they are stale', async () => {
    const contact = network.contact('628120000017');
    await device.send(contact.jid, 'satu');
    await contact.nextMessage();
    const asked = () =>
      network.transcript.find(({ direction, node }) => direction === 'in' && node.attrs.xmlns === 'usync').length;
    const before = asked();
    await device.send(contact.jid, 'dua');
    expect(asked()).toBe(before);
    await device.link.refreshDevices(contact.jid);
    await device.send(contact.jid, 'tiga');
    expect(asked()).toBe(before + 1);
  });
});

describe('a new device', () => {
  const isReached = async (chat: string, messages: () => readonly ReceivedMessage[], number: string) => {
    const told = network.nextStanza(
      ({ direction, node }) => direction === 'in' && node.tag === 'ack' && node.attrs.class === 'notification',
    );
    const added = network.addDevice(number);
    await told;
    const id = await device.send(chat, 'dua');
    await expect
      .poll(() => [
        ...(messages()
          .find(({ whatsappId }) => whatsappId === id)
          ?.copies.keys() ?? []),
      ])
      .toContain(added);
  };

  it('of a recipient is reached under the hidden id as well, as soon as WhatsApp tells of it', async () => {
    const contact = network.contact('628120000023');
    for (const chat of [contact.jid, contact.lid]) await device.send(chat, 'satu');
    await isReached(contact.lid, () => contact.messages, contact.number);
    await isReached(contact.jid, () => contact.messages, contact.number);
  });

  it('of the account itself gets its copy, in chats under either name', async () => {
    const contact = network.contact('628120000024');
    for (const chat of [contact.jid, contact.lid]) await device.send(chat, 'satu');
    await isReached(contact.lid, () => device.phone.messages, device.phone.number);
    await isReached(contact.jid, () => device.phone.messages, device.phone.number);
  });
});

describe('the hash of a chat’s devices in an ack', () => {
  it('is no reason to ask anew, but another one than last time is', async () => {
    const contact = network.contact('628120000018');
    const asked = () =>
      network.transcript.find(({ direction, node }) => direction === 'in' && node.attrs.xmlns === 'usync').length;
    const sendWith = async (phash: string) => {
      const off = network.onStanza((connection, { tag, attrs: { id = '', to = '' } }) => {
        if (tag !== 'message') return undefined;
        connection.send({ tag: 'ack', attrs: { class: 'message', id, from: to, t: '1700000000', phash } });
        return undefined;
      });
      const id = await device.send(contact.jid, phash);
      await device.next('ack', (event) => event.whatsappId === id);
      off();
      await contact.nextMessage();
      return asked();
    };
    const first = await sendWith('2:aaaa');
    expect(await sendWith('2:aaaa')).toBe(first);
    await sendWith('2:bbbb');
    expect(await sendWith('2:bbbb')).toBe(first + 1);
  });
});

describe('groups', () => {
  it('are listed with their members, sent to, and receipted by each member', async () => {
    const one = network.contact('628120000030');
    const two = network.contact('628120000031', { devices: 1 });
    const group = network.group('Reseller', [device.phone, one, two]);
    const listed = (await device.link.groups.list()).find(({ id }) => id === group.jid);
    expect(listed).toMatchObject({ subject: 'Reseller', announcement: false });
    expect(listed?.participants.map(({ phone }) => phone).sort()).toEqual([
      '628110000010',
      '628120000030',
      '628120000031',
    ]);
    expect(listed?.participants.filter(({ admin }) => admin).map(({ phone }) => phone)).toEqual(['628110000010']);

    const id = await device.send(group.jid, 'Rapat jam 9');
    expect(await one.nextMessage()).toMatchObject({ whatsappId: id, text: 'Rapat jam 9', chat: group.jid });
    await two.nextMessage();
    await device.next('receipt', (event) => event.whatsappId === id && event.participant === one.lid);
    await device.next('receipt', (event) => event.whatsappId === id && event.participant === two.lid);

    await device.send(group.jid, 'Jangan telat');
    expect((await one.nextMessage()).text).toBe('Jangan telat');
    expect((await two.nextMessage()).text).toBe('Jangan telat');
  });

  it('reach who joins later, and are unknown to who is not in them', async () => {
    const one = network.contact('628120000032');
    const late = network.contact('628120000033');
    const group = network.group('Toko', [device.phone, one]);
    await device.send(group.jid, 'berdua');
    await one.nextMessage();
    const told = network.nextStanza(
      ({ direction, node: { tag, attrs } }) => direction === 'in' && tag === 'ack' && attrs.class === 'notification',
    );
    network.changeGroup(group, device.phone.number, 'add', { members: ['628120000033'] });
    await told;
    await device.send(group.jid, 'bertiga');
    expect((await late.nextMessage()).text).toBe('bertiga');
    await one.nextMessage();

    const strangers = network.group('Lain', [one, late]);
    expect(await device.link.groups.find(strangers.jid)).toBeUndefined();
    await expect(device.send(strangers.jid, 'halo')).rejects.toMatchObject({ code: 'not_in_group' });
  });
});
