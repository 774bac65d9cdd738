import {
  GroupCipher,
  GroupSessionBuilder,
  ProtocolAddress,
  SenderKeyDistributionMessage,
  SenderKeyName,
  type SignalStorage,
} from 'whatsapp-rust-bridge';
import type { Store, Write } from './store.ts';

/**
 * The group half of Signal for one simulated device, on the WebAssembly bridge: libsignal's own signs in pure
 * JavaScript, 13 ms a message. The storage is synchronous, which makes each operation atomic.
 */
export class SenderKeys {
  readonly #address: string;
  #writes: Write[] = [];
  readonly #records = new Map<string, Uint8Array>();

  constructor(address: string, kept: readonly [string, Uint8Array][]) {
    this.#address = address;
    for (const [name, record] of kept) this.#records.set(name, record);
  }

  /** The message that lets others read what this device will send to the group. */
  async distribution(group: string): Promise<Buffer> {
    return this.#as(group, this.#address, async (sender) => {
      const name = new SenderKeyName(group, sender);
      const builder = new GroupSessionBuilder(this.#storage(group, this.#address));
      try {
        const message = await builder.create(name);
        const bytes = Buffer.from(message.serialize());
        message.free();
        return bytes;
      } finally {
        name.free();
        builder.free();
      }
    });
  }

  async accept(group: string, from: string, distribution: Uint8Array): Promise<void> {
    await this.#as(group, from, async (sender) => {
      const name = new SenderKeyName(group, sender);
      const builder = new GroupSessionBuilder(this.#storage(group, from));
      const message = SenderKeyDistributionMessage.deserialize(distribution);
      try {
        await builder.process(name, message);
      } finally {
        name.free();
        builder.free();
        message.free();
      }
    });
  }

  async encrypt(group: string, plain: Uint8Array): Promise<Buffer> {
    return this.#cipher(group, this.#address, (cipher) => cipher.encrypt(plain));
  }

  async decrypt(group: string, from: string, body: Uint8Array): Promise<Buffer> {
    return this.#cipher(group, from, (cipher) => cipher.decrypt(body));
  }

  /** What changed since the last call; the caller commits it together with what it belongs to. */
  takeWrites(): Write[] {
    const writes = this.#writes;
    this.#writes = [];
    return writes;
  }

  async #cipher(group: string, from: string, use: (cipher: GroupCipher) => Promise<Uint8Array>): Promise<Buffer> {
    return this.#as(group, from, async (sender) => {
      const cipher = new GroupCipher(this.#storage(group, from), group, sender);
      try {
        return Buffer.from(await use(cipher));
      } finally {
        cipher.free();
      }
    });
  }

  async #as<T>(group: string, from: string, use: (sender: ProtocolAddress) => Promise<T>): Promise<T> {
    const [user = '', device] = from.split(':');
    const sender = new ProtocolAddress(user, Number(device));
    try {
      return await use(sender);
    } catch (error) {
      // The bridge throws bare strings.
      throw error instanceof Error ? error : new Error(`sender key of ${from} in ${group}: ${String(error)}`);
    } finally {
      sender.free();
    }
  }

  #storage(group: string, from: string): SignalStorage {
    const name = `${group}/${from}`;
    const unused = (): never => {
      throw new Error('group ciphers use sender keys only');
    };
    return {
      loadSenderKey: () => this.#records.get(name),
      storeSenderKey: (_id, record) => {
        this.#records.set(name, record);
        this.#writes.push({ kind: 'sender-key', id: `${this.#address}/${name}`, value: record });
      },
      loadSession: unused,
      storeSession: unused,
      getOurIdentity: unused,
      getOurRegistrationId: unused,
      isTrustedIdentity: unused,
      loadPreKey: unused,
      removePreKey: unused,
      loadSignedPreKey: unused,
    };
  }
}

export function keptSenderKeys(store: Store): Map<string, [string, Uint8Array][]> {
  const kept = new Map<string, [string, Uint8Array][]>();
  for (const [id, record] of store.all<Uint8Array>('sender-key')) {
    const slash = id.indexOf('/');
    const address = id.slice(0, slash);
    kept.set(address, [...(kept.get(address) ?? []), [id.slice(slash + 1), record]]);
  }
  return kept;
}
