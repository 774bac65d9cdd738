import { encodeWAMessage, proto, unpadRandomMax16 } from 'baileys';
import type { Device, Directory } from './directory.ts';
import { parseJid } from './jid.ts';
import type { SenderKeys } from './sender-keys.ts';
import { bundleOf, type Encrypted, type SignalDevice } from './signal.ts';
import { bigEndian, needBytes, type Stanza, stanza } from './stanza.ts';
import type { Store, Write } from './store.ts';

export interface OpenedCopy {
  /** The content; an own-device copy is unwrapped. */
  readonly content: proto.IMessage;
  /** Where the sender sent it, when it is a copy of what another device of the same account sent. */
  readonly sentTo: string | undefined;
  readonly writes: Write[];
}

export interface HandsetParts {
  readonly device: Device;
  readonly signal: SignalDevice;
  readonly groups: SenderKeys;
  readonly directory: Directory;
  readonly store: Store;
}

/** One simulated device: opens the copies that are meant for it and encrypts what it says. */
export class Handset {
  readonly device: Device;
  readonly signal: SignalDevice;
  readonly #groups: SenderKeys;
  readonly #directory: Directory;
  readonly #store: Store;

  constructor(parts: HandsetParts) {
    this.device = parts.device;
    this.signal = parts.signal;
    this.#groups = parts.groups;
    this.#directory = parts.directory;
    this.#store = parts.store;
  }

  async open(copy: Stanza, ciphertexts: readonly Stanza[]): Promise<OpenedCopy> {
    const sender = this.#senderAddress(copy);
    let content: proto.IMessage = {};
    const writes: Write[] = [];
    for (const enc of ciphertexts) {
      const opened = await this.#openOne(copy, enc, sender);
      writes.push(...opened.writes);
      const distribution = opened.message.senderKeyDistributionMessage;
      if (distribution?.axolotlSenderKeyDistributionMessage) {
        const group = distribution.groupId ?? copy.attrs.from ?? '';
        await this.#groups.accept(group, sender, distribution.axolotlSenderKeyDistributionMessage);
      }
      content = { ...content, ...opened.message };
    }
    writes.push(...this.#groups.takeWrites());
    const own = content.deviceSentMessage;
    if (!own?.message) return { content, sentTo: undefined, writes };
    return { content: own.message, sentTo: own.destinationJid ?? undefined, writes };
  }

  /** Encrypts for one device of anybody, starting a session when there is none. */
  async seal(to: Device, message: proto.IMessage): Promise<Encrypted> {
    if (!this.signal.hasSession(to.address)) await this.freshSession(to);
    return this.signal.encrypt(to.address, encodeWAMessage(message));
  }

  async freshSession(to: Device): Promise<void> {
    await this.signal.startSession(to.address, bundleOf(to.keys, this.#directory.takeOneTimeKey(to)));
  }

  async sealForGroup(group: string, message: proto.IMessage): Promise<Buffer> {
    const sealed = await this.#groups.encrypt(group, encodeWAMessage(message));
    this.#store.commit(this.#groups.takeWrites());
    return sealed;
  }

  async senderKey(group: string): Promise<proto.IMessage> {
    const distribution = await this.#groups.distribution(group);
    this.#store.commit(this.#groups.takeWrites());
    return { senderKeyDistributionMessage: { groupId: group, axolotlSenderKeyDistributionMessage: distribution } };
  }

  /** A bundle with a fresh one-time key, for a retry receipt. */
  keysNode(): Stanza {
    const oneTime = this.signal.newOneTimeKey();
    const { identity, signed } = this.device.keys;
    const id = (value: number) => stanza('id', {}, bigEndian(value, 3));
    const value = (key: Buffer) => stanza('value', {}, key);
    return stanza('keys', {}, [
      stanza('type', {}, Buffer.from([5])),
      stanza('identity', {}, identity),
      stanza('key', {}, [id(oneTime.id), value(oneTime.key)]),
      stanza('skey', {}, [id(signed.id), value(signed.key), stanza('signature', {}, signed.signature)]),
    ]);
  }

  async #openOne(copy: Stanza, enc: Stanza, sender: string): Promise<{ message: proto.Message; writes: Write[] }> {
    const body = needBytes(enc, 'ciphertext');
    const type = enc.attrs.type;
    if (type === 'skmsg') {
      const plain = await this.#groups.decrypt(copy.attrs.from ?? '', sender, body);
      return { message: proto.Message.decode(unpadRandomMax16(plain)), writes: [] };
    }
    if (type !== 'pkmsg' && type !== 'msg') throw new Error(`unknown ciphertext type ${type}`);
    const { plain, writes } = await this.signal.decrypt(sender, type, body);
    return { message: proto.Message.decode(unpadRandomMax16(plain)), writes };
  }

  #senderAddress(copy: Stanza): string {
    const jid = copy.attrs.participant ?? copy.attrs.from;
    const account = this.#directory.accountOf(jid);
    if (!account) throw new Error(`a message from nobody: ${jid}`);
    return `${account.number}:${parseJid(jid)?.device ?? 0}`;
  }
}

export function encNode({ type, body }: Encrypted, attributes: Record<string, string> = {}): Stanza {
  return stanza('enc', { v: 2, type, ...attributes }, body);
}
