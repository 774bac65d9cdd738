import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Network, startNetwork, type TranscriptEntry } from '../../simulator/index.ts';
import { Client, textOf } from './client.ts';

const PHONE = '6281100000001';
const OTHER = '6281200000001';

describe('messages between two people', () => {
  let network: Network;
  let client: Client;

  beforeEach(async () => {
    network = await startNetwork();
    client = await new Client(network).pair(PHONE);
  });
  afterEach(async () => {
    await client.stop();
    await network.stop();
    expect(network.errors).toEqual([]);
  });

  it('brings text to every device of the contact, to the own phone, and the receipts back', async () => {
    const contact = network.contact(OTHER, { devices: 2 });
    const sent = await client.sock.sendMessage(contact.jid, { text: 'halo' });
    const message = await contact.nextMessage();
    expect(message).toMatchObject({ text: 'halo', from: PHONE, chat: PHONE, whatsappId: sent?.key.id, own: false });
    expect([...message.copies.keys()]).toEqual([0, 1, 2]);
    const copy = await network.phone(PHONE).nextMessage();
    expect(copy).toMatchObject({ text: 'halo', chat: OTHER, own: true });
    const id = sent?.key.id ?? '';
    await client.until('delivered', () => client.status(id) === 3 || undefined);
    contact.read();
    await client.until('read', () => client.status(id) === 4 || undefined);
    expect(network.counters.total).toEqual({
      redelivered: 0,
      reusedIds: 0,
      reusedRatchetSteps: 0,
      undecryptable: 0,
      withoutCiphertext: 0,
      retriesAsked: 0,
    });
  });

  it('brings answers, quotes, reactions and typing to the client, under either name', async () => {
    const contact = network.contact(OTHER, { name: 'Ani' });
    await contact.send(PHONE, 'by number');
    const first = await client.message((one) => textOf(one) === 'by number');
    expect(first.key.remoteJid).toBe(contact.jid);
    expect(first.pushName).toBe('Ani');
    await contact.send(PHONE, 'by hidden id', { as: 'lid' });
    const second = await client.message((one) => textOf(one) === 'by hidden id');
    expect(second.key).toMatchObject({ remoteJid: contact.lid, remoteJidAlt: contact.jid });
    const receipt = await contact.nextReceipt({ id: second.key.id ?? '' });
    expect(receipt.from).toBe(PHONE);

    const sent = await client.sock.sendMessage(contact.lid, { text: 'to the hidden id' });
    const got = await contact.nextMessage();
    expect(got.fromJid).toMatch(/@lid$/);
    await client.until('delivered', () => client.status(sent?.key.id ?? '') === 3 || undefined);
    await contact.send(PHONE, { reactionMessage: { key: { id: got.whatsappId, fromMe: false }, text: '👍' } });
    await client.message((one) => one.message?.reactionMessage?.text === '👍');

    const presence = new Promise((resolve) => client.sock.ev.on('presence.update', resolve));
    contact.type(PHONE);
    expect(await presence).toMatchObject({ presences: { [contact.jid]: { lastKnownPresence: 'composing' } } });
    client.auth.creds.me = { id: '', ...client.auth.creds.me, name: 'Budi' };
    await client.sock.sendPresenceUpdate('composing', contact.jid);
    expect(await contact.nextTyping()).toEqual({ from: network.phone(PHONE).jid, state: 'composing' });
  });

  it('shows presence to who subscribed, and takes short forms', async () => {
    const contact = network.contact(OTHER);
    const seen = new Promise((resolve) => client.sock.ev.on('presence.update', resolve));
    const subscribed = network.nextStanza((one) => one.node.attrs.type === 'subscribe');
    await client.sock.presenceSubscribe(contact.jid);
    await subscribed;
    contact.presence('available');
    expect(await seen).toMatchObject({ id: contact.jid });
    await contact.send(PHONE, { location: { latitude: -6.2, longitude: 106.8, name: 'Monas' } });
    await client.message((one) => one.message?.locationMessage?.name === 'Monas');
    await contact.send(PHONE, { contact: { name: 'Siti', number: '6281300000000' } });
    await client.message((one) => one.message?.contactMessage?.displayName === 'Siti');
  });

  it('copies what is typed on the phone to the client', async () => {
    const contact = network.contact(OTHER);
    await network.phone(PHONE).sendOwn(OTHER, 'from the phone');
    expect((await contact.nextMessage()).text).toBe('from the phone');
    const copy = await client.message((one) => textOf(one) === 'from the phone');
    expect(copy.key).toMatchObject({ fromMe: true, remoteJid: contact.jid });
  });

  it('keeps a hundred messages each way in order and readable', async () => {
    const contact = network.contact(OTHER);
    for (let i = 0; i < 100; i++) {
      await client.sock.sendMessage(contact.jid, { text: `out ${i}` });
      await contact.send(PHONE, `in ${i}`);
    }
    for (let i = 0; i < 100; i++) expect((await contact.nextMessage()).text).toBe(`out ${i}`);
    await client.message((one) => textOf(one) === 'in 99');
    const texts = client.received.map(textOf).filter((one) => one?.startsWith('in '));
    expect(texts).toEqual(Array.from({ length: 100 }, (_, i) => `in ${i}`));
    expect(network.counters.total.undecryptable).toBe(0);
  });

  it('queues for a client that is away, and delivers all before it is ready', async () => {
    const contact = network.contact(OTHER);
    await client.sock.end(undefined);
    for (let i = 0; i < 200; i++) await contact.send(PHONE, `missed ${i}`);
    await client.reconnect();
    await client.message((one) => textOf(one) === 'missed 199');
    const missed = client.received.filter((one) => textOf(one)?.startsWith('missed'));
    expect(missed.map(textOf)).toEqual(Array.from({ length: 200 }, (_, i) => `missed ${i}`));
    await contact.nextReceipt({ id: missed.at(-1)?.key.id ?? '' });
    // Each is confirmed by a receipt, or by a nack when the client has had it before it hung up.
    const isConfirmation = (one: TranscriptEntry) =>
      one.direction === 'in' && ['receipt', 'ack'].includes(one.node.tag);
    const unconfirmed = () => network.waitingFor(`${PHONE}:1`).filter((one) => one.tag === 'message');
    while (unconfirmed().length > 0) await network.nextStanza(isConfirmation);
  });

  it('keeps receipts for a sender that is away', async () => {
    const contact = network.contact(OTHER);
    contact.autoReceipts = 'none';
    const sent = await client.sock.sendMessage(contact.jid, { text: 'later' });
    const message = await contact.nextMessage();
    await client.sock.end(undefined);
    contact.read(message);
    await client.reconnect();
    await client.until('read', () => client.status(sent?.key.id ?? '') === 4 || undefined);
  });

  it('knows who is on WhatsApp', async () => {
    network.contact(OTHER);
    network.contact('6281200000009', { registered: false });
    const found = await client.sock.onWhatsApp(OTHER, '6281200000009', '6281200000010');
    expect(found).toEqual([{ jid: `${OTHER}@s.whatsapp.net`, exists: true }]);
  });

  it('drops what comes from somebody who is blocked', async () => {
    const contact = network.contact(OTHER);
    const witness = network.contact('6281200000002');
    contact.block(PHONE);
    await client.sock.sendMessage(contact.jid, { text: 'unwanted' });
    await client.sock.sendMessage(witness.jid, { text: 'after' });
    await witness.nextMessage();
    expect(contact.messages).toEqual([]);
  });

  it('hands out one-time keys once and asks the client for more when they run low', async () => {
    const low = network.nextStanza((one) => one.node.attrs.type === 'encrypt' && one.direction === 'out', {
      timeoutMs: 30_000,
    });
    const uploads = () => network.transcript.find((one) => isUpload(one.node)).length;
    const before = uploads();
    network.drainOneTimeKeys(`${PHONE}:1`, 4);
    await low;
    await network.nextStanza((one) => isUpload(one.node));
    expect(uploads()).toBe(before + 1);
  });

  it('counts a re-used id and a message sent twice', async () => {
    const contact = network.contact(OTHER);
    await client.sock.sendMessage(contact.jid, { text: 'one' }, { messageId: 'SAME' });
    await client.sock.sendMessage(contact.jid, { text: 'one' }, { messageId: 'SAME' });
    await client.sock.sendMessage(contact.jid, { text: 'two' }, { messageId: 'SAME' });
    await client.sock.sendMessage(contact.jid, { text: 'end' });
    await contact.nextMessage();
    expect((await contact.nextMessage()).text).toBe('end');
    expect(contact.messages.map((one) => one.text)).toEqual(['one', 'end']);
    expect(network.counters.of(OTHER)).toMatchObject({ redelivered: 1, reusedIds: 1 });
  });

  it('hands out trust tokens, which the client then shows', async () => {
    const contact = network.contact(OTHER);
    await contact.send(PHONE, 'hello');
    await client.message((one) => textOf(one) === 'hello');
    const acked = network.nextStanza((one) => one.direction === 'in' && one.node.attrs.type === 'privacy_token');
    contact.trust(PHONE);
    await acked;
    const out = network.nextStanza((one) => one.direction === 'in' && one.node.tag === 'message');
    await client.sock.sendMessage(contact.jid, { text: 'trusted' });
    const content = (await out).node.content;
    expect(Array.isArray(content) && content.some((one) => one.tag === 'tctoken')).toBe(true);
  });
});

function isUpload(node: { tag: string; attrs: Record<string, string>; content?: unknown }): boolean {
  const first = Array.isArray(node.content) ? node.content[0] : undefined;
  return node.attrs.xmlns === 'encrypt' && node.attrs.type === 'set' && first?.tag === 'registration';
}
