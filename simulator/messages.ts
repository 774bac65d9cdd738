import { proto } from 'baileys';
import { sameContent } from './content.ts';
import type { Write } from './store.ts';

/** A message as its reader has it. */
export interface ReceivedMessage {
  readonly whatsappId: string;
  /** Number of the sender. */
  readonly from: string;
  /** Address the sender used: phone number or hidden id, with the device. */
  readonly fromJid: string;
  /** The other party's number, or the group's JID. */
  readonly chat: string;
  readonly content: proto.IMessage;
  /** Text or caption. */
  readonly text: string | undefined;
  /** Of the network's clock. */
  readonly at: number;
  /** A copy of what a linked client of the same person sent. */
  readonly own: boolean;
  /** What each device of the reader decrypted, by device id. */
  readonly copies: ReadonlyMap<number, proto.IMessage>;
  /** How often it came again. */
  readonly again: number;
  readonly isRead: boolean;
}

export interface SentMessage {
  readonly whatsappId: string;
  /** Number or group JID. */
  readonly chat: string;
  /** JID it was sent to. */
  readonly to: string;
  readonly content: proto.IMessage;
}

type Mutable<T, K extends keyof T> = Omit<T, K> & { -readonly [key in K]: T[key] };
type KeptMessage = Mutable<ReceivedMessage, 'again' | 'isRead'> & { readonly copies: Map<number, proto.IMessage> };

export interface SavedMessage extends Omit<ReceivedMessage, 'content' | 'copies'> {
  readonly order: number;
  readonly content: Buffer;
  readonly copies: [device: number, content: Buffer][];
}

export interface SavedSent extends Omit<SentMessage, 'content'> {
  readonly order: number;
  readonly content: Buffer;
}

/** What became of a copy: the first of its message, another device's, one too many, or one that says something else. */
export type Kept = 'new' | 'copy' | 'again' | 'other';

/** The messages of one person. Like a real phone it keeps the oldest of each (chat, sender, id). */
export class MessageBook {
  readonly received: ReceivedMessage[] = [];
  readonly sent: SentMessage[] = [];
  readonly #number: string;
  readonly #most: number;
  #next = 0;
  readonly #byKey = new Map<string, { message: KeptMessage; order: number }>();

  /** `most`: so many are kept each way; then the oldest go. */
  constructor(number: string, most: number) {
    this.#number = number;
    this.#most = most;
  }

  /** Files what a device decrypted; `write` makes it last. */
  keep(device: number, message: ReceivedMessage): { message: ReceivedMessage; kept: Kept; writes: Write[] } {
    const key = keyOf(message);
    const known = this.#byKey.get(key);
    if (!known) {
      const kept: KeptMessage = { ...message, copies: new Map([[device, message.content]]) };
      this.#byKey.set(key, { message: kept, order: this.#next++ });
      this.received.push(kept);
      return { message: kept, kept: 'new', writes: [this.#write(key), ...this.#forgetOldest()] };
    }
    const earlier = known.message.copies.get(device);
    if (!earlier) known.message.copies.set(device, message.content);
    const kept = !earlier ? 'copy' : sameContent(earlier, message.content) ? 'again' : 'other';
    return { message: known.message, kept, writes: [this.#write(key)] };
  }

  find(whatsappId: string | undefined): ReceivedMessage | undefined {
    return this.received.findLast((one) => one.whatsappId === whatsappId);
  }

  /** Changes what a reader may change, and gives the writes. */
  mark(message: ReceivedMessage, change: { isRead?: true; again?: number }): Write[] {
    const key = keyOf(message);
    const known = this.#byKey.get(key);
    // So old that it was forgotten.
    if (!known) return [];
    Object.assign(known.message, change);
    return [this.#write(key)];
  }

  addSent(message: SentMessage): Write[] {
    this.sent.push(message);
    const value: SavedSent = { ...message, order: this.#next++, content: encode(message.content) };
    const id = (one: SentMessage) => `${this.#number}/${one.whatsappId}`;
    const gone = this.sent.splice(0, Math.max(0, this.sent.length - this.#most));
    return [{ kind: 'sent', id: id(message), value }, ...gone.map((one) => ({ kind: 'sent', id: id(one) }))];
  }

  /** Puts back what the store kept. */
  restore(received: readonly SavedMessage[], sent: readonly SavedSent[]): void {
    for (const { content, copies, order, ...rest } of inOrder(received)) {
      const decoded = copies.map(([device, bytes]) => [device, proto.Message.decode(bytes)] as const);
      const message: KeptMessage = { ...rest, content: proto.Message.decode(content), copies: new Map(decoded) };
      this.#byKey.set(keyOf(message), { message, order });
      this.received.push(message);
      this.#next = Math.max(this.#next, order + 1);
    }
    for (const { content, order, ...rest } of inOrder(sent)) {
      this.#next = Math.max(this.#next, order + 1);
      this.sent.push({ ...rest, content: proto.Message.decode(content) });
    }
  }

  #forgetOldest(): Write[] {
    const gone = this.received.splice(0, Math.max(0, this.received.length - this.#most)).map(keyOf);
    for (const key of gone) this.#byKey.delete(key);
    return gone.map((key) => ({ kind: 'message', id: `${this.#number}/${key}` }));
  }

  #write(key: string): Write {
    const known = this.#byKey.get(key);
    if (!known) throw new Error(`no such message: ${key}`);
    const { message, order } = known;
    const copies = [...message.copies].map(([device, content]): [number, Buffer] => [device, encode(content)]);
    const value: SavedMessage = { ...message, order, content: encode(message.content), copies };
    return { kind: 'message', id: `${this.#number}/${key}`, value };
  }
}

function keyOf(message: ReceivedMessage): string {
  return `${message.chat}|${message.from}|${message.whatsappId}`;
}

function encode(content: proto.IMessage): Buffer {
  return Buffer.from(proto.Message.encode(content).finish());
}

function inOrder<T extends { readonly order: number }>(saved: readonly T[]): T[] {
  return [...saved].sort((a, b) => a.order - b.order);
}
