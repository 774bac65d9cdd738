import { GroupCipher, GroupSessionBuilder, SenderKeyDistributionMessage } from 'baileys/lib/Signal/Group/index.js';
import { SenderKeyName } from 'baileys/lib/Signal/Group/sender-key-name.js';
import { SenderKeyRecord } from 'baileys/lib/Signal/Group/sender-key-record.js';
import * as libsignal from 'libsignal';
import { beforeAll, describe, expect, test } from 'vitest';
import { installCurve, silenceLibsignal } from '../../src/whatsapp/signal/index.ts';
import { acquaint, createContact, createDevice } from './support.ts';

beforeAll(() => {
  silenceLibsignal();
  installCurve();
});

const GROUP = '120363000000000001@g.us';
const US = '15559990000:3@lid';
const THEM = '15550001111@lid';

/** A member on the sender keys of stock Baileys (17 ms a message, so only a few). */
function createMember() {
  const records = new Map<string, SenderKeyRecord>();
  const storage = {
    loadSenderKey: async (name: SenderKeyName) => records.get(name.toString()) ?? new SenderKeyRecord(),
    storeSenderKey: async (name: SenderKeyName, record: SenderKeyRecord) => void records.set(name.toString(), record),
  };
  const own = new SenderKeyName(GROUP, new libsignal.ProtocolAddress('them', 0));
  const ours = new SenderKeyName(GROUP, new libsignal.ProtocolAddress('us', 0));
  return {
    skdm: async () => (await new GroupSessionBuilder(storage).create(own)).serialize(),
    encrypt: (text: string) => new GroupCipher(storage, own).encrypt(Buffer.from(text)),
    learn: async (skdm: Uint8Array) => {
      if (!records.has(ours.toString())) await storage.storeSenderKey(ours, new SenderKeyRecord());
      await new GroupSessionBuilder(storage).process(
        ours,
        new SenderKeyDistributionMessage(null, null, null, null, skdm),
      );
    },
    decrypt: async (ciphertext: Uint8Array) =>
      Buffer.from(await new GroupCipher(storage, ours).decrypt(ciphertext)).toString(),
  };
}

function groupOf(device: ReturnType<typeof createDevice>) {
  const { repository } = device;
  return {
    send: (text: string) => repository.encryptGroupMessage({ group: GROUP, meId: US, data: Buffer.from(text) }),
    learn: (skdm: Uint8Array) =>
      repository.processSenderKeyDistributionMessage({
        authorJid: THEM,
        item: { groupId: GROUP, axolotlSenderKeyDistributionMessage: skdm },
      }),
    read: async (msg: Uint8Array) =>
      Buffer.from(await repository.decryptGroupMessage({ group: GROUP, authorJid: THEM, msg })).toString(),
  };
}

describe('a group with a member on stock sender keys', () => {
  test('both ways, out of order too', async () => {
    const group = groupOf(createDevice(THEM));
    const member = createMember();
    await group.learn(await member.skdm());
    const incoming = [];
    for (let i = 0; i < 6; i++) incoming.push(await member.encrypt(`in ${i}`));
    for (const i of [2, 0, 1, 5, 4, 3]) expect(await group.read(incoming[i] ?? Buffer.alloc(0))).toBe(`in ${i}`);

    const first = await group.send('out 0');
    await member.learn(first.senderKeyDistributionMessage);
    expect(await member.decrypt(first.ciphertext)).toBe('out 0');
    for (let i = 1; i < 6; i++)
      expect(await member.decrypt((await group.send(`out ${i}`)).ciphertext)).toBe(`out ${i}`);
  });

  test('one who has not our key asks again and gets the message with the key, and reads on', async () => {
    const us = createDevice(THEM);
    const contact = createContact();
    await acquaint(us, contact);
    const group = groupOf(us);
    const member = createMember();
    await group.send('sent before');
    const missed = await group.send('missed');
    await expect(member.decrypt(missed.ciphertext)).rejects.toThrow();

    expect(await us.repository.hasSenderKey({ group: GROUP, meId: US })).toBe(true);
    expect(await us.repository.hasSenderKey({ group: GROUP, meId: '15559990000:4@lid' })).toBe(false);
    const skdm = await us.repository.getSenderKeyDistributionMessage({ group: GROUP, meId: US });
    const again = await us.encrypt(`missed, with ${Buffer.from(skdm).toString('base64')}`);
    const text = await contact.decrypt(again.type, again.ciphertext);
    await member.learn(Buffer.from(text.replace('missed, with ', ''), 'base64'));
    expect(await member.decrypt((await group.send('next')).ciphertext)).toBe('next');
  });

  test('one whose key we have not is asked again, and read from then on', async () => {
    const group = groupOf(createDevice(THEM));
    const member = createMember();
    await member.skdm();
    const missed = await member.encrypt('missed');
    await expect(group.read(missed)).rejects.toThrow(/^No session record$/);
    await group.learn(await member.skdm());
    expect(await group.read(await member.encrypt('next'))).toBe('next');
  });

  test('a message that comes again gives its text, and without the journal the text that ends retries', async () => {
    const us = createDevice(THEM);
    const group = groupOf(us);
    const member = createMember();
    await group.learn(await member.skdm());
    const message = await member.encrypt('once');
    expect(await group.read(message)).toBe('once');
    expect(await group.read(message)).toBe('once');
    expect(await groupOf(us.restart()).read(message)).toBe('once');
    us.memory.journal.clear();
    await expect(group.read(message)).rejects.toThrow(/^Key used already or never filled$/);
  });

  test('a forged signature is refused, and the message itself is read afterwards', async () => {
    const group = groupOf(createDevice(THEM));
    const member = createMember();
    await group.learn(await member.skdm());
    const message = Buffer.from(await member.encrypt('genuine'));
    const forged = Buffer.from(message);
    forged[forged.length - 5] = (forged[forged.length - 5] ?? 0) ^ 1;
    await expect(group.read(forged)).rejects.toThrow('Invalid signature');
    expect(await group.read(message)).toBe('genuine');
  });
});

test('a distribution message without group or key is refused with a sentence', async () => {
  const { repository } = createDevice(THEM);
  const learn = (item: { groupId?: string; axolotlSenderKeyDistributionMessage?: Uint8Array }) =>
    repository.processSenderKeyDistributionMessage({ authorJid: THEM, item });
  await expect(learn({})).rejects.toThrow('Group ID is required');
  await expect(learn({ groupId: GROUP })).rejects.toThrow('is empty');
});
