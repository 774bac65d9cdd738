import { proto } from 'baileys';
import type { Timers } from './clock.ts';
import { sameContent, textOf } from './content.ts';
import type { Counters } from './counters.ts';
import type { Device } from './directory.ts';
import { CHANNEL } from './jid.ts';
import type { Random } from './random.ts';
import { child, type Stanza } from './stanza.ts';
import { Expected } from './waiting.ts';

/** What was said in a channel, for everybody to read: WhatsApp encrypts none of it between phones. */
export interface Post {
  readonly whatsappId: string;
  /** Number of who posted it. */
  readonly from: string;
  readonly content: proto.IMessage;
  readonly text: string | undefined;
  /** Of the network's clock. */
  readonly at: number;
}

/** A channel (WhatsApp's own word is newsletter). */
export class Channel {
  readonly jid: string;
  /** Number of the only one who may post. */
  readonly owner: string;
  readonly posts: Post[] = [];
  readonly arrivals: Expected<Post>;

  constructor(jid: string, owner: string, kept: number) {
    this.jid = jid;
    this.owner = owner;
    this.arrivals = new Expected(`a post in ${jid}`, kept);
  }

  /** The next post not yet asked for. */
  nextPost({ timeoutMs = 30_000 }: { readonly timeoutMs?: number } = {}): Promise<Post> {
    return this.arrivals.next(timeoutMs);
  }
}

interface ChannelParts {
  readonly counters: Counters;
  readonly timers: Timers;
  readonly random: Random;
  /** Posts that are kept of each channel. */
  readonly kept: number;
  /** Sandbox: any channel exists, and is the one's who posts in it. */
  readonly everyChannelExists: boolean;
}

/** The channels of the network; they live as long as its process. */
export class Channels {
  readonly #parts: ChannelParts;
  readonly #channels = new Map<string, Channel>();

  constructor(parts: ChannelParts) {
    this.#parts = parts;
  }

  create(owner: string): Channel {
    const digits = Array.from({ length: 11 }, () => Math.floor(this.#parts.random() * 10)).join('');
    return this.#add(`1203631${digits}@${CHANNEL}`, owner);
  }

  mayPost(sender: Device, jid: string): boolean {
    if (this.#parts.everyChannelExists && !this.#channels.has(jid)) this.#add(jid, sender.number);
    return this.#channels.get(jid)?.owner === sender.number;
  }

  /** A post whose sender may post. */
  take(sender: Device, node: Stanza): void {
    const { id: whatsappId = '', to = '' } = node.attrs;
    const channel = this.#channels.get(to);
    const plain = child(node, 'plaintext')?.content;
    if (!channel || !(plain instanceof Uint8Array)) {
      this.#parts.counters.count('withoutCiphertext', to);
      return;
    }
    const content = proto.Message.decode(plain);
    const earlier = channel.posts.find((post) => post.whatsappId === whatsappId);
    if (earlier) {
      this.#parts.counters.count(sameContent(earlier.content, content) ? 'redelivered' : 'reusedIds', to);
      return;
    }
    const post = { whatsappId, from: sender.number, content, text: textOf(content), at: this.#parts.timers.now() };
    channel.posts.push(post);
    channel.posts.splice(0, channel.posts.length - this.#parts.kept);
    channel.arrivals.put(post);
  }

  stop(): void {
    for (const { arrivals } of this.#channels.values()) arrivals.stop();
  }

  #add(jid: string, owner: string): Channel {
    const channel = new Channel(jid, owner, this.#parts.kept);
    this.#channels.set(jid, channel);
    return channel;
  }
}
