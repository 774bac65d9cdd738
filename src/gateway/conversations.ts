import type { Clock } from '../base/clock.ts';
import type { Conversations as ConversationStore, Owner } from '../store/index.ts';

/** Peers remembered in memory; the rest is a query away. */
const MOST = 50_000;

export interface Conversations {
  /** Whether a message to this recipient would open a conversation. Groups and channels are none. */
  isNew(recipient: string): Promise<boolean>;
  /** A message to this recipient went out. */
  wroteTo(recipient: string): Promise<void>;
  /** This person wrote: number where it is known, and hidden id. Gives those of them whom nobody knew until now. */
  heardFrom(peers: readonly (string | null)[]): Promise<string[]>;
  /** Another number has linked the device: nobody knows it. Unix ms. */
  beginAnew(at: number): void;
}

/** Whom one device has talked with. Most messages go to somebody known, and then it asks nobody. */
export function createConversations(needs: {
  readonly owner: Owner;
  readonly store: Pick<ConversationStore, 'isKnown' | 'open'>;
  /** When another number than before linked the device, Unix ms; null: it had one only. */
  readonly numberSince: number | null;
  readonly clock: Pick<Clock, 'now'>;
}): Conversations {
  const { owner, store, clock } = needs;
  const known = new Set<string>();
  let since = needs.numberSince ?? 0;

  function remember(peer: string): void {
    known.add(peer);
    const [oldest] = known;
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
  }

  /** Whether it is new. */
  async function open(peer: string, by: 'us' | 'them'): Promise<boolean> {
    if (known.has(peer)) return false;
    const opened = await store.open(owner, peer, by, clock.now(), since);
    remember(peer);
    return opened;
  }

  return {
    async isNew(recipient) {
      if (/@(g\.us|newsletter)$/.test(recipient) || known.has(recipient)) return false;
      if (!(await store.isKnown(owner.device_id, recipient, since))) return true;
      remember(recipient);
      return false;
    },
    async wroteTo(recipient) {
      if (!/@(g\.us|newsletter)$/.test(recipient)) await open(recipient, 'us');
    },
    async heardFrom(peers) {
      const news: string[] = [];
      for (const peer of peers) if (peer !== null && (await open(peer, 'them'))) news.push(peer);
      return news;
    },
    beginAnew(at) {
      since = at;
      known.clear();
    },
  };
}
