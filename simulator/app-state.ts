import { randomBytes } from 'node:crypto';
import {
  type ChatModification,
  chatModificationToAppPatch,
  encodeSyncdPatch,
  type LTHashState,
  newLTHashState,
  proto,
} from 'baileys';
import { children, firstChild, type Stanza, stanza } from './stanza.ts';
import type { Store } from './store.ts';

interface Collection {
  state: LTHashState;
  /** Encoded patches; the first is version 1. */
  patches: Buffer[];
}

interface AccountState {
  readonly keyId: Buffer;
  readonly keyData: Buffer;
  readonly collections: Record<string, Collection>;
}

/**
 * What phone and companions keep in common by encrypted patches: the phone's own name, archived chats and the like.
 * The patches are made with the package's own encoder, under the key that the phone shared at the first login.
 */
export class AppStates {
  readonly #store: Store;
  readonly #accounts = new Map<string, AccountState>();

  constructor(store: Store) {
    this.#store = store;
    for (const [number, state] of store.all<AccountState>('app-state')) this.#accounts.set(number, state);
  }

  /** The message with which a phone hands its key to a new companion. */
  keyShare(number: string): proto.IMessage {
    const { keyId, keyData } = this.#state(number);
    const fingerprint = { rawId: 1, currentIndex: 0, deviceIndexes: [0] };
    const key = { keyId: { keyId }, keyData: { keyData, fingerprint, timestamp: 0 } };
    const type = proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE;
    return { protocolMessage: { type, appStateSyncKeyShare: { keys: [key] } } };
  }

  /** The phone changes something; gives the collection that companions must now fetch. */
  async change(number: string, modification: ChatModification, jid = ''): Promise<string> {
    const patch = chatModificationToAppPatch(modification, jid);
    const account = this.#state(number);
    const collection = this.#collection(account, patch.type);
    const key = { keyData: account.keyData, fingerprint: {}, timestamp: 0 };
    const encoded = await encodeSyncdPatch(patch, account.keyId.toString('base64'), collection.state, async () => key);
    collection.state = encoded.state;
    collection.patches.push(Buffer.from(proto.SyncdPatch.encode(encoded.patch).finish()));
    this.#save(number, account);
    return patch.type;
  }

  /** `<sync>`: the patches each collection has beyond the version that the client names, and the client's own. */
  sync(number: string, iq: Stanza): Stanza {
    const account = this.#state(number);
    const answers = children(firstChild(iq), 'collection').map((asked) => {
      const name = asked.attrs.name ?? '';
      const collection = this.#collection(account, name);
      for (const patch of children(asked, 'patch')) {
        if (patch.content instanceof Uint8Array) collection.patches.push(Buffer.from(patch.content));
      }
      const from = Number(asked.attrs.version ?? 0);
      const newer = collection.patches
        .slice(from)
        .map((patch, index) => stanza('patch', {}, withVersion(patch, from + index + 1)));
      const version = collection.patches.length;
      return stanza('collection', { name, version, has_more_patches: 'false' }, [stanza('patches', {}, newer)]);
    });
    this.#save(number, account);
    return stanza('sync', {}, answers);
  }

  #state(number: string): AccountState {
    let state = this.#accounts.get(number);
    if (!state) {
      state = {
        keyId: Buffer.concat([Buffer.from([0, 0]), randomBytes(4)]),
        keyData: randomBytes(32),
        collections: {},
      };
      this.#accounts.set(number, state);
      this.#save(number, state);
    }
    return state;
  }

  #collection(account: AccountState, name: string): Collection {
    account.collections[name] ??= { state: newLTHashState(), patches: [] };
    return account.collections[name];
  }

  #save(number: string, state: AccountState): void {
    this.#store.commit([{ kind: 'app-state', id: number, value: state }]);
  }
}

/** A patch carries its version only on the way down. */
function withVersion(patch: Buffer, version: number): Buffer {
  const decoded = proto.SyncdPatch.decode(patch);
  decoded.version = { version };
  return Buffer.from(proto.SyncdPatch.encode(decoded).finish());
}
