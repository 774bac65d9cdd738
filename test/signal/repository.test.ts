import { beforeAll, describe, expect, test, vi } from 'vitest';
import { installCurve, silenceLibsignal, UnreadableKeyError } from '../../src/whatsapp/signal/index.ts';
import { acquaint, createContact, createDevice, type Device, hex, prefixed } from './support.ts';

beforeAll(() => {
  silenceLibsignal();
  installCurve();
});

const LID = '15550001111@lid';
const ADDRESS = '15550001111_1.0';
const GROUP = '120363000000000001@g.us';
const DAY = 24 * 60 * 60 * 1000;

describe('one contact', () => {
  test('a first message goes with and without a one-time pre-key, both ways', async () => {
    for (const withPreKey of [true, false]) {
      const us = createDevice(LID);
      const them = createContact();
      await us.inject(await them.bundle(withPreKey));
      const out = await us.encrypt('out');
      expect(out.type).toBe('pkmsg');
      expect(await them.decrypt(out.type, out.ciphertext)).toBe('out');

      const other = createDevice(LID);
      await them.inject(await other.bundle(withPreKey));
      const into = await them.encrypt('in');
      expect(into.type).toBe('pkmsg');
      expect(await other.decrypt(into.type, into.ciphertext)).toBe('in');
    }
  });

  test('thirty turns of the ratchet become plain messages', async () => {
    const us = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    for (let i = 0; i < 30; i++) {
      const out = await us.encrypt(`out ${i}`);
      expect(out.type).toBe('msg');
      expect(await them.decrypt(out.type, out.ciphertext)).toBe(`out ${i}`);
      const into = await them.encrypt(`in ${i}`);
      expect(await us.decrypt(into.type, into.ciphertext)).toBe(`in ${i}`);
    }
  });

  test('a warm message reads nothing and writes once', async () => {
    const us = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    const { reads, writes } = us.memory;
    const out = await us.encrypt('out');
    await them.decrypt(out.type, out.ciphertext);
    const into = await them.encrypt('in');
    await us.decrypt(into.type, into.ciphertext);
    expect(us.memory.reads - reads).toBe(0);
    expect(us.memory.writes - writes).toBe(2);
  });

  test('without a session the text is the one Baileys looks for', async () => {
    const us = createDevice(LID);
    await expect(us.encrypt('x')).rejects.toThrow(/^No session record$/);
    const them = createContact();
    const other = createDevice(LID);
    await acquaint(other, them);
    const into = await them.encrypt('for the other one');
    await expect(us.decrypt('msg', into.ciphertext)).rejects.toThrow(/^No session record$/);
  });

  test('a bundle with a bad signature makes no session', async () => {
    const us = createDevice(LID);
    const bundle = await createContact().bundle(true);
    const forged = { ...bundle, signedPreKey: { ...bundle.signedPreKey, signature: Buffer.alloc(64) } };
    await expect(us.inject(forged)).rejects.toThrow('Invalid signature');
    expect(us.memory.durable.size).toBe(0);
  });

  test('tells about the session: whether there is one, whose, and on which base key', async () => {
    const us = createDevice(LID);
    const them = createContact();
    expect(await us.repository.validateSession(LID)).toEqual({ exists: false, reason: 'no session' });
    expect(await us.repository.getSessionInfo(LID)).toBeNull();
    const bundle = await them.bundle(true);
    await us.inject(bundle);
    expect(await us.repository.validateSession(LID)).toEqual({ exists: true });
    const info = await us.repository.getSessionInfo(LID);
    expect(info?.registrationId).toBe(bundle.registrationId);
    expect(info?.baseKey.length).toBe(33);
    await us.inject(await them.bundle(true));
    expect(hex((await us.repository.getSessionInfo(LID))?.baseKey ?? Buffer.alloc(0))).not.toBe(
      hex(info?.baseKey ?? Buffer.alloc(0)),
    );
    await us.repository.deleteSession([LID]);
    expect(await us.repository.validateSession(LID)).toEqual({ exists: false, reason: 'no session' });
  });

  test('the identity is stored after success only, and a new one ends the sessions of the old', async () => {
    const us = createDevice(LID);
    const before = createContact();
    await acquaint(us, before);
    expect(us.memory.durable.get(`identity-key ${ADDRESS}`)?.subarray(1)).toEqual(
      Uint8Array.from(before.identity.pubKey),
    );

    const after = createContact();
    await after.inject(await us.bundle(true));
    const forged = await after.encrypt('forged');
    const broken = Buffer.from(forged.ciphertext);
    broken[broken.length - 20] = (broken[broken.length - 20] ?? 0) ^ 1;
    const rows = new Map(us.memory.durable);
    await expect(us.decrypt('pkmsg', broken)).rejects.toThrow(Error);
    expect(us.memory.durable).toEqual(rows);

    expect(await us.decrypt(forged.type, forged.ciphertext)).toBe('forged');
    expect(us.memory.durable.get(`identity-key ${ADDRESS}`)?.subarray(1)).toEqual(
      Uint8Array.from(after.identity.pubKey),
    );
    const old = await before.encrypt('from the old phone');
    await expect(us.decrypt(old.type, old.ciphertext)).rejects.toThrow('Bad MAC');
    const out = await us.encrypt('to the new phone');
    expect(await after.decrypt(out.type, out.ciphertext)).toBe('to the new phone');
  });

  test('rows keep the names of stock Baileys', async () => {
    const us = createDevice(LID);
    const { repository } = us;
    expect(repository.jidToSignalProtocolAddress('15550001111@s.whatsapp.net')).toBe('15550001111.0');
    expect(repository.jidToSignalProtocolAddress('15550001111:7@lid')).toBe('15550001111_1.7');
    expect(repository.jidToSignalProtocolAddress('15550001111:99@hosted')).toBe('15550001111_128.99');
    expect(repository.jidToSignalProtocolAddress('15550001111:99@hosted.lid')).toBe('15550001111_129.99');
    expect(() => repository.jidToSignalProtocolAddress('15550001111:99@lid')).toThrow('device 99');
    await repository.encryptGroupMessage({ group: GROUP, meId: '15559990000:3@lid', data: Buffer.from('x') });
    expect([...us.memory.durable.keys()]).toContain(`sender-key ${GROUP}::15559990000_1::3`);
  });
});

describe('what is durable', () => {
  test('the advanced ratchet is durable before encrypt resolves: a restart re-uses no key', async () => {
    let us: Device = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    us.memory.latencyMs = 2;
    for (let i = 0; i < 10; i++) {
      const out = await us.encrypt(`before kill ${i}`);
      us = us.restart();
      expect(await them.decrypt(out.type, out.ciphertext)).toBe(`before kill ${i}`);
    }
  });

  test('a kill before the write is durable takes the message with it, and the next one can be read', async () => {
    const us = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    us.memory.latencyMs = 20;
    let resolved = false;
    const lost = us.encrypt('never on the wire').then(() => {
      resolved = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const after = us.restart();
    expect(resolved).toBe(false);
    const out = await after.encrypt('after the kill');
    expect(await them.decrypt(out.type, out.ciphertext)).toBe('after the kill');
    await lost;
  });

  test("a failed write rejects with the store's own error, keeps nothing, and the next message can be read", async () => {
    const us = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    const into = await them.encrypt('in');
    const error = new Error('disk full');
    us.memory.failing = { times: 2, error };
    const rows = new Map(us.memory.durable);
    const entries = us.memory.journal.size;
    await expect(us.encrypt('out')).rejects.toBe(error);
    await expect(us.decrypt(into.type, into.ciphertext)).rejects.toBe(error);
    expect(us.memory.durable).toEqual(rows);
    expect(us.memory.journal.size).toBe(entries);
    const out = await us.encrypt('after');
    expect(await them.decrypt(out.type, out.ciphertext)).toBe('after');
    expect(await us.decrypt(into.type, into.ciphertext)).toBe('in');
  });

  test('the same for groups', async () => {
    const us = createDevice(LID);
    const member = createDevice(LID);
    const meId = '15559990000:3@lid';
    const first = await us.repository.encryptGroupMessage({ group: GROUP, meId, data: Buffer.from('one') });
    const error = new Error('disk full');
    us.memory.failing = { times: 1, error };
    const send = (text: string) => us.repository.encryptGroupMessage({ group: GROUP, meId, data: Buffer.from(text) });
    await expect(send('lost')).rejects.toBe(error);
    const second = await us.restart().repository.encryptGroupMessage({ group: GROUP, meId, data: Buffer.from('two') });
    await member.repository.processSenderKeyDistributionMessage({
      authorJid: meId,
      item: { groupId: GROUP, axolotlSenderKeyDistributionMessage: first.senderKeyDistributionMessage },
    });
    for (const [message, text] of [
      [first, 'one'],
      [second, 'two'],
    ] as const) {
      const opened = member.repository.decryptGroupMessage({ group: GROUP, authorJid: meId, msg: message.ciphertext });
      expect(Buffer.from(await opened).toString()).toBe(text);
    }
  });

  test('200 out and 200 in at once over a store with 3 ms: all can be read', async () => {
    const us = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    us.memory.latencyMs = 3;
    const read: Promise<string>[] = [];
    const out = Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const message = await us.encrypt(`out ${i}`);
        read.push(them.decrypt(message.type, message.ciphertext));
      }),
    );
    for (let i = 0; i < 200; i++) {
      const message = await them.encrypt(`in ${i}`);
      read.push(us.decrypt(message.type, message.ciphertext));
      if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await out;
    const outcomes = await Promise.allSettled(read);
    expect(outcomes.length).toBe(400);
    expect(outcomes.filter((o) => o.status === 'rejected')).toEqual([]);
  });

  test('rows deleted from outside are forgotten', async () => {
    const us = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    await us.keys.set({ session: { [us.repository.jidToSignalProtocolAddress(LID)]: null } });
    expect(await us.repository.validateSession(LID)).toEqual({ exists: false, reason: 'no session' });
    await expect(us.encrypt('x')).rejects.toThrow('No session record');
  });

  test('a row deleted while an operation writes is not remembered by the cache', async () => {
    const us = createDevice(LID);
    await acquaint(us, createContact());
    us.memory.latencyMs = 5;
    const out = us.encrypt('overtaken');
    await new Promise((resolve) => setTimeout(resolve, 1));
    us.factory.forget('session', [ADDRESS]);
    await out;
    us.memory.durable.delete(`session ${ADDRESS}`);
    await expect(us.encrypt('x')).rejects.toThrow('No session record');
  });

  test('work done exclusively is not overtaken by an operation that has begun', async () => {
    const us = createDevice(LID);
    await acquaint(us, createContact());
    us.memory.latencyMs = 5;
    const out = us.encrypt('before');
    await new Promise((resolve) => setTimeout(resolve, 1));
    await us.factory.exclusively(async () => {
      await us.memory.writeKeys([{ type: 'session', id: ADDRESS, value: null }]);
      us.factory.forget('session', [ADDRESS]);
    });
    await out;
    expect(us.memory.durable.has(`session ${ADDRESS}`)).toBe(false);
    await expect(us.encrypt('after')).rejects.toThrow('No session record');
  });

  test('a small cache forgets the oldest and is right all the same', async () => {
    const us = createDevice(LID, { cacheBytes: 900 });
    const contacts = Array.from({ length: 4 }, (_, i) => ({ jid: `1555000222${i}@lid`, them: createContact() }));
    for (const { jid, them } of contacts) {
      await us.repository.injectE2ESession({ jid, session: await them.bundle(true) });
    }
    for (let i = 0; i < 12; i++) {
      const contact = contacts[i % 4];
      if (!contact) continue;
      const out = await us.repository.encryptMessage({ jid: contact.jid, data: Buffer.from(`${i}`) });
      expect(await contact.them.decrypt(out.type, out.ciphertext)).toBe(`${i}`);
    }
  });

  test('an unreadable row is reported and never taken for a missing one', async () => {
    const onUnreadable = vi.fn();
    const us = createDevice(LID, { onUnreadable });
    const them = createContact();
    await acquaint(us, them);
    const good = us.memory.durable.get(`session ${ADDRESS}`) ?? new Uint8Array();
    const out = await us.encrypt('x');
    await them.decrypt(out.type, out.ciphertext);
    const into = await them.encrypt('in');
    for (const bad of [Buffer.from('junk'), new Uint8Array([1]), good.subarray(1), good.subarray(0, good.length - 9)]) {
      us.memory.durable.set(`session ${ADDRESS}`, bad);
      us.factory.forget('session', [ADDRESS]);
      await expect(us.encrypt('x')).rejects.toBeInstanceOf(UnreadableKeyError);
      await expect(us.decrypt(into.type, into.ciphertext)).rejects.toBeInstanceOf(UnreadableKeyError);
      await expect(us.repository.validateSession(LID)).rejects.toBeInstanceOf(UnreadableKeyError);
      await expect(us.inject(await them.bundle(true))).rejects.toBeInstanceOf(UnreadableKeyError);
      expect(us.memory.durable.get(`session ${ADDRESS}`)).toBe(bad);
    }
    expect(onUnreadable).toHaveBeenCalledTimes(16);
    expect(onUnreadable.mock.calls[0]?.[0]).toMatchObject({ type: 'session', id: ADDRESS });
  });
});

describe('the journal', () => {
  test('a ciphertext that comes again gives its plaintext, and with an empty journal the text that ends retries', async () => {
    const us = createDevice(LID);
    const them = createContact();
    await them.inject(await us.bundle(true));
    const first = await them.encrypt('first');
    await us.decrypt(first.type, first.ciphertext);
    const answer = await us.encrypt('answer');
    await them.decrypt(answer.type, answer.ciphertext);
    const plain = await them.encrypt('plain');
    await us.decrypt(plain.type, plain.ciphertext);
    for (const device of [us, us.restart()]) {
      expect(await device.decrypt(first.type, first.ciphertext)).toBe('first');
      expect(await device.decrypt(plain.type, plain.ciphertext)).toBe('plain');
    }
    us.memory.journal.clear();
    await expect(us.decrypt(first.type, first.ciphertext)).rejects.toThrow(/^Key used already or never filled$/);
    await expect(us.decrypt(plain.type, plain.ciphertext)).rejects.toThrow(/^Key used already or never filled$/);
  });

  test('the entry is written with the ratchet, with its envelope', async () => {
    const envelope = { whatsappId: '3EB0', from: LID, timestamp: 1, offline: false };
    const seen: Uint8Array[] = [];
    const us = createDevice(LID, {
      envelopeFor: (ciphertext) => {
        seen.push(ciphertext);
        return envelope;
      },
    });
    const them = createContact();
    await them.inject(await us.bundle(true));
    const first = await them.encrypt('first');
    const { writes } = us.memory;
    await us.decrypt(first.type, first.ciphertext);
    expect(us.memory.writes - writes).toBe(1);
    expect(seen).toEqual([first.ciphertext]);
    const [entry] = us.memory.journal.values();
    expect(entry?.envelope).toEqual(envelope);
    expect(Buffer.from(entry?.plaintext ?? []).toString()).toBe('first');
  });

  test('another sender who copies the ciphertext is not answered with the plaintext', async () => {
    const us = createDevice(LID);
    const them = createContact();
    await acquaint(us, them);
    const secret = await them.encrypt('secret');
    await us.decrypt(secret.type, secret.ciphertext);
    const copied = us.repository.decryptMessage({
      jid: '15550009999@lid',
      type: secret.type,
      ciphertext: secret.ciphertext,
    });
    await expect(copied).rejects.toThrow('No session record');
  });

  test('a first message repeated after the contact changed phones does not bring the old sessions back', async () => {
    const us = createDevice(LID);
    const before = createContact();
    await before.inject(await us.bundle(true));
    const old = await before.encrypt('old phone');
    await us.decrypt(old.type, old.ciphertext);
    const after = createContact();
    await after.inject(await us.bundle(true));
    const fresh = await after.encrypt('new phone');
    await us.decrypt(fresh.type, fresh.ciphertext);
    const rows = new Map(us.memory.durable);
    expect(await us.decrypt(old.type, old.ciphertext)).toBe('old phone');
    expect(us.memory.durable).toEqual(rows);
  });

  test('a message that comes again under the LID of its sender is known', async () => {
    const pn = '6281200000001@s.whatsapp.net';
    const us = createDevice(pn);
    const them = createContact();
    await acquaint(us, them);
    const plain = await them.encrypt('plain');
    await us.decrypt(plain.type, plain.ciphertext);
    await us.repository.lidMapping.storeLIDPNMappings([{ pn, lid: LID }]);
    await us.repository.migrateSession(pn, LID);
    const again = us.repository.decryptMessage({ jid: LID, type: plain.type, ciphertext: plain.ciphertext });
    expect(Buffer.from(await again).toString()).toBe('plain');
  });
});

describe('the end of a connection', () => {
  test('leaves no timer to an answer that comes later: it would hold all of it for three days', async () => {
    const pn = '6281200000001@s.whatsapp.net';
    const us = createDevice(pn);
    await us.repository.lidMapping.storeLIDPNMappings([{ pn, lid: LID }]);
    const msLeft = async (ends: boolean) => {
      const { repository } = us.restart();
      const asked = repository.lidMapping.getLIDForPN(pn);
      if (ends) repository.close?.();
      expect(await asked).toBe(LID);
      const { mappingCache } = repository.lidMapping as unknown as {
        mappingCache: { getRemainingTTL(key: string): number };
      };
      return mappingCache.getRemainingTTL('pn:6281200000001');
    };
    expect(await msLeft(false)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(await msLeft(true)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('pre-keys', () => {
  test('a used one stays 14 days for a first message that comes again, and is then deleted', async () => {
    let time = Date.UTC(2026, 0, 1);
    const us = createDevice(LID, { now: () => time });
    const them = createContact();
    await them.inject(await us.bundle(true));
    const first = await them.encrypt('first');
    await us.decrypt(first.type, first.ciphertext);
    expect(us.memory.durable.has('pre-key 1')).toBe(true);

    // The session is lost, and so is the journal: the pre-key alone still opens it.
    us.memory.journal.clear();
    await us.repository.deleteSession([LID]);
    expect(await us.decrypt(first.type, first.ciphertext)).toBe('first');

    const another = async (text: string) => {
      const contact = createContact();
      await contact.inject(await us.bundle(true));
      const message = await contact.encrypt(text);
      expect(await us.decrypt(message.type, message.ciphertext)).toBe(text);
    };
    time += 14 * DAY;
    await another('day 14');
    expect(us.memory.durable.has('pre-key 1')).toBe(true);
    time += DAY;
    await another('day 15');
    expect(us.memory.durable.has('pre-key 1')).toBe(false);
    expect(us.memory.durable.has('pre-key 2')).toBe(true);
    us.memory.journal.clear();
    await us.repository.deleteSession([LID]);
    await expect(us.decrypt(first.type, first.ciphertext)).rejects.toThrow(/^Invalid PreKey ID$/);
  });

  test('all pre-keys of a day are on its page, in any number of processes', async () => {
    let time = Date.UTC(2026, 0, 1);
    let us: Device = createDevice(LID, { now: () => time });
    for (let i = 0; i < 5; i++) {
      const them = createContact();
      await them.inject(await us.bundle(true));
      const first = await them.encrypt('first');
      await us.decrypt(first.type, first.ciphertext);
      us = us.restart();
    }
    time += 20 * DAY;
    const them = createContact();
    await them.inject(await us.bundle(true));
    const last = await them.encrypt('last');
    await us.decrypt(last.type, last.ciphertext);
    expect([...us.memory.durable.keys()].filter((name) => /^pre-key \d+$/.test(name))).toEqual(['pre-key 6']);
  });
});

describe('from phone number to LID', () => {
  const pn = '6281200000001@s.whatsapp.net';

  test('sessions of all devices move, with base key and registration id, and messages go on under both names', async () => {
    const us = createDevice(pn);
    const phone = createContact();
    const laptop = createContact();
    await acquaint(us, phone);
    const laptopJid = '6281200000001:4@s.whatsapp.net';
    await us.repository.injectE2ESession({ jid: laptopJid, session: await laptop.bundle(true) });
    const before = await us.repository.getSessionInfo(pn);
    await us.keys.set({ 'device-list': { '6281200000001': ['0', '4'] } });
    await us.repository.lidMapping.storeLIDPNMappings([{ pn, lid: LID }]);
    expect(await us.repository.migrateSession(pn, LID)).toEqual({ migrated: 2, skipped: 0, total: 2 });
    expect([...us.memory.durable.keys()].filter((name) => name.startsWith('session')).sort()).toEqual([
      'session 15550001111_1.0',
      'session 15550001111_1.4',
    ]);
    expect(await us.repository.getSessionInfo(LID)).toEqual(before);
    expect(us.repository.jidToSignalProtocolAddress(pn)).toBe(ADDRESS);

    const out = await us.encrypt('by phone number');
    expect(await phone.decrypt(out.type, out.ciphertext)).toBe('by phone number');
    const into = await phone.encrypt('by LID');
    const opened = us.repository.decryptMessage({ jid: LID, type: into.type, ciphertext: into.ciphertext });
    expect(Buffer.from(await opened).toString()).toBe('by LID');
    const toLaptop = await us.repository.encryptMessage({ jid: '15550001111:4@lid', data: Buffer.from('laptop') });
    expect(await laptop.decrypt(toLaptop.type, toLaptop.ciphertext)).toBe('laptop');
  });

  test('a session that is already there is kept beside the moved one', async () => {
    const us = createDevice(pn);
    const them = createContact();
    await acquaint(us, them);
    const onOld = await them.encrypt('on the old session');
    await us.repository.injectE2ESession({ jid: LID, session: await them.bundle(true) });
    const onNew = await us.repository.encryptMessage({ jid: LID, data: Buffer.from('on the new session') });
    await us.repository.migrateSession(pn, LID);
    expect(Buffer.from(await us.repository.decryptMessage({ jid: LID, ...onOld })).toString()).toBe(
      'on the old session',
    );
    expect(await them.decrypt(onNew.type, onNew.ciphertext)).toBe('on the new session');
    const answer = await them.encrypt('answer');
    expect(Buffer.from(await us.repository.decryptMessage({ jid: LID, ...answer })).toString()).toBe('answer');
  });

  test('a session that nobody migrated is found when its LID is known', async () => {
    const us = createDevice(pn);
    const them = createContact();
    await acquaint(us, them);
    await us.repository.lidMapping.storeLIDPNMappings([{ pn, lid: LID }]);
    const after = us.restart();
    const out = await after.encrypt('still the same session');
    expect(out.type).toBe('msg');
    expect(await them.decrypt(out.type, out.ciphertext)).toBe('still the same session');
    expect(after.memory.durable.has('session 6281200000001.0')).toBe(false);
  });

  test('deleting by phone number deletes the session kept under the LID', async () => {
    const us = createDevice(pn);
    await acquaint(us, createContact());
    await us.repository.lidMapping.storeLIDPNMappings([{ pn, lid: LID }]);
    await us.repository.migrateSession(pn, LID);
    await us.repository.deleteSession([pn]);
    expect([...us.memory.durable.keys()].filter((name) => name.startsWith('session'))).toEqual([]);
  });

  test('an encryption that waits while the session moves finds it', async () => {
    const us = createDevice(pn);
    const them = createContact();
    await acquaint(us, them);
    us.memory.latencyMs = 3;
    const [, , out] = await Promise.all([
      us.repository.migrateSession(pn, LID),
      us.repository.migrateSession(pn, LID),
      us.encrypt('meanwhile'),
    ]);
    expect(await them.decrypt(out.type, out.ciphertext)).toBe('meanwhile');
  });

  test('what stock refuses is refused the same way', async () => {
    const { repository } = createDevice(pn);
    const none = { migrated: 0, skipped: 0, total: 0 };
    expect(await repository.migrateSession(pn, '6281200000002@s.whatsapp.net')).toEqual(none);
    expect(await repository.migrateSession(LID, LID)).toEqual({ ...none, total: 1 });
    expect(await repository.migrateSession(pn, LID)).toEqual(none);
  });
});

test('two sockets of one device share the lock and the cache', async () => {
  const us = createDevice(LID);
  const them = createContact();
  await acquaint(us, them);
  us.memory.latencyMs = 2;
  const second = us.factory({ creds: us.creds, keys: us.keys }, (await import('./support.ts')).silent);
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? second : us.repository).encryptMessage({ jid: LID, data: Buffer.from(`${i}`) }),
    ),
  );
  const read = await Promise.all(sent.map((message) => them.decrypt(message.type, message.ciphertext)));
  expect(read.sort()).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`).sort());
  second.close?.();
});

test('our identity on the wire is that of the credentials', async () => {
  const us = createDevice(LID);
  const them = createContact();
  await us.inject(await them.bundle(true));
  const { ciphertext } = await us.encrypt('x');
  expect(Buffer.from(ciphertext).includes(prefixed(us.creds.signedIdentityKey.public))).toBe(true);
});
