import { beforeAll, expect, test } from 'vitest';
import * as bridge from '../../src/whatsapp/signal/bridge.ts';
import { openMessage } from '../../src/whatsapp/signal/guard.ts';
import { installCurve, silenceLibsignal } from '../../src/whatsapp/signal/index.ts';
import { decodeSessions, factsOf, sessionsOf } from '../../src/whatsapp/signal/record.ts';
import { acquaint, createContact, createDevice, prefixed } from './support.ts';

beforeAll(() => {
  silenceLibsignal();
  installCurve();
});

const JID = '15550001111@lid';
const ADDRESS = '15550001111_1.0';

/**
 * Two sessions: the old one, on which the contact has just written with a new ratchet key, and a re-made one, on which our
 * first message is already with the contact.
 */
async function crossing() {
  const us = createDevice(JID);
  const them = createContact();
  await acquaint(us, them);
  const turn = await us.encrypt('turn the ratchet');
  await them.decrypt(turn.type, turn.ciphertext);
  const late = await them.encrypt('late, on the old session');
  await us.inject(await them.bundle(true));
  const first = await us.encrypt('first on the new session');
  const own: bridge.OwnKeys = {
    registrationId: us.creds.registrationId,
    identity: { pubKey: prefixed(us.creds.signedIdentityKey.public), privKey: us.creds.signedIdentityKey.private },
  };
  const stored = us.memory.durable.get(`session ${ADDRESS}`) ?? new Uint8Array();
  return { us, them, late, first, own, stored };
}

test('the bridge still damages the newer session when it tries it for an older one (if this fails, the guard may go)', async () => {
  const { late, own, stored } = await crossing();
  const [newer] = decodeSessions(stored, ADDRESS);
  const { plaintext, record } = await bridge.decrypt(own, stored.subarray(1), late.ciphertext);
  expect(Buffer.from(plaintext).toString()).toBe('late, on the old session');
  const same = sessionsOf(record).find(
    (s) => newer && Buffer.compare(factsOf(s).baseKey, factsOf(newer).baseKey) === 0,
  );
  expect(same).toBeDefined();
  expect(Buffer.compare(same?.bytes ?? Buffer.alloc(0), newer?.bytes ?? Buffer.alloc(0))).not.toBe(0);
});

test('with the guard the newer session stays as it was, to the byte, and both can be read', async () => {
  const { us, them, late, first, own, stored } = await crossing();
  const before = decodeSessions(stored, ADDRESS);
  const opened = await openMessage(own, before, late.ciphertext);
  expect(opened.sessions[1]).toBe(before[0]);

  expect(await us.decrypt(late.type, late.ciphertext)).toBe('late, on the old session');
  await them.decrypt(first.type, first.ciphertext);
  const answer = await them.encrypt('answer on the new session');
  expect(await us.decrypt(answer.type, answer.ciphertext)).toBe('answer on the new session');
  const last = await us.encrypt('and back');
  expect(await them.decrypt(last.type, last.ciphertext)).toBe('and back');
});

test('a message that fits no session leaves no trace', async () => {
  const { us, late } = await crossing();
  const broken = Buffer.from(late.ciphertext);
  broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
  const before = new Map(us.memory.durable);
  const { writes } = us.memory;
  await expect(us.decrypt('msg', broken)).rejects.toThrow('Bad MAC');
  expect(us.memory.writes).toBe(writes);
  expect(us.memory.durable).toEqual(before);
  expect(await us.decrypt(late.type, late.ciphertext)).toBe('late, on the old session');
});
