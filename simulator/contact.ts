import type { proto } from 'baileys';
import { buildContent, mediaOf, type Quoted, type Said } from './content.ts';
import type { Account, Device } from './directory.ts';
import type { Handset } from './handset.ts';
import { isGroup, type Namespace, namespaceOf, parseJid, toNumber } from './jid.ts';
import { type AutoReceipts, MANNERS, type Manner, receiptsOf, withReceipts } from './manners.ts';
import { openMedia, sha256 } from './media-cipher.ts';
import { MessageBook, type ReceivedMessage, type SentMessage } from './messages.ts';
import type { World } from './people.ts';
import { type Poll, sealedReaction, voteContent } from './polls.ts';
import { hexId } from './random.ts';
import { Reading } from './reading.ts';
import { type Copy, receiptIds } from './routing.ts';
import { type Stanza, stanza } from './stanza.ts';
import type { Write } from './store.ts';
import { Expected } from './waiting.ts';
import { Writing } from './writing.ts';

export interface ReceivedReceipt {
  readonly ids: readonly string[];
  /** Number of the reader. */
  readonly from: string;
  /** `delivered`, or WhatsApp's own word: read, played, inactive, sender … */
  readonly type: string;
}

export interface ChatState {
  /** JID */
  readonly from: string;
  /** composing, recording, paused */
  readonly state: string;
}

export interface SendOptions {
  /** Which of its names the contact shows. */
  readonly as?: Namespace;
  readonly quoted?: Quoted;
  readonly whatsappId?: string;
  /** `…@broadcast`: it goes out through a broadcast list of this name. */
  readonly list?: string;
  /** The reader's clients get no text, only word that there is some: `view_once`, as the server says it. */
  readonly unavailable?: string;
}

interface Waiting {
  readonly timeoutMs?: number;
}

/** Somebody who has WhatsApp: reads with keys of their own, answers as their manner is, and writes. */
export class Contact {
  readonly account: Account;
  /** The phone is 0; the others are companions. */
  readonly handsets: Map<number, Handset>;
  readonly receipts: ReceivedReceipt[] = [];
  readonly book: MessageBook;
  manner: Manner;
  /** Which of the two names this person's messages carry, if not said otherwise. */
  writesAs: Namespace = 'pn';
  readonly #world: World;
  readonly #reading: Reading;
  readonly #writing: Writing;
  readonly #arrivals: Expected<ReceivedMessage>;
  readonly #receiptArrivals: Expected<ReceivedReceipt>;
  readonly #chatStates: Expected<ChatState>;
  #work: Promise<void> = Promise.resolve();

  constructor(account: Account, handsets: Map<number, Handset>, manner: Manner, world: World) {
    this.account = account;
    this.handsets = handsets;
    this.manner = manner;
    this.book = new MessageBook(account.number, world.kept);
    this.#world = world;
    this.#reading = new Reading(this, world, this.book);
    this.#writing = new Writing(this, world);
    this.#arrivals = new Expected(`a message at ${account.number}`, world.keptReceipts);
    this.#receiptArrivals = new Expected(`a receipt at ${account.number}`, world.keptReceipts);
    this.#chatStates = new Expected(`typing seen by ${account.number}`, world.keptReceipts);
  }

  get number(): string {
    return this.account.number;
  }

  get name(): string {
    return this.account.name;
  }

  /** `628…@s.whatsapp.net` */
  get jid(): string {
    return this.#world.directory.jid(this.account, 'pn');
  }

  /** `…@lid` */
  get lid(): string {
    return this.#world.directory.jid(this.account, 'lid');
  }

  /** All so far, decrypted, the oldest first. */
  get messages(): readonly ReceivedMessage[] {
    return this.book.received;
  }

  get sent(): readonly SentMessage[] {
    return this.book.sent;
  }

  get autoReceipts(): AutoReceipts {
    return receiptsOf(this.manner);
  }

  set autoReceipts(receipts: AutoReceipts) {
    this.manner = withReceipts(this.manner, receipts);
  }

  /** Decrypts as libsignal does it, damaging sessions by failed tries. */
  set faultyTrial(on: boolean) {
    for (const { signal } of this.handsets.values()) signal.faultyTrial = on;
  }

  /** The next message not yet asked for. On a phone, copies of what its clients sent count too. */
  nextMessage({ timeoutMs = 30_000 }: Waiting = {}): Promise<ReceivedMessage> {
    return this.#arrivals.next(timeoutMs);
  }

  nextReceipt({
    timeoutMs = 30_000,
    id,
    type,
  }: Waiting & { id?: string; type?: string } = {}): Promise<ReceivedReceipt> {
    const matches = (one: ReceivedReceipt) =>
      (id === undefined || one.ids.includes(id)) && (type === undefined || one.type === type);
    return this.#receiptArrivals.next(timeoutMs, matches, [type, id].filter(Boolean).join(' '));
  }

  nextTyping({ timeoutMs = 30_000 }: Waiting = {}): Promise<ChatState> {
    return this.#chatStates.next(timeoutMs);
  }

  /** Writes to a number, a JID of either kind, or a group. Settles when the server has it. */
  async send(to: string, said: Said, options: SendOptions = {}): Promise<SentMessage> {
    const content = await buildContent(said, this.#world.media, options.quoted);
    const whatsappId = options.whatsappId ?? hexId(this.#world.random, '3A', 20);
    const chat = isGroup(to) ? to : this.#needAccount(to).number;
    const message: SentMessage = { whatsappId, chat, to: this.#addressOf(to, options.as), content };
    await this.#exclusively(async () => {
      const node = await this.#writing.stanza(message, options);
      this.#world.store.commit(this.book.addSent(message));
      this.#world.router.message(this.#writing.phone.device, node);
    });
    return message;
  }

  /** Sends read receipts for one message, or for all that are unread. */
  read(message?: ReceivedMessage): void {
    const chosen = message ? [message] : this.messages.filter((one) => !one.isRead && !one.own);
    for (const one of chosen) {
      this.#world.store.commit(this.book.mark(one, { isRead: true }));
      this.#sendReceipt(one, 'read');
    }
  }

  /** Says that it has a message, which its manner says by itself. */
  delivered(message: ReceivedMessage): void {
    this.#sendReceipt(message, undefined);
  }

  /** Votes in a poll that was received or sent; no options take the vote back. Settles when the server has it. */
  vote(
    poll: ReceivedMessage | SentMessage,
    options: readonly string[],
    { as }: SendOptions = {},
  ): Promise<SentMessage> {
    const asked = this.#asked(poll, as);
    const said = voteContent(asked, this.#ownName(asked), options, !('fromJid' in poll));
    return this.send(poll.chat, said, { as: namespaceOf(needJid(asked.author)) });
  }

  /** Reacts as members of a community's announcement group do: only who has the message can read it. */
  reactSealed(message: ReceivedMessage, text: string): Promise<SentMessage> {
    const asked = this.#asked(message);
    return this.send(message.chat, sealedReaction(asked, this.#ownName(asked), text));
  }

  /** Has listened to a voice note. */
  played(message: ReceivedMessage): void {
    this.#sendReceipt(message, 'played');
  }

  /** Shows "typing…" to somebody. */
  type(to: string, state: 'composing' | 'recording' | 'paused' = 'composing'): void {
    const inner = state === 'recording' ? stanza('composing', { media: 'audio' }) : stanza(state);
    const node = stanza('chatstate', { to: this.#addressOf(to) }, [inner]);
    this.#world.router.chatState(this.#writing.phone.device, node);
  }

  /** To the clients that have subscribed to it. */
  presence(type: 'available' | 'unavailable'): void {
    this.#world.presence(this.account, type);
  }

  block(numberOrJid: string): void {
    const { number } = this.#needAccount(numberOrJid);
    if (!this.account.blocked.includes(number)) this.account.blocked.push(number);
    this.#world.directory.saveAccount(this.account);
  }

  unblock(numberOrJid: string): void {
    const { number } = this.#needAccount(numberOrJid);
    this.account.blocked = this.account.blocked.filter((one) => one !== number);
    this.#world.directory.saveAccount(this.account);
  }

  /** Hands the other side a token that shows it is trusted; its messages then carry it. */
  trust(to: string): void {
    const t = this.#world.timers.seconds();
    const value = sha256(Buffer.from(`${this.lid} ${t}`));
    const token = stanza('token', { jid: this.jid, t, type: 'trusted_contact' }, value);
    const id = hexId(this.#world.random, '', 10);
    const attributes = { from: this.jid, sender_lid: this.lid, type: 'privacy_token', id, t };
    for (const device of this.#world.directory.devices(this.#needAccount(to).number)) {
      if (device.kind !== 'client') continue;
      this.#world.router.toClient(device, stanza('notification', attributes, [stanza('tokens', {}, [token])]));
    }
  }

  /** Downloads and decrypts what a message carries; checks hashes and MAC. */
  async media(message: { readonly content: proto.IMessage }): Promise<Buffer> {
    const part = mediaOf(message.content);
    if (!part) throw new Error('the message carries no media');
    const blob = await this.#world.media.blob(part.directPath);
    checkHash('encrypted', blob, part.fileEncSha256);
    const plain = openMedia(part.kind, part.mediaKey, blob);
    checkHash('decrypted', plain, part.fileSha256);
    return plain;
  }

  /** Forgets the sessions with all devices of somebody: a phone that lost its database. */
  forgetSessions(numberOrJid: string): void {
    const { number } = this.#needAccount(numberOrJid);
    for (const { signal } of this.handsets.values()) {
      for (const peer of signal.peers()) if (peer.startsWith(`${number}:`)) signal.dropSessions(peer);
    }
  }

  /** Plumbing between the phone and one of its own clients: keys, history. */
  async sendPeer(device: Device, contents: readonly proto.IMessage[]): Promise<void> {
    for (const content of contents) {
      await this.#exclusively(async () => {
        const id = hexId(this.#world.random, '3A', 20);
        this.#world.router.message(this.#writing.phone.device, await this.#writing.peerStanza(device, content, id));
      });
    }
  }

  /** Something arrived for this person's devices; `also` is committed with it. Called by the network only. */
  take(copies: readonly Copy[], also: readonly Write[]): Promise<void> {
    return this.#exclusively(async () => {
      const { message, isNew } = await this.#reading.open(copies, also);
      if (!message) return;
      if (isNew) this.#arrivals.put(message);
      if (!message.own) this.#respond(message, isNew);
    });
  }

  /** Called by the network only. */
  takeReceipt(device: Device, receipt: Stanza): void {
    const jid = receipt.attrs.participant ?? receipt.attrs.from;
    if (receipt.attrs.type === 'retry') {
      this.#exclusively(() => this.#sendAgain(device, receipt, jid)).catch(this.#world.report);
      return;
    }
    if (device.id !== 0) return;
    const from = this.#world.directory.accountOf(jid)?.number ?? '';
    const taken = { ids: receiptIds(receipt), from, type: receipt.attrs.type ?? 'delivered' };
    this.receipts.push(taken);
    const most = this.#world.keptReceipts;
    if (this.receipts.length > most) this.receipts.splice(0, most / 2);
    this.#receiptArrivals.put(taken);
  }

  /** Called by the network only. */
  takeChatState(state: ChatState): void {
    this.#chatStates.put(state);
  }

  /** Settles when nothing is being worked on. */
  idle(): Promise<void> {
    return this.#work;
  }

  stop(): void {
    this.#arrivals.stop();
    this.#receiptArrivals.stop();
    this.#chatStates.stop();
  }

  /** Somebody could not read what this person sent. */
  async #sendAgain(device: Device, receipt: Stanza, jid: string | undefined): Promise<void> {
    const handset = this.handsets.get(device.id);
    const message = this.sent.find((one) => one.whatsappId === receipt.attrs.id);
    const reader = this.#world.directory.deviceOf(jid);
    if (!handset || !message || !reader) return;
    const node = await this.#writing.againStanza(handset, message, reader, receipt);
    this.#world.router.message(handset.device, node);
  }

  /** Receipts and answers, as this person's manner has it. A message that came again is confirmed again. */
  #respond(message: ReceivedMessage, isNew: boolean): void {
    const { delivered = 0, read = 'never', reply } = this.manner;
    this.#later(delivered, () => {
      this.#sendReceipt(message, undefined);
      this.#later(read, () => this.read(message));
    });
    if (!isNew || !reply || (isGroup(message.chat) && !this.#echoesInGroup(message))) return;
    const text = 'echo' in reply ? message.text : reply.text;
    const to = isGroup(message.chat) ? message.chat : message.fromJid;
    if (text !== undefined) this.send(to, text).catch(this.#world.report);
  }

  /** Two who answer each other would never end. */
  #echoesInGroup({ fromJid }: ReceivedMessage): boolean {
    const { reply } = this.manner;
    return reply !== undefined && 'echo' in reply && MANNERS[this.#needAccount(fromJid).number]?.reply === undefined;
  }

  #later(ms: 'never' | number, run: () => void): void {
    if (ms === 0) run();
    else if (ms !== 'never') this.#world.timers.after(ms, run);
  }

  #sendReceipt(message: ReceivedMessage, type: string | undefined): void {
    const { whatsappId: id, chat, fromJid } = message;
    const address = isGroup(chat) ? { to: chat, participant: fromJid } : { to: fromJid };
    const node = stanza('receipt', { id, ...address, type, t: this.#world.timers.seconds() });
    this.#world.router.receipt(this.#writing.phone.device, node);
  }

  /** A message with its author's bare name, as this person's phone knows it. */
  #asked(message: ReceivedMessage | SentMessage, as: Namespace = this.writesAs): Poll {
    const { whatsappId, content } = message;
    if (!('fromJid' in message)) return { whatsappId, content, author: this.#world.directory.jid(this.account, as) };
    const author = this.#needAccount(message.fromJid);
    return { whatsappId, content, author: this.#world.directory.jid(author, namespaceOf(needJid(message.fromJid))) };
  }

  #ownName({ author }: Poll): string {
    return this.#world.directory.jid(this.account, namespaceOf(needJid(author)));
  }

  #needAccount(numberOrJid: string): Account {
    const { directory } = this.#world;
    const isJid = numberOrJid.includes('@');
    const account = isJid ? directory.accountOf(numberOrJid) : directory.account(toNumber(numberOrJid));
    if (!account) throw new Error(`nobody is called ${numberOrJid} in this network`);
    return account;
  }

  #addressOf(to: string, as?: Namespace): string {
    if (isGroup(to)) return to;
    const given = parseJid(to);
    return this.#world.directory.jid(this.#needAccount(to), as ?? (given ? namespaceOf(given) : this.writesAs));
  }

  /** One thing at a time: two operations on one session at once would read the same ratchet. */
  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#work.then(run);
    const next = () => undefined;
    // Whoever asked for the work hears of its failure; the next in line must still have a turn.
    this.#work = result.then(next, next);
    return result;
  }
}

function needJid(text: string) {
  const jid = parseJid(text);
  if (!jid) throw new Error(`${text} is no address`);
  return jid;
}

function checkHash(what: string, data: Buffer, expected: Uint8Array | undefined): void {
  if (expected && !sha256(data).equals(expected)) throw new Error(`the ${what} bytes do not match their hash`);
}
