import type { Channels } from './channels.ts';
import type { Timers } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Account, Device, Directory } from './directory.ts';
import type { AckFault, Faults } from './faults.ts';
import type { Group, Groups } from './groups.ts';
import { formatJid, isChannel, isGroup, isList, type Jid, LID, type Namespace, namespaceOf, parseJid } from './jid.ts';
import type { Mailboxes } from './mailbox.ts';
import type { Manner } from './manners.ts';
import { child, children, type Stanza, stanza } from './stanza.ts';

/** One device's copy of a message, as the server hands it over. */
export interface Copy {
  readonly device: Device;
  readonly node: Stanza;
}

/** The simulated people, as the server sees them. */
export interface Handsets {
  /** Settles when the copies were opened and the receipts sent. */
  takeMessage(number: string, copies: readonly Copy[]): Promise<void>;
  takeReceipt(device: Device, receipt: Stanza): void;
  takeChatState(number: string, from: string, state: string): void;
  mannerOf(number: string): Manner;
}

export interface RouterParts {
  readonly directory: Directory;
  readonly mailboxes: Mailboxes;
  readonly groups: Groups;
  readonly channels: Channels;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly timers: Timers;
  /** The open connection of a client device that is past its offline queue. */
  readonly live: (device: Device) => Connection | undefined;
  readonly report: (error: unknown) => void;
}

/** Attributes of a message that go on to its readers as they are. */
const KEPT = ['type', 'edit', 'category', 'push_priority'] as const;

/** The post office: takes messages, receipts and typing from any device and brings them to the others. */
export class Router {
  readonly #parts: RouterParts;
  #handsets: Handsets | undefined;
  /** Group messages whose receipts are told together (`address message-id`), with those that have come, by their type. */
  readonly #together = new Map<string, Map<string | undefined, Stanza[]>>();
  /** Messages whose receipts wait until the client connects again; `address message-id`. */
  readonly #heldReceipts = new Set<string>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  attach(handsets: Handsets): void {
    this.#handsets = handsets;
  }

  /** A message from a device. Clients get an ack (or not: faults, manners); then it goes to its readers. */
  message(sender: Device, node: Stanza): void {
    const chat = this.#chatOf(node);
    const verdict = this.#verdict(sender, chat);
    if (verdict?.is === 'refused') {
      this.#ack(sender, node, verdict.code);
      return;
    }
    const timing = sender.kind === 'client' ? this.#receiptTiming(sender, chat, node) : undefined;
    const delivered = this.#deliverMessage(sender, node, chat);
    const answer = () => this.#answer(sender, node, verdict);
    if (timing === 'before-ack') delivered.then(answer, this.#parts.report);
    else {
      answer();
      delivered.catch(this.#parts.report);
    }
  }

  /** A receipt from a device, to whoever the message was from. */
  receipt(sender: Device, node: Stanza): void {
    if (node.attrs.type !== 'retry') this.#parts.mailboxes.receipted(sender, receiptIds(node));
    const { to } = node.attrs;
    const own = this.#account(sender);
    const address = parseJid(isList(to) ? node.attrs.participant : to);
    const target = this.#parts.directory.accountOf(address);
    if (isGroup(to)) this.#groupReceipt(sender, node);
    else if (address && target && target !== own) this.#directReceipt(sender, node, target, address);
    else this.#ownReceipt(sender, node);
  }

  #directReceipt(sender: Device, node: Stanza, target: Account, to: Jid): void {
    const isRetry = node.attrs.type === 'retry';
    const forwarded = this.#forwardReceipt(node, {
      // Receipts speak for the person, retries for the very device that cannot read.
      from: this.#parts.directory.jid(this.#account(sender), namespaceOf(to), isRetry ? sender.id : 0),
    });
    this.#handReceipt(target, forwarded, receiptIds(node), isRetry ? to.device : undefined);
  }

  chatState(sender: Device, node: Stanza): void {
    const { to } = node.attrs;
    const state = children(node)[0];
    if (!to || !state) return;
    const kind = state.tag === 'composing' && state.attrs.media === 'audio' ? 'recording' : state.tag;
    if (isGroup(to)) return;
    const target = this.#parts.directory.accountOf(to);
    const jid = parseJid(to);
    if (!target || !jid) return;
    const from = this.#parts.directory.jid(this.#account(sender), namespaceOf(jid));
    this.#need().takeChatState(target.number, from, kind);
    this.#toLive(target, stanza('chatstate', { from }, [state]));
  }

  /** Presence goes to whoever subscribed. */
  presence(account: Account, type: 'available' | 'unavailable', subscribers: readonly Connection[]): void {
    const from = this.#parts.directory.jid(account, 'pn');
    const last = type === 'unavailable' ? this.#parts.timers.seconds() : undefined;
    for (const connection of subscribers) connection.send(stanza('presence', { from, type, last }));
  }

  /** To a client: kept until it confirms, and sent at once when it is there. */
  toClient(device: Device, node: Stanza): void {
    this.#parts.mailboxes.put(device, node);
    this.#parts.live(device)?.send(node);
  }

  async #deliverMessage(sender: Device, node: Stanza, chat: string | undefined): Promise<void> {
    if (isChannel(chat)) return this.#parts.channels.take(sender, node);
    const copies = isGroup(node.attrs.to) ? this.#groupCopies(sender, node) : this.#directCopies(sender, node);
    const forOthers = copies.some((copy) => copy.device.number !== sender.number);
    const toSelf = chat === sender.number || node.attrs.recipient !== undefined;
    const unread = isGroup(chat) ? children(node, 'enc').length + copies.length === 0 : !forOthers && !toSelf;
    if (unread) this.#parts.counters.count('withoutCiphertext', chat ?? 'unknown');
    await this.#handOver(copies);
  }

  async #handOver(copies: readonly Copy[]): Promise<void> {
    const byNumber = new Map<string, Copy[]>();
    for (const copy of copies) {
      if (copy.device.kind === 'client') this.toClient(copy.device, copy.node);
      else byNumber.set(copy.device.number, [...(byNumber.get(copy.device.number) ?? []), copy]);
    }
    await Promise.all([...byNumber].map(([number, own]) => this.#need().takeMessage(number, own)));
  }

  #directCopies(sender: Device, node: Stanza): Copy[] {
    const account = this.#account(sender);
    return ciphertexts(node).flatMap(({ jid, enc }): Copy[] => {
      const device = this.#parts.directory.deviceOf(jid);
      const address = parseJid(jid);
      // A stale device list names devices that are gone; their copies have nowhere to go.
      if (!device || !address || device === sender || this.#isBlocked(device, sender)) return [];
      const attributes = this.#directAttributes(account, sender, device, namespaceOf(address), node);
      return [{ device, node: this.#copy(node, attributes, account, enc) }];
    });
  }

  #directAttributes(from: Account, sender: Device, to: Device, namespace: Namespace, node: Stanza) {
    const { directory } = this.#parts;
    const other: Namespace = namespace === 'pn' ? 'lid' : 'pn';
    const attributes = { from: directory.jid(from, namespace, sender.id) };
    const isOwn = to.number === from.number;
    // Its readers see the list's name, and its writer as in a group (whatsmeow, message.go: parseMessageSource).
    if (isList(node.attrs.to))
      return {
        from: node.attrs.to,
        participant: attributes.from,
        [`participant_${other}`]: directory.jid(from, other),
      };
    if (!isOwn || node.attrs.category === 'peer')
      return { ...attributes, [`${isOwn ? 'peer_recipient' : 'sender'}_${other}`]: directory.jid(from, other) };
    // A copy of one's own message names whom it went to, in both namespaces (whatsmeow, message.go: parseMessageSource).
    const chat = parseJid(node.attrs.recipient ?? node.attrs.to);
    const reader = directory.accountOf(chat);
    return {
      ...attributes,
      recipient: chat ? formatJid(chat.user, chat.server) : undefined,
      [`peer_recipient_${other}`]: reader && directory.jid(reader, other),
    };
  }

  #groupCopies(sender: Device, node: Stanza): Copy[] {
    const { directory, groups } = this.#parts;
    const group = groups.find(node.attrs.to ?? '');
    const account = this.#account(sender);
    if (!group?.members.some((member) => member.number === account.number)) return [];
    const shared = children(node, 'enc');
    const own = ciphertexts({ ...node, content: children(node, 'participants') });
    const only = node.attrs.participant;
    const attributes = {
      from: group.jid,
      ...groups.participant(group, account, sender.id),
      addressing_mode: group.addressing,
    };
    return group.members
      .flatMap((member) => directory.devices(member.number))
      .filter((device) => device !== sender)
      .filter((device) => only === undefined || directory.deviceOf(only) === device)
      .flatMap((device): Copy[] => {
        const distribution = own.filter(({ jid }) => directory.deviceOf(jid) === device).map(({ enc }) => enc);
        return [{ device, node: this.#copy(node, attributes, account, ...distribution, ...shared) }];
      });
  }

  #copy(node: Stanza, attributes: Record<string, string | undefined>, from: Account, ...content: Stanza[]): Stanza {
    const kept = Object.fromEntries(KEPT.map((name) => [name, node.attrs[name]]));
    const identity = children(node, 'device-identity');
    const t = this.#parts.timers.seconds();
    const id = node.attrs.id;
    return stanza('message', { ...attributes, id, t, ...kept, notify: from.name }, [...content, ...identity]);
  }

  #groupReceipt(sender: Device, node: Stanza): void {
    const { directory, groups } = this.#parts;
    const group = groups.find(node.attrs.to ?? '');
    const author = directory.accountOf(node.attrs.participant);
    if (!group || !author) return;
    const isRetry = node.attrs.type === 'retry';
    const { participant } = groups.participant(group, this.#account(sender), isRetry ? sender.id : 0);
    const together = isRetry ? undefined : this.#joint(group, author, node, participant);
    if (together === 'incomplete') return;
    const forwarded = together ?? this.#forwardReceipt(node, { from: group.jid, participant });
    const onlyDevice = isRetry ? (parseJid(node.attrs.participant)?.device ?? 0) : undefined;
    this.#handReceipt(author, forwarded, receiptIds(node), onlyDevice);
  }

  /** The receipts of all members in one; undefined when this message's are told each by itself. */
  #joint(group: Group, author: Account, node: Stanza, jid: string): Stanza | 'incomplete' | undefined {
    const { id, type } = node.attrs;
    const addresses = this.#parts.directory.devices(author.number).map(({ address }) => `${address} ${id}`);
    const byType = addresses.map((address) => this.#together.get(address)).find((found) => found !== undefined);
    if (!byType) return undefined;
    const users = byType.get(type) ?? [];
    byType.set(type, users);
    users.push(stanza('user', { jid, t: this.#parts.timers.seconds() }));
    if (users.length < group.members.length - 1) return 'incomplete';
    const attributes = { from: group.jid, id, type, t: this.#parts.timers.seconds() };
    return stanza('receipt', attributes, [stanza('participants', { key: id }, users)]);
  }

  /** Of an own-device copy: only a retry has somewhere to go, the device that sent it. */
  #ownReceipt(sender: Device, node: Stanza): void {
    const to = this.#parts.directory.deviceOf(node.attrs.to);
    if (!to || to === sender) return;
    const jid = parseJid(node.attrs.to);
    const from = this.#parts.directory.jid(this.#account(sender), jid?.server === LID ? 'lid' : 'pn', sender.id);
    const forwarded = this.#forwardReceipt(node, { from, recipient: node.attrs.recipient });
    if (to.kind === 'handset') this.#need().takeReceipt(to, forwarded);
    else if (node.attrs.type === 'retry') this.toClient(to, forwarded);
  }

  #forwardReceipt(node: Stanza, attributes: Record<string, string | undefined>): Stanza {
    const { id, type, t } = node.attrs;
    const at = t ?? this.#parts.timers.seconds();
    return stanza('receipt', { ...attributes, id, type, t: at }, node.content);
  }

  #handReceipt(target: Account, receipt: Stanza, ids: readonly string[], onlyDevice: number | undefined): void {
    for (const device of this.#parts.directory.devices(target.number)) {
      if (onlyDevice !== undefined && device.id !== onlyDevice) continue;
      if (device.kind === 'handset') this.#need().takeReceipt(device, receipt);
      else if (ids.some((id) => this.#heldReceipts.has(`${device.address} ${id}`))) {
        this.#parts.mailboxes.put(device, receipt);
      } else this.toClient(device, receipt);
    }
  }

  #receiptTiming(sender: Device, chat: string | undefined, node: Stanza) {
    const timing = this.#parts.faults.strike('receipts', { chat, account: sender.number })?.timing;
    if (timing === 'together') this.#together.set(`${sender.address} ${node.attrs.id}`, new Map());
    if (timing === 'after-reconnect') this.#heldReceipts.add(`${sender.address} ${node.attrs.id}`);
    return timing;
  }

  /** What the server does with the message, if not the ordinary. */
  #verdict(sender: Device, chat: string | undefined): AckFault | undefined {
    if (sender.kind !== 'client') return undefined;
    const fault = this.#parts.faults.strike('ack', { chat, account: sender.number });
    if (fault) return fault;
    if (!this.#mayWrite(sender, chat)) return { is: 'refused', code: 403 };
    const acknowledge =
      chat && !isGroup(chat) && !isChannel(chat) ? this.#need().mannerOf(chat).acknowledge : undefined;
    if (acknowledge === undefined) return undefined;
    return acknowledge === 'never' ? { is: 'lost' } : { is: 'refused', code: acknowledge };
  }

  /** Groups take messages of members only, announcement groups of admins only, channels of their owner. */
  #mayWrite(sender: Device, chat: string | undefined): boolean {
    if (chat && isChannel(chat)) return this.#parts.channels.mayPost(sender, chat);
    if (!chat || !isGroup(chat)) return true;
    const group = this.#parts.groups.find(chat);
    const member = group?.members.find((one) => one.number === sender.number);
    return member !== undefined && (!group?.announcement || member.role !== undefined);
  }

  #answer(sender: Device, node: Stanza, verdict: AckFault | undefined): void {
    if (verdict?.is === 'lost') return;
    if (verdict?.is === 'late') this.#parts.timers.after(verdict.ms, () => this.#ack(sender, node));
    else this.#ack(sender, node);
  }

  #ack(sender: Device, node: Stanza, error?: number): void {
    const { id, to, participant } = node.attrs;
    const t = this.#parts.timers.seconds();
    this.#parts.live(sender)?.send(stanza('ack', { class: 'message', id, from: to, participant, t, error }));
  }

  #chatOf(node: Stanza): string | undefined {
    const { to } = node.attrs;
    return isGroup(to) || isList(to) || isChannel(to) ? to : this.#parts.directory.accountOf(to)?.number;
  }

  /** The server drops what comes from somebody whom the reader has blocked, and tells nobody. */
  #isBlocked(reader: Device, sender: Device): boolean {
    return this.#parts.directory.account(reader.number)?.blocked.includes(sender.number) ?? false;
  }

  #toLive(account: Account, node: Stanza): void {
    for (const device of this.#parts.directory.devices(account.number)) this.#parts.live(device)?.send(node);
  }

  #account(device: Device): Account {
    return this.#parts.directory.needAccount(device.number);
  }

  #need(): Handsets {
    if (!this.#handsets) throw new Error('the router has no handsets yet');
    return this.#handsets;
  }
}

/** Who gets which ciphertext: the list of participants, or the single one of a re-send or a peer message. */
function ciphertexts(node: Stanza): { jid: string; enc: Stanza }[] {
  const listed = children(child(node, 'participants'), 'to').flatMap((to) => {
    const enc = child(to, 'enc') ?? child(to, 'unavailable');
    return enc && to.attrs.jid ? [{ jid: to.attrs.jid, enc }] : [];
  });
  const single = child(node, 'enc');
  return single && node.attrs.to ? [...listed, { jid: node.attrs.to, enc: single }] : listed;
}

export function receiptIds(node: Stanza): string[] {
  const more = children(child(node, 'list'), 'item').map((item) => item.attrs.id);
  return [node.attrs.id, ...more].filter((id): id is string => id !== undefined);
}
