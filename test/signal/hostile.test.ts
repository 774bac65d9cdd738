import { beforeAll, expect, test } from 'vitest';
import { installCurve, silenceLibsignal } from '../../src/whatsapp/signal/index.ts';
import { acquaint, createContact, createDevice, hex, seeded } from './support.ts';

/**
 * 9,000 damaged messages, sender keys and records. Each gives an Error (never a string, a trap of the WebAssembly module, a
 * hang or an exception outside the promise, which vitest would report), and everything works afterwards.
 */
beforeAll(() => {
  silenceLibsignal();
  installCurve();
});

const JID = '15550001111@lid';
const ADDRESS = '15550001111_1.0';
const GROUP = '120363000000000001@g.us';
const seed = Number(process.env.WAGATE_TEST_SEED ?? Math.floor(Math.random() * 1e9));

function damaged(bytes: Uint8Array, random: () => number): Buffer {
  const out = Buffer.from(bytes);
  const at = () => Math.floor(random() * out.length);
  const dice = random();
  if (dice < 0.35) {
    for (let i = 0; i <= random() * 3; i++) out[at()] = Math.floor(random() * 256);
    return out;
  }
  if (dice < 0.55) {
    out[at()] = (out[at()] ?? 0) ^ (1 << Math.floor(random() * 8));
    return out;
  }
  if (dice < 0.75) return out.subarray(0, at());
  if (dice < 0.85)
    return Buffer.concat([out, Buffer.from(Array.from({ length: 1 + random() * 20 }, () => random() * 256))]);
  if (dice < 0.95) {
    const cut = at();
    return Buffer.concat([out.subarray(0, cut), out.subarray(cut + 1 + Math.floor(random() * 8))]);
  }
  return Buffer.from(Array.from({ length: random() * 200 }, () => random() * 256));
}

/** The plaintext when it opened all the same (some bytes are in no MAC), 'error' otherwise. */
async function outcome(work: Promise<Uint8Array | unknown>): Promise<string> {
  try {
    const value = await work;
    return value instanceof Uint8Array ? Buffer.from(value).toString() : 'ok';
  } catch (error) {
    expect(error, `seed ${seed}`).toBeInstanceOf(Error);
    expect((error as Error).message.length).toBeGreaterThan(0);
    expect((error as Error).name, 'a trap of the WebAssembly module').not.toBe('RuntimeError');
    return 'error';
  }
}

test('3,000 damaged messages', async () => {
  const random = seeded(seed);
  const us = createDevice(JID);
  const them = createContact();
  await them.inject(await us.bundle(true));
  const first = await them.encrypt('genuine');
  let opened = 0;
  for (let i = 0; i < 1000; i++) {
    // Some bytes of a first message are in no MAC (registration id, unused ids): such a one may open, as what it was.
    const result = await outcome(
      us.repository.decryptMessage({ jid: JID, type: 'pkmsg', ciphertext: damaged(first.ciphertext, random) }),
    );
    if (result !== 'error') {
      opened += 1;
      expect(result, `seed ${seed}`).toBe('genuine');
    }
  }
  expect(opened).toBeLessThan(300);
  const fresh = createDevice(JID);
  await acquaint(fresh, them);
  const plain = await them.encrypt('plain');
  const rows = hex(fresh.memory.durable.get(`session ${ADDRESS}`) ?? Buffer.alloc(0));
  for (let i = 0; i < 1000; i++) {
    const ciphertext = damaged(plain.ciphertext, random);
    if (ciphertext.equals(plain.ciphertext)) continue;
    expect(await outcome(fresh.repository.decryptMessage({ jid: JID, type: 'msg', ciphertext })), `seed ${seed}`).toBe(
      'error',
    );
  }
  expect(hex(fresh.memory.durable.get(`session ${ADDRESS}`) ?? Buffer.alloc(0))).toBe(rows);
  expect(await fresh.decrypt(plain.type, plain.ciphertext)).toBe('plain');

  const member = createDevice(JID);
  const shared = await member.repository.encryptGroupMessage({ group: GROUP, meId: JID, data: Buffer.from('group') });
  await fresh.repository.processSenderKeyDistributionMessage({
    authorJid: JID,
    item: { groupId: GROUP, axolotlSenderKeyDistributionMessage: shared.senderKeyDistributionMessage },
  });
  for (let i = 0; i < 1000; i++) {
    const msg = damaged(shared.ciphertext, random);
    if (msg.equals(shared.ciphertext as Buffer)) continue;
    expect(
      await outcome(fresh.repository.decryptGroupMessage({ group: GROUP, authorJid: JID, msg })),
      `seed ${seed}`,
    ).toBe('error');
  }
  const good = await fresh.repository.decryptGroupMessage({ group: GROUP, authorJid: JID, msg: shared.ciphertext });
  expect(Buffer.from(good).toString()).toBe('group');
});

test('3,000 damaged sender keys', async () => {
  const random = seeded(seed + 1);
  const us = createDevice(JID);
  const member = createDevice(JID);
  const shared = await member.repository.encryptGroupMessage({ group: GROUP, meId: JID, data: Buffer.from('group') });
  const learn = (skdm: Uint8Array, authorJid: string) =>
    us.repository.processSenderKeyDistributionMessage({
      authorJid,
      item: { groupId: GROUP, axolotlSenderKeyDistributionMessage: skdm },
    });
  // Nothing in it is signed (it travels inside a message of its author), so a damaged one may be well-formed, and then it
  // is taken: libsignal keeps the first key that it hears of a chain.
  for (let i = 0; i < 3000; i++) await outcome(learn(damaged(shared.senderKeyDistributionMessage, random), JID));
  await outcome(us.repository.decryptGroupMessage({ group: GROUP, authorJid: JID, msg: shared.ciphertext }));
  const authorJid = '15550002222@lid';
  await learn(shared.senderKeyDistributionMessage, authorJid);
  const good = await us.repository.decryptGroupMessage({ group: GROUP, authorJid, msg: shared.ciphertext });
  expect(Buffer.from(good).toString()).toBe('group');
});

test('3,000 damaged records', async () => {
  const random = seeded(seed + 2);
  const us = createDevice(JID);
  const them = createContact();
  await acquaint(us, them);
  await us.inject(await them.bundle(true));
  const into = await them.encrypt('in');
  await us.repository.encryptGroupMessage({ group: GROUP, meId: JID, data: Buffer.from('group') });
  const senderKey = `${GROUP}::15550001111_1::0`;
  const session = us.memory.durable.get(`session ${ADDRESS}`) ?? Buffer.alloc(0);
  const group = us.memory.durable.get(`sender-key ${senderKey}`) ?? Buffer.alloc(0);
  const restore = (rows: [type: 'session' | 'sender-key', id: string, bytes: Uint8Array][]) => {
    for (const [type, id, bytes] of rows) {
      us.memory.durable.set(`${type} ${id}`, bytes);
      us.factory.forget(type, [id]);
    }
  };
  for (let i = 0; i < 1000; i++) {
    const bad = damaged(session, random);
    restore([['session', ADDRESS, bad]]);
    await outcome(us.repository.encryptMessage({ jid: JID, data: Buffer.from('x') }));
    restore([['session', ADDRESS, bad]]);
    await outcome(us.repository.decryptMessage({ jid: JID, type: into.type, ciphertext: into.ciphertext }));
    restore([['sender-key', senderKey, damaged(group, random)]]);
    await outcome(us.repository.encryptGroupMessage({ group: GROUP, meId: JID, data: Buffer.from('x') }));
  }
  us.memory.journal.clear();
  restore([
    ['session', ADDRESS, session],
    ['sender-key', senderKey, group],
  ]);
  expect(await us.decrypt(into.type, into.ciphertext)).toBe('in');
  const out = await us.encrypt('out');
  expect(await them.decrypt(out.type, out.ciphertext)).toBe('out');
  await us.repository.encryptGroupMessage({ group: GROUP, meId: JID, data: Buffer.from('x') });
});
