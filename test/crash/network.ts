import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type AutoReceipts,
  type Network,
  type NetworkOptions,
  type Stanza,
  startNetwork,
} from '../../simulator/index.ts';
import { watchLines } from './lines.ts';
import { serve, tell } from './part.ts';
import { type Frame, framesOf, type RatchetWitness, watchRatchet } from './ratchet.ts';

/**
 * The WhatsApp network of the crash tests, in a process of its own that nobody kills: it keeps the books. What a recipient has
 * decrypted is written down here and nowhere else.
 */

export interface Seen {
  readonly reader: string;
  readonly chat: string;
  readonly from: string;
  readonly whatsappId: string;
  readonly text: string;
  /** Unix ms. */
  readonly at: number;
  /** How often it came again with the same id. */
  readonly again: number;
}

export interface SentByContact {
  readonly contact: string;
  readonly whatsappId: string;
  readonly text: string;
  /** The gateway has said that it has it. */
  readonly receipted: boolean;
}

let network: Network | undefined;
let witness: RatchetWitness | undefined;
let retriesOfClient = 0;
let messageFrames = 0;
let losesPairing = false;
let lines: ReturnType<typeof watchLines> | undefined;
const said = new Map<string, string>();
const confirmed = new Set<string>();

const need = (): Network => {
  if (!network) throw new Error('the network is not started');
  return network;
};

/**
 * What the client says it has. Not the receipts that contacts get: the account's own phone sends those, too. An ack counts as well:
 * after it the network holds the message no longer.
 */
function confirm({ tag, attrs, content }: Stanza): void {
  if (tag !== 'receipt' && !(tag === 'ack' && attrs.class === 'message')) return;
  if (attrs.type === 'retry') {
    retriesOfClient += 1;
    return;
  }
  if (attrs.id) confirmed.add(attrs.id);
  tell('confirmed', null);
  if (!Array.isArray(content)) return;
  for (const list of content)
    if (Array.isArray(list.content)) for (const item of list.content) if (item.attrs.id) confirmed.add(item.attrs.id);
}

function look(node: Stanza): void {
  confirm(node);
  if (node.tag !== 'message') return;
  messageFrames += 1;
  tell('frame', null);
  const frames: readonly Frame[] = witness ? framesOf(node) : [];
  witness?.check(frames);
}

const isPairingReply = ({ tag, content }: Stanza): boolean =>
  tag === 'iq' && Array.isArray(content) && content.some((child) => child.tag === 'pair-device-sign');

function readersOf(phones: readonly string[]) {
  return need()
    .contacts()
    .filter(({ number }) => !phones.includes(number));
}

const calls = {
  async start(options: NetworkOptions) {
    network = await startNetwork({ ...options, transcriptLimit: 50 });
    network.onStanza((_connection, node) => {
      look(node);
      if (!losesPairing || !isPairingReply(node)) return undefined;
      losesPairing = false;
      return 'swallow';
    });
    return { url: network.url, ca: network.mediaAuthority, rootKey: Buffer.from(network.rootKey).toString('hex') };
  },

  contacts(numbers: readonly string[], receipts: AutoReceipts) {
    for (const number of numbers) need().contact(number).autoReceipts = receipts;
  },

  group: (subject: string, numbers: readonly string[]) => need().group(subject, numbers).jid,

  /** False: the client that showed the code has gone meanwhile. */
  scan: (number: string, qr: string) =>
    need()
      .phone(number)
      .scan(qr)
      .then(
        () => true,
        () => false,
      ),

  send: async (from: string, to: string, text: string) => {
    const { whatsappId } = await need().contact(from).send(to, text);
    said.set(whatsappId, text);
    return whatsappId;
  },

  /** Waits until each of these (reader, text) was decrypted; gives those that were not within the time. */
  async missing(expected: readonly (readonly [reader: string, text: string])[], timeoutMs: number) {
    const open = new Map(
      Map.groupBy(expected, ([reader]) => reader)
        .entries()
        .map(([reader, list]) => [reader, new Set(list.map(([, text]) => text))]),
    );
    const read = new Map<string, number>();
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      for (const [reader, texts] of open) {
        const { messages } = need().contact(reader);
        for (const { text } of messages.slice(read.get(reader) ?? 0)) if (text !== undefined) texts.delete(text);
        read.set(reader, messages.length);
        if (texts.size === 0) open.delete(reader);
      }
      if (open.size === 0 || performance.now() >= deadline)
        return [...open].flatMap(([reader, texts]) => [...texts].map((text): [string, string] => [reader, text]));
      await pause(50);
    }
  },

  seen(phones: readonly string[]): Seen[] {
    return readersOf(phones).flatMap(({ number, messages }) =>
      messages.flatMap(({ chat, from, whatsappId, text, at, again, own }) =>
        own || text === undefined ? [] : [{ reader: number, chat, from, whatsappId, text, at, again }],
      ),
    );
  },

  counters: () => ({ ...need().counters.total, messageFrames, retriesOfClient, errors: need().errors.map(String) }),

  sentByContacts(phones: readonly string[]): SentByContact[] {
    return readersOf(phones).flatMap(({ number, sent }) =>
      sent.flatMap(({ whatsappId }) => {
        const text = said.get(whatsappId);
        return text === undefined ? [] : [{ contact: number, whatsappId, text, receipted: confirmed.has(whatsappId) }];
      }),
    );
  },

  /** Waits until all that contacts sent was receipted; gives the ids that were not. */
  async unreceipted(phones: readonly string[], timeoutMs: number): Promise<string[]> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const open = calls.sentByContacts(phones).filter(({ receipted }) => !receipted);
      if (open.length === 0 || performance.now() >= deadline) return open.map(({ whatsappId }) => whatsappId);
      await pause(100);
    }
  },

  /** The next client that says "I am paired" is not heard: the line went with the process. */
  losePairing(loses: boolean) {
    losesPairing = loses;
  },

  loseAcks(probability: number) {
    need().faults.loseAcks({ probability });
  },

  /** The line is cut at these messages of the client, counted from now. */
  cutAt(places: readonly { readonly at: number; readonly when: 'before' | 'after' }[]) {
    for (const { at, when } of places) need().faults.cutAt(at, { tag: 'message', when });
  },

  clearFaults() {
    need().faults.clear();
  },

  connected: () => need().connected(),

  /** From now on it is looked who is connected, so often that no login between two looks is missed. */
  watchLines(everyMs: number) {
    lines = watchLines(() => need().connected(), everyMs);
  },

  lines: () => lines?.told() ?? { looks: 0, twice: 0, longestAway: 0 },

  /** From now on each frame's ratchet steps are looked up in the gateway's database before the network takes the frame. */
  watch(database: string, masterKey: string) {
    witness = watchRatchet(
      new DatabaseSync(database, { readOnly: true, timeout: 2_000 }),
      Buffer.from(masterKey, 'hex'),
    );
  },

  witnessed() {
    const { checked, behind } = witness ?? { checked: 0, behind: [] };
    return { checked, behind: [...behind] };
  },

  stop: () => need().stop(),
};

export type NetworkCalls = typeof calls;

serve(calls);
