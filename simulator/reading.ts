import type { proto } from 'baileys';
import { essence, isShown, textOf } from './content.ts';
import type { Account } from './directory.ts';
import type { Handset, OpenedCopy } from './handset.ts';
import { isGroup } from './jid.ts';
import type { MessageBook, ReceivedMessage } from './messages.ts';
import type { World } from './people.ts';
import { RatchetSteps } from './ratchet-steps.ts';
import type { Copy } from './routing.ts';
import { bigEndian, children, type Stanza, stanza } from './stanza.ts';
import type { Write } from './store.ts';

/** Phones ask five times, then leave "waiting for this message". */
const RETRIES = 5;

export interface Person {
  readonly account: Account;
  readonly handsets: ReadonlyMap<number, Handset>;
}

export interface Opened {
  /** The message, if some device could read it. */
  readonly message: ReceivedMessage | undefined;
  /** Nobody here had it before. */
  readonly isNew: boolean;
}

/** One person's reading: opens the copies of all devices, keeps the oldest, counts what must not be, asks again. */
export class Reading {
  readonly #person: Person;
  readonly #world: World;
  readonly #book: MessageBook;
  readonly #steps: RatchetSteps;
  /** Retries asked, by device and message. */
  readonly #asked = new Map<string, number>();

  constructor(person: Person, world: World, book: MessageBook) {
    this.#person = person;
    this.#world = world;
    this.#book = book;
    this.#steps = new RatchetSteps(world.keptSteps);
  }

  /** Opens one message's copies and commits what they changed, together with `also`. */
  async open(copies: readonly Copy[], also: readonly Write[]): Promise<Opened> {
    const writes: Write[] = [...also];
    let message: ReceivedMessage | undefined;
    let isNew = false;
    for (const { device, node } of copies) {
      const handset = this.#person.handsets.get(device.id);
      const opened = handset && (await this.#openCopy(handset, node));
      if (!opened) continue;
      writes.push(...opened.writes);
      message ??= this.#book.find(node.attrs.id);
      if (!this.#isForReading(node, opened.content)) continue;
      const filed = this.#file(handset, node, opened);
      message = filed.message;
      isNew ||= filed.isNew;
      writes.push(...filed.writes);
    }
    this.#world.store.commit(writes);
    return { message, isNew };
  }

  /** The content, or undefined after the misfortune was counted and a retry was asked for. */
  async #openCopy(handset: Handset, node: Stanza): Promise<OpenedCopy | undefined> {
    const { faults, counters } = this.#world;
    const ciphertexts = children(node, 'enc');
    const retry = faults.strike('retry', { chat: this.#number, account: this.#senderOf(node) });
    if (retry) {
      this.#askAgain(handset, node, retry.keys);
      return undefined;
    }
    const seen = this.#seen(handset, node, ciphertexts);
    if (seen === 'same') {
      // The very frame again, as careful clients send it after a reconnect: nothing new to read.
      return { content: {}, sentTo: undefined, writes: this.#countAgain(handset, node) };
    }
    if (seen === 'other') counters.count('reusedRatchetSteps', this.#number);
    try {
      const opened = await handset.open(node, ciphertexts);
      for (const enc of ciphertexts) this.#steps.remember(this.#place(handset, node, enc), enc);
      return opened;
    } catch (error) {
      counters.count('undecryptable', this.#number);
      this.#world.note(`${handset.device.address} cannot read ${node.attrs.id}: ${String(error)}`);
      this.#askAgain(handset, node, false);
      return undefined;
    }
  }

  /** Not: plumbing, nor what another simulated device of the same person sent. */
  #isForReading(node: Stanza, content: proto.IMessage): boolean {
    if (!isShown(content) || node.attrs.category === 'peer') return false;
    const sender = this.#world.directory.deviceOf(senderJid(node));
    return sender?.number !== this.#number || sender.kind === 'client';
  }

  #file(handset: Handset, node: Stanza, opened: OpenedCopy) {
    const filed = this.#book.keep(handset.device.id, this.#messageOf(node, opened));
    const writes = [...filed.writes];
    if (filed.kept === 'again') writes.push(...this.#countAgain(handset, node));
    if (filed.kept === 'other') {
      const { content, whatsappId, again } = filed.message;
      this.#world.counters.count('reusedIds', this.#number);
      this.#world.note(`${this.#number}: ${whatsappId} was ${essence(content)} and came as ${essence(opened.content)}`);
      writes.push(...this.#book.mark(filed.message, { again: again + 1 }));
    }
    return { message: filed.message, isNew: filed.kept === 'new', writes };
  }

  /** Companions see each re-delivery too: the phone's count is enough. Re-sends that somebody asked for are no fault. */
  #countAgain(handset: Handset, node: Stanza): Write[] {
    const known = this.#book.find(node.attrs.id);
    if (!known || handset.device.id !== 0 || this.#world.retried.has(known.whatsappId)) return [];
    this.#world.counters.count('redelivered', this.#number);
    return this.#book.mark(known, { again: known.again + 1 });
  }

  #messageOf(node: Stanza, { content, sentTo }: OpenedCopy): ReceivedMessage {
    const from = this.#senderOf(node);
    const own = from === this.#number;
    const group = isGroup(node.attrs.from) ? node.attrs.from : undefined;
    const partner = own ? this.#world.directory.accountOf(node.attrs.recipient ?? sentTo)?.number : from;
    return {
      whatsappId: node.attrs.id ?? '',
      from,
      fromJid: senderJid(node) ?? '',
      chat: group ?? partner ?? from,
      content,
      text: textOf(content),
      at: this.#world.timers.now(),
      own,
      copies: new Map(),
      again: 0,
      isRead: false,
    };
  }

  #askAgain(handset: Handset, node: Stanza, withKeys: boolean): void {
    const { id = '', from, participant, recipient, t } = node.attrs;
    const key = `${handset.device.address} ${id}`;
    const count = (this.#asked.get(key) ?? 0) + 1;
    if (count > RETRIES) return;
    this.#asked.set(key, count);
    this.#world.retried.add(id);
    this.#world.counters.count('retriesAsked', this.#number);
    const now = this.#world.timers.seconds();
    const content = [
      stanza('retry', { count, id, t, v: 1, error: 0 }),
      stanza('registration', {}, bigEndian(handset.device.keys.registrationId, 4)),
      ...(withKeys || count > 1 ? [handset.keysNode()] : []),
    ];
    const attributes = {
      id,
      type: 'retry',
      to: from,
      participant: isGroup(from) ? participant : undefined,
      recipient,
      t: now,
    };
    this.#world.router.receipt(handset.device, stanza('receipt', attributes, content));
  }

  /** The last ciphertext is the message itself; one before it can only be a sender key. */
  #seen(handset: Handset, node: Stanza, ciphertexts: readonly Stanza[]): 'no' | 'same' | 'other' {
    const last = ciphertexts.at(-1);
    return last ? this.#steps.seen(this.#place(handset, node, last), last) : 'no';
  }

  #place(handset: Handset, node: Stanza, enc: Stanza): string {
    const sender = this.#world.directory.deviceOf(senderJid(node));
    return `${handset.device.id} ${sender?.address} ${enc.attrs.type === 'skmsg' ? node.attrs.from : ''}`;
  }

  #senderOf(node: Stanza): string {
    return this.#world.directory.accountOf(senderJid(node))?.number ?? '';
  }

  get #number(): string {
    return this.#person.account.number;
  }
}

function senderJid(node: Stanza): string | undefined {
  return node.attrs.participant ?? node.attrs.from;
}
