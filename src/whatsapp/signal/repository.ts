import { createHash } from 'node:crypto';
import {
  generateSignalPubKey,
  isHostedLidUser,
  isHostedPnUser,
  isLidUser,
  isPnUser,
  jidDecode,
  jidEncode,
  type KeyPair,
  type SignalAuthState,
  type SignalKeyStoreWithTransaction,
  type SignalRepositoryWithLIDStore,
  type SocketConfig,
} from 'baileys';
import type { DeviceMemory, JournalEntry, KeyType, MessageEnvelope } from '../memory.ts';
import { createAddressBook, ObservedLidMapping, senderKeyName, signalAddress } from './addresses.ts';
import * as bridge from './bridge.ts';
import { createEncryptions } from './encryptions.ts';
import { SignalError, type UnreadableKeyError } from './errors.ts';
import { onlySession, openMessage, openPreKeyMessage, replaced, sessionMadeBy } from './guard.ts';
import { createLock } from './lock.ts';
import { createSpentPreKeys } from './pre-keys.ts';
import { factsOf, mergeSessions, preKeyFactsOf, recordOf, type Session } from './record.ts';
import { type Change, createRows, put, remove } from './rows.ts';

export type MakeSignalRepository = SocketConfig['makeSignalRepository'];
type Logger = Pick<Parameters<MakeSignalRepository>[1], 'debug' | 'info' | 'warn'>;

export interface SignalRepositoryOptions {
  readonly memory: DeviceMemory;
  /** Default: the one that the socket hands over. */
  readonly logger?: Logger;
  /** The stanza that this very ciphertext came in, when it was seen; goes into the journal beside the plaintext. */
  readonly envelopeFor?: (ciphertext: Uint8Array) => MessageEnvelope | undefined;
  /** A row exists and makes no sense: quarantine the device. The operation fails with the same error. */
  readonly onUnreadable?: (error: UnreadableKeyError) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The LID user of a phone user, when the owner knows it and this device has not seen it yet. Answers at once. */
  readonly pnToLid?: (pnUser: string) => string | undefined;
  /** What the cache of sessions and sender keys may hold, in bytes. Default 512 KiB: some 700 answered sessions. */
  readonly cacheBytes?: number;
}

export interface SignalRepositoryFactory extends MakeSignalRepository {
  /** To be called when rows were written or deleted by anybody else, after they are durable. */
  forget(type: KeyType, ids: readonly string[]): void;
  /**
   * Runs `work` while no message of this device is encrypted or decrypted. For whoever writes session rows from outside:
   * otherwise an operation that has begun may put the row back. `work` must not call the repository.
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * The Signal repository of one device, for Baileys' `makeSignalRepository`. Made once per device and given to each of its
 * sockets in turn: the lock, the cache and the address book outlive a reconnection.
 *
 * What it promises, and stock does not:
 * - whatever an operation changes is durable, in one transaction, before its promise resolves; on a throw nothing is kept;
 * - one operation at a time per device: stock lost 24 and 194 of 200 when both sides wrote at once (facts: baileys 4);
 * - a message that does not open changes nothing (guard.ts);
 * - a ciphertext that was opened before gives its plaintext again, from the journal.
 */
export function createSignalRepository(options: SignalRepositoryOptions): SignalRepositoryFactory {
  const { memory, envelopeFor, now } = options;
  const lock = createLock();
  const rows = createRows({
    memory,
    cacheBytes: options.cacheBytes ?? 512 * 1024,
    onUnreadable: options.onUnreadable,
  });
  const book = createAddressBook(options.pnToLid);
  const spent = createSpentPreKeys({ memory, now, onUnreadable: options.onUnreadable });
  /** Pairs of `phone>lid` whose sessions were moved: Baileys asks again with every message. */
  const moved = new Set<string>();

  /** The plaintext that this ciphertext gave when it first came, under any name of its sender. */
  async function recall(kind: Kind, senders: readonly string[], ciphertext: Uint8Array): Promise<Buffer | undefined> {
    for (const sender of senders) {
      const plaintext = await memory.readJournal(journalHash(kind, sender, ciphertext));
      if (plaintext) return asBuffer(plaintext);
    }
    return undefined;
  }

  function journal(kind: Kind, sender: string, ciphertext: Uint8Array, plaintext: Uint8Array): JournalEntry {
    const envelope = envelopeFor?.(ciphertext);
    return { hash: journalHash(kind, sender, ciphertext), plaintext, ...(envelope && { envelope }) };
  }

  function make(
    auth: SignalAuthState,
    socketLogger: Logger,
    pnToLIDFunc?: Parameters<MakeSignalRepository>[2],
  ): SignalRepositoryWithLIDStore {
    const logger = options.logger ?? socketLogger;
    const keys = auth.keys as SignalKeyStoreWithTransaction;
    const lidMapping = new ObservedLidMapping(
      book.learnPair,
      keys,
      socketLogger as Parameters<MakeSignalRepository>[1],
      pnToLIDFunc,
    );

    const look = (jid: string) =>
      book.look(jid, async (pnUser) => (await keys.get('lid-mapping', [pnUser]))[pnUser] || undefined);

    const own = (): bridge.OwnKeys => ({
      registrationId: auth.creds.registrationId,
      identity: signalPair(auth.creds.signedIdentityKey),
    });

    async function ownPreKeys(preKeyId: number | undefined): Promise<bridge.OwnPreKeys> {
      const { signedPreKey } = auth.creds;
      const id = preKeyId === undefined ? undefined : String(preKeyId);
      const pair = id === undefined ? undefined : (await keys.get('pre-key', [id]))[id];
      return {
        signedPreKey: {
          keyId: signedPreKey.keyId,
          keyPair: signalPair(signedPreKey.keyPair),
          signature: signedPreKey.signature,
        },
        preKey: pair && signalPair(pair),
      };
    }

    const readSessions = async (id: string): Promise<readonly Session[]> => (await rows.read('session', id)) ?? [];

    /** Look-ups before the lock, since they may wait for others; the address inside it, since a migration may have run. */
    async function onAddress<T>(jid: string, work: (id: string) => Promise<T>): Promise<T> {
      await look(jid);
      return lock(async () => {
        const id = book.addressOf(jid);
        await adopt(id, book.namesOf(jid));
        return work(id);
      });
    }

    /** A session left under the phone number, because nobody asked to migrate that device, moves when it is missed. */
    async function adopt(id: string, names: readonly string[]): Promise<void> {
      if (names.length < 2 || (await rows.read('session', id))) return;
      for (const name of names) {
        const sessions = name === id ? undefined : await rows.read('session', name);
        if (sessions) return rows.write([put('session', id, sessions), remove('session', name)]);
      }
    }

    async function openWhisper(jid: string, id: string, ciphertext: Uint8Array): Promise<Buffer> {
      const sessions = await readSessions(id);
      let opened: Awaited<ReturnType<typeof openMessage>>;
      try {
        opened = await openMessage(own(), sessions, ciphertext);
      } catch (error) {
        // Only a message that fails can be a repeat, so the ordinary path costs no read.
        const before = await recall('msg', book.namesOf(jid), ciphertext);
        if (before) return before;
        throw error;
      }
      await rows.write([put('session', id, opened.sessions)], journal('msg', id, ciphertext, opened.plaintext));
      return asBuffer(opened.plaintext);
    }

    async function openPreKey(jid: string, id: string, ciphertext: Uint8Array): Promise<Buffer> {
      const sessions = await readSessions(id);
      const names = book.namesOf(jid);
      const made = sessionMadeBy(sessions, ciphertext);
      // Without a session of its own it would make one, and a repeat would put an old one, even one of an old identity,
      // before those in use: its pre-key is still there for 14 days. So here the journal is asked first.
      const before = made ? undefined : await recall('pkmsg', names, ciphertext);
      if (before) return before;
      let opened: Awaited<ReturnType<typeof openPreKeyMessage>>;
      try {
        const preKeys = await ownPreKeys(made ? undefined : preKeyFactsOf(ciphertext).preKeyId);
        opened = await openPreKeyMessage(own(), sessions, made, preKeys, ciphertext);
      } catch (error) {
        const repeat = made ? await recall('pkmsg', names, ciphertext) : undefined;
        if (repeat) return repeat;
        throw error;
      }
      const changes: Change[] = [put('session', id, opened.sessions)];
      const [current] = opened.sessions;
      if (!made && current) changes.push(put('identity-key', id, factsOf(current).remoteIdentity));
      const spending = opened.spentPreKey === undefined ? undefined : await spent.spend(opened.spentPreKey);
      changes.push(...(spending?.changes ?? []));
      await rows.write(changes, journal('pkmsg', id, ciphertext, opened.plaintext));
      spending?.done();
      forgetMove(id);
      if (opened.identityChanged) logger.info({ jid, addr: id }, 'identity key changed, older sessions ended');
      return asBuffer(opened.plaintext);
    }

    /** A session that is kept under a phone number once more has to be moved once more. */
    function forgetMove(id: string): void {
      if (!id.includes('_') || id.includes('_128.')) moved.clear();
    }

    const encryptTogether = createEncryptions({
      lock,
      async find(jid) {
        const id = book.addressOf(jid);
        await adopt(id, book.namesOf(jid));
        return { id, sessions: await readSessions(id) };
      },
      async encrypt(sessions, data) {
        const [current] = sessions;
        if (!current || !factsOf(current).canSend) throw new SignalError('no_session', 'No session record');
        const { type, ciphertext, record } = await bridge.encrypt(own(), recordOf(current), data);
        return { type, ciphertext: asBuffer(ciphertext), sessions: replaced(sessions, current, record) };
      },
      write: (sessions) => rows.write([...sessions].map(([id, stepped]) => put('session', id, stepped))),
    });

    return {
      lidMapping,

      async encryptMessage({ jid, data }) {
        await look(jid);
        return encryptTogether(jid, data);
      },

      decryptMessage: ({ jid, type, ciphertext }) =>
        onAddress(jid, (id) => (type === 'pkmsg' ? openPreKey : openWhisper)(jid, id, ciphertext)),

      injectE2ESession: ({ jid, session: bundle }) =>
        onAddress(jid, async (id) => {
          const { record } = await bridge.openSession(own(), bundle);
          const fresh = onlySession(record);
          // Sessions of an older identity stay until the new one has spoken: its messages may still be on their way.
          const sessions = mergeSessions([fresh], await readSessions(id));
          await rows.write([put('session', id, sessions), put('identity-key', id, factsOf(fresh).remoteIdentity)]);
          forgetMove(id);
        }),

      decryptGroupMessage: ({ group, authorJid, msg }) =>
        lock(async () => {
          const id = senderKeyName(group, authorJid);
          const stored = await rows.read('sender-key', id);
          let opened: Awaited<ReturnType<typeof bridge.decryptGroup>>;
          try {
            opened = await bridge.decryptGroup(stored, msg);
          } catch (error) {
            const before = await recall('skmsg', [id], msg);
            if (before) return before;
            throw error;
          }
          await rows.write([put('sender-key', id, opened.record)], journal('skmsg', id, msg, opened.plaintext));
          return asBuffer(opened.plaintext);
        }),

      processSenderKeyDistributionMessage: ({ item, authorJid }) =>
        lock(async () => {
          const { groupId, axolotlSenderKeyDistributionMessage: skdm } = item;
          if (!groupId) throw new Error('Group ID is required for sender key distribution message');
          if (!skdm) throw new SignalError('not_a_message', 'The sender key distribution message is empty');
          const id = senderKeyName(groupId, authorJid);
          const { record } = await bridge.learnSenderKey(await rows.read('sender-key', id), skdm);
          await rows.write([put('sender-key', id, record)]);
        }),

      encryptGroupMessage: ({ group, meId, data }) =>
        lock(async () => {
          const id = senderKeyName(group, meId);
          // First the key as it stands, then the message: a member who learns the key can read this very message.
          const shared = await bridge.shareSenderKey(await rows.read('sender-key', id));
          const { ciphertext, record } = await bridge.encryptGroup(shared.record, data);
          await rows.write([put('sender-key', id, record)]);
          return { ciphertext: asBuffer(ciphertext), senderKeyDistributionMessage: asBuffer(shared.skdm) };
        }),

      getSenderKeyDistributionMessage: ({ group, meId }) =>
        lock(async () => {
          const id = senderKeyName(group, meId);
          const stored = await rows.read('sender-key', id);
          const { skdm, record } = await bridge.shareSenderKey(stored);
          if (!stored) await rows.write([put('sender-key', id, record)]);
          return asBuffer(skdm);
        }),

      hasSenderKey: ({ group, meId }) =>
        lock(async () => (await rows.read('sender-key', senderKeyName(group, meId))) !== undefined),

      // Throws for an unreadable row, where stock answers "validation error" and Baileys makes a new session over it.
      validateSession: (jid) =>
        onAddress(jid, async (id) => {
          const [current] = await readSessions(id);
          if (!current) return { exists: false, reason: 'no session' };
          return factsOf(current).canSend ? { exists: true } : { exists: false, reason: 'no open session' };
        }),

      getSessionInfo: (jid) =>
        onAddress(jid, async (id) => {
          const [current] = await readSessions(id);
          const facts = current && factsOf(current);
          if (!facts?.canSend || facts.remoteRegistrationId === undefined) return null;
          return { baseKey: new Uint8Array(facts.baseKey), registrationId: facts.remoteRegistrationId };
        }),

      jidToSignalProtocolAddress: (jid) => book.addressOf(jid),

      // Under both names: stock deletes the phone number's row only and misses a session kept under the LID.
      async deleteSession(jids) {
        if (!jids.length) return;
        for (const jid of jids) await look(jid);
        await lock(async () => {
          const ids = new Set(jids.flatMap((jid) => [signalAddress(jid), book.addressOf(jid)]));
          await rows.write([...ids].map((id) => remove('session', id)));
        });
      },

      /**
       * Moves the sessions of all known devices of a phone number to its LID. Where stock overwrites a session that is
       * already there, which loses what the peer still sends on it, this keeps both: the LID's own stays current. Where
       * stock does nothing without a device list, this moves at least the device that was asked for.
       */
      async migrateSession(fromJid, toJid) {
        const none = { migrated: 0, skipped: 0, total: 0 };
        if (!fromJid || !(isLidUser(toJid) || isHostedLidUser(toJid))) return none;
        if (!isPnUser(fromJid) && !isHostedPnUser(fromJid)) return { ...none, total: 1 };
        const from = jidDecode(fromJid);
        const lidUser = jidDecode(toJid)?.user;
        if (!from?.user || !lidUser) return none;
        const pair = `${from.user}:${from.device ?? 0}>${lidUser}`;
        if (moved.has(pair)) return none;
        const { user } = from;
        const listed = (await keys.get('device-list', [user]))[user] ?? [];
        const devices = new Set([...listed.map(Number), from.device ?? 0]);
        return lock(async () => {
          book.learn(user, lidUser);
          const changes: Change[] = [];
          let total = 0;
          for (const device of devices) {
            const hosted = device === 99;
            const source = signalAddress(jidEncode(user, hosted ? 'hosted' : 's.whatsapp.net', device));
            const target = signalAddress(jidEncode(lidUser, hosted ? 'hosted.lid' : 'lid', device));
            const sessions = await readSessions(source);
            if (!sessions.length) continue;
            total += 1;
            changes.push(put('session', target, mergeSessions(await readSessions(target), sessions)));
            changes.push(remove('session', source));
          }
          if (changes.length) await rows.write(changes);
          if (moved.size >= 10_000) moved.clear();
          moved.add(pair);
          if (total) logger.debug({ fromJid, toJid, total }, 'sessions moved to the LID');
          return { migrated: total, skipped: 0, total };
        });
      },

      close: () => lidMapping.close(),
    };
  }

  return Object.assign(make, {
    forget(type: KeyType, ids: readonly string[]): void {
      if (type === 'lid-mapping') book.forget(ids);
      else rows.forget(type, ids);
      moved.clear();
    },
    exclusively: lock,
  });
}

type Kind = 'pkmsg' | 'msg' | 'skmsg';

/**
 * The sender is part of it: a contact who copies another one's ciphertext must not be answered with the plaintext.
 */
export function journalHash(kind: Kind, sender: string, ciphertext: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${kind}\0${sender}\0`).update(ciphertext).digest();
}

function signalPair(pair: KeyPair): bridge.KeyPair {
  return { pubKey: generateSignalPubKey(pair.public), privKey: pair.private };
}

/** Stock answers Buffers, and libsignal's `Curve` takes nothing else. Shares the bytes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
