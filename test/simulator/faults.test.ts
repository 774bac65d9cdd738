import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { Client, textOf } from './client.ts';

const PHONE = '6281100000001';
const OTHER = '6281200000001';

describe('misbehaviour', () => {
  let network: Network;
  let client: Client;

  beforeEach(async () => {
    network = await startNetwork({ seed: 7 });
    client = await new Client(network).pair(PHONE);
  });
  afterEach(async () => {
    await client.stop();
    await network.stop();
    expect(network.errors).toEqual([]);
  });

  it('ends connections with every code of the table, and the client can come back', async () => {
    for (const code of [401, 402, 403, 405, 406, 408, 411, 428, 440, 500, 503, 515]) {
      network.faults.disconnect(code);
      expect(await client.closed()).toBe(code);
      await client.reconnect();
    }
  });

  it('fails logins with a code, as often as told', async () => {
    for (const code of [401, 402, 403, 405, 503]) {
      const fault = network.faults.failLogin(code, { times: 1 });
      await client.sock.end(undefined);
      client.connect();
      expect(await client.closed()).toBe(code);
      expect(fault.hits).toBe(1);
    }
    await client.reconnect();
  });

  it('answers the upgrade with 503', async () => {
    network.faults.refuseUpgrade(503, { times: 1 });
    const socket = new WebSocket(network.url);
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    socket.on('error', () => undefined);
    socket.terminate();
    expect(status).toBe(503);
  });

  it('withholds success while it answers pings', async () => {
    network.faults.withholdSuccess({ times: 1 });
    await client.stop();
    const quiet = new Client(network, { keepAliveIntervalMs: 100 }, client.auth);
    const answered = network.nextStanza((one) => one.direction === 'out' && one.node.attrs.type === 'result');
    quiet.connect();
    await answered;
    expect(network.transcript.find((one) => one.node.tag === 'success')).toHaveLength(1);
    await quiet.stop();
  });

  it('falls silent, and speaks again', async () => {
    await client.stop();
    client = new Client(network, { defaultQueryTimeoutMs: 2_000 }, client.auth);
    await client.reconnect();
    network.contact(OTHER);
    const silence = network.faults.silence();
    expect(await client.sock.onWhatsApp(OTHER)).toBeUndefined();
    silence.end();
    expect(await client.sock.onWhatsApp(OTHER)).toHaveLength(1);
  });

  it('cuts the line before or after a stanza', async () => {
    const contact = network.contact(OTHER);
    await client.sock.sendMessage(contact.jid, { text: 'zero' });
    await contact.nextMessage();
    network.faults.cutAt(1, { tag: 'message', when: 'before' });
    await client.sock.sendMessage(contact.jid, { text: 'lost' });
    expect(await client.closed()).toBe(428);
    await client.reconnect();
    network.faults.cutAt(1, { tag: 'message', when: 'after' });
    const sent = await client.sock.sendMessage(contact.jid, { text: 'arrives' });
    expect(await client.closed()).toBe(428);
    await client.reconnect();
    await client.until('delivered', () => client.status(sent?.key.id ?? '') === 3 || undefined);
    expect(contact.messages.map((one) => one.text)).toEqual(['zero', 'arrives']);
    network.cut();
    expect(await client.closed()).toBe(428);
    await client.reconnect();
  });

  it('loses, delays and refuses acks', async () => {
    const contact = network.contact(OTHER);
    const acks = () => network.transcript.find((one) => one.node.tag === 'ack' && one.node.attrs.class === 'message');
    const lost = network.faults.loseAcks({ chat: OTHER });
    await client.sock.sendMessage(contact.jid, { text: 'no ack' });
    await contact.nextMessage();
    lost.end();
    expect(acks().filter((one) => one.direction === 'out')).toEqual([]);

    // Far longer than a receipt takes, on the busiest machine.
    network.faults.delayAcks(2_000, { times: 1 });
    // Receipts of the client are acknowledged, too, and at once.
    const late = network.nextStanza(
      (one) => one.direction === 'out' && one.node.tag === 'ack' && one.node.attrs.class === 'message',
    );
    const receipt = network.nextStanza((one) => one.direction === 'out' && one.node.tag === 'receipt');
    await client.sock.sendMessage(contact.jid, { text: 'late ack' });
    expect((await late).at).toBeGreaterThanOrEqual((await receipt).at);

    const refusal = network.faults.refuse(463, { chat: OTHER });
    const sent = await client.sock.sendMessage(contact.jid, { text: 'refused' });
    await client.until('the refusal', () => client.refusals.get(sent?.key.id ?? '') === '463' || undefined);
    refusal.end();
    await contact.nextMessage();
    expect(contact.messages.map((one) => one.text)).toEqual(['no ack', 'late ack']);
  });

  it('strikes by chance, the same way for the same seed', async () => {
    const contact = network.contact(OTHER);
    const fault = network.faults.loseAcks({ probability: 0.5 });
    for (let i = 0; i < 20; i++) await client.sock.sendMessage(contact.jid, { text: `${i}` });
    await client.until('all', () => contact.messages.length === 20 || undefined);
    expect(fault.hits).toBeGreaterThan(3);
    expect(fault.hits).toBeLessThan(17);
    expect(network.faults.report()).toContain('seed 7\nacks lost');
  });

  it('lets receipts overtake acks, or wait for the next login', async () => {
    const contact = network.contact(OTHER);
    const early = network.faults.receipts('before-ack');
    const sent = await client.sock.sendMessage(contact.jid, { text: 'early' });
    await client.until('delivered', () => client.status(sent?.key.id ?? '') === 3 || undefined);
    await client.until('the ack', () => client.acks.has(sent?.key.id ?? '') || undefined);
    const order = network.transcript
      .find((one) => one.direction === 'out' && one.node.attrs.id === sent?.key.id)
      .map((one) => one.node.tag);
    expect(order).toEqual(['receipt', 'ack']);
    early.end();

    network.faults.receipts('after-reconnect', { times: 1 });
    const second = await client.sock.sendMessage(contact.jid, { text: 'held' });
    await contact.nextMessage();
    await contact.nextMessage();
    expect(client.status(second?.key.id ?? '')).toBeLessThan(3);
    await client.sock.end(undefined);
    await client.reconnect();
    await client.until('delivered', () => client.status(second?.key.id ?? '') === 3 || undefined);
  });

  it('fails directory and key queries', async () => {
    const contact = network.contact(OTHER);
    network.faults.failUsync(429, { times: 1 });
    await expect(client.sock.onWhatsApp(OTHER)).rejects.toMatchObject({ message: 'rate-overlimit', data: 429 });
    network.faults.failPrekeys(404, { chat: OTHER, times: 2 });
    await expect(client.sock.sendMessage(contact.jid, { text: 'x' })).rejects.toMatchObject({ data: 404 });
    network.faults.withoutOneTimeKeys({ chat: OTHER });
    await client.sock.sendMessage(contact.jid, { text: 'without' });
    expect((await contact.nextMessage()).text).toBe('without');
  });

  it.each([false, true])('heals when the contact asks again (keys: %s)', async (keys) => {
    const contact = network.contact(OTHER, { devices: 1 });
    network.faults.askRetry({ chat: OTHER, keys });
    const sent = await client.sock.sendMessage(contact.jid, { text: 'again, please' });
    const id = sent?.key.id;
    await client.until('read by the phone', () => contact.messages.some((one) => one.copies.has(0)) || undefined);
    expect(contact.messages.map((one) => one.whatsappId)).toEqual([id]);
    expect(network.counters.of(OTHER)).toMatchObject({ retriesAsked: 1, redelivered: 0, undecryptable: 0 });
  });

  it('heals when the contact or the client has lost the session', async () => {
    const contact = network.contact(OTHER);
    await client.sock.sendMessage(contact.jid, { text: 'one' });
    await contact.nextMessage();
    await contact.send(PHONE, 'two');
    await client.message((one) => textOf(one) === 'two');
    contact.forgetSessions(PHONE);
    await client.sock.sendMessage(contact.jid, { text: 'three' });
    expect((await contact.nextMessage()).text).toBe('three');
    expect(network.counters.of(OTHER).undecryptable).toBe(1);
    await contact.send(PHONE, 'four');
    await client.message((one) => textOf(one) === 'four');
    const session = `${contact.lid.split('@')[0]}_1.0`;
    await client.auth.keys.set({ session: { [session]: null } });
    await contact.send(PHONE, 'five');
    await client.message((one) => textOf(one) === 'five');
  });
});
