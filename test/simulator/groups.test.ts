import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { Client, textOf } from './client.ts';

const PHONE = '6281100000001';
const ANI = '6281200000001';
const BUDI = '6281200000002';

describe('groups', () => {
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

  it('are created by the client, with metadata', async () => {
    const [ani, budi] = [network.contact(ANI), network.contact(BUDI)];
    const group = await client.sock.groupCreate('Arisan', [ani.jid, budi.jid]);
    expect(group).toMatchObject({ subject: 'Arisan', addressingMode: 'lid', size: 3 });
    const known = await client.sock.groupMetadata(group.id);
    expect(known.participants.map((one) => one.phoneNumber).sort()).toEqual(
      [network.phone(PHONE).jid, ani.jid, budi.jid].sort(),
    );
    expect(Object.keys(await client.sock.groupFetchAllParticipating())).toEqual([group.id]);
    await client.sock.groupUpdateSubject(group.id, 'Arisan RT 5');
    expect((await client.sock.groupMetadata(group.id)).subject).toBe('Arisan RT 5');
    const removed = await client.sock.groupParticipantsUpdate(group.id, [budi.jid], 'remove');
    expect(removed[0]?.status).toBe('200');
    expect((await client.sock.groupMetadata(group.id)).participants).toHaveLength(2);
  });

  it.each(['lid', 'pn'] as const)('carry messages both ways when members go by %s', async (addressing) => {
    const [ani, budi] = [network.contact(ANI, { devices: 1 }), network.contact(BUDI)];
    const group = network.group('Kantor', [ani, budi, PHONE], addressing);
    for (const text of ['first', 'second']) {
      const sent = await client.sock.sendMessage(group.jid, { text });
      for (const member of [ani, budi]) {
        expect(await member.nextMessage()).toMatchObject({ text, chat: group.jid, from: PHONE });
      }
      expect((await network.phone(PHONE).nextMessage()).own).toBe(true);
      await client.until('receipts', () => client.readersOf(sent?.key.id ?? '').size === 2 || undefined);
    }
    for (const text of ['one', 'two']) {
      await ani.send(group.jid, text);
      const got = await client.message((one) => textOf(one) === text);
      expect(got.key.remoteJid).toBe(group.jid);
      expect([got.key.participant, got.key.participantAlt]).toContain(ani.jid);
      expect((await budi.nextMessage()).text).toBe(text);
    }
    expect(network.counters.total.undecryptable).toBe(0);
  });

  it('tell the client of changes that others make', async () => {
    const ani = network.contact(ANI);
    const group = network.group('Lama', [ani, PHONE]);
    network.changeGroup(group, ANI, 'subject', { text: 'Baru' });
    network.changeGroup(group, ANI, 'add', { members: [BUDI] });
    await client.message((one) => one.messageStubParameters?.includes('Baru'), 'the new subject');
    await client.message((one) => one.messageStubType === 27, 'the new member');
    expect(() => network.changeGroup(group, BUDI, 'remove', { members: [ANI] })).toThrow('403');
  });
});

describe('two clients', () => {
  it('talk to each other, alone, in a group and with media', async () => {
    const network = await startNetwork();
    const one = await new Client(network).pair('6281100000001');
    const two = await new Client(network).pair('6281100000002');
    const [jidOne, jidTwo] = [network.phone('6281100000001').jid, network.phone('6281100000002').jid];
    for (let i = 0; i < 3; i++) {
      const sent = await one.sock.sendMessage(jidTwo, { text: `to two ${i}` });
      await two.message((message) => textOf(message) === `to two ${i}`);
      await one.until('delivered', () => one.status(sent?.key.id ?? '') >= 3 || undefined);
      await two.sock.sendMessage(jidOne, { text: `to one ${i}` });
      await one.message((message) => textOf(message) === `to one ${i}`);
    }
    const group = await one.sock.groupCreate('Berdua', [jidTwo]);
    for (let i = 0; i < 2; i++) {
      await one.sock.sendMessage(group.id, { text: `group one ${i}` });
      await two.message((message) => textOf(message) === `group one ${i}`);
      await two.sock.sendMessage(group.id, { text: `group two ${i}` });
      await one.message((message) => textOf(message) === `group two ${i}`);
    }
    const document = Buffer.from('the same bytes on both sides');
    await one.sock.sendMessage(jidTwo, { document, mimetype: 'text/plain', fileName: 'a.txt' });
    const got = await two.message((message) => message.message?.documentMessage);
    expect(await two.download(got)).toEqual(document);
    expect(network.counters.total).toMatchObject({ undecryptable: 0, withoutCiphertext: 0 });
    await one.stop();
    await two.stop();
    await network.stop();
    expect(network.errors).toEqual([]);
  });
});
