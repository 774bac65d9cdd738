import type { proto } from 'baileys';
import type { SendOptions } from './contact.ts';
import { stanzaType } from './content.ts';
import type { Account, Device } from './directory.ts';
import { encNode, type Handset } from './handset.ts';
import { isGroup, namespaceOf, parseJid } from './jid.ts';
import type { SentMessage } from './messages.ts';
import type { World } from './people.ts';
import type { Person } from './reading.ts';
import { children, type Stanza, stanza } from './stanza.ts';

/** One person's writing: makes the stanzas, encrypted for each device that shall read them. */
export class Writing {
  readonly #person: Person;
  readonly #world: World;

  constructor(person: Person, world: World) {
    this.#person = person;
    this.#world = world;
  }

  stanza(message: SentMessage, options: SendOptions = {}): Promise<Stanza> {
    return isGroup(message.to) ? this.#groupStanza(message) : this.#directStanza(message, options);
  }

  /** Plumbing between the phone and one of its own clients. */
  async peerStanza(device: Device, content: proto.IMessage, id: string): Promise<Stanza> {
    const to = this.#world.directory.jid(this.#person.account, 'pn', device.id);
    const sealed = await this.phone.seal(device, content);
    return stanza('message', { id, to, type: 'text', category: 'peer' }, [encNode(sealed)]);
  }

  /** What was sent before, once more for one device, on a new session. */
  async againStanza(handset: Handset, message: SentMessage, reader: Device, receipt: Stanza): Promise<Stanza> {
    const jid = receipt.attrs.participant ?? receipt.attrs.from ?? '';
    const count = children(receipt, 'retry')[0]?.attrs.count ?? '1';
    const group = isGroup(message.to);
    const isOwn = reader.number === this.#person.account.number;
    const content = group ? { ...message.content, ...(await handset.senderKey(message.to)) } : message.content;
    await handset.freshSession(reader);
    const sealed = await handset.seal(reader, isOwn ? ownCopy(message, content) : content);
    const enc = encNode(sealed, { count });
    const attributes = { id: message.whatsappId, type: stanzaType(message.content) };
    if (!group) {
      const recipient = isOwn ? message.to : undefined;
      return stanza('message', { ...attributes, to: jid, recipient }, [enc]);
    }
    const list = stanza('participants', {}, [stanza('to', { jid }, [enc])]);
    return stanza('message', { ...attributes, to: message.to, participant: jid }, [list]);
  }

  get phone(): Handset {
    const phone = this.#person.handsets.get(0);
    if (!phone) throw new Error(`${this.#person.account.number} has no phone`);
    return phone;
  }

  /** For all devices of the reader, and as a copy for the person's own others. */
  async #directStanza(message: SentMessage, { list = message.to, unavailable }: SendOptions): Promise<Stanza> {
    const { directory } = this.#world;
    const { account } = this.#person;
    const address = parseJid(message.to);
    const reader = directory.accountOf(address);
    if (!address || !reader) throw new Error(`nobody has the address ${message.to}`);
    const jid = (of: Account, device: Device) => directory.jid(of, namespaceOf(address), device.id);
    const participants: Stanza[] = [];
    for (const device of reader === account ? [] : directory.devices(reader.number)) {
      const isKept = unavailable !== undefined && device.kind === 'client';
      const copy = isKept
        ? stanza('unavailable', { type: unavailable })
        : encNode(await this.phone.seal(device, message.content));
      participants.push(stanza('to', { jid: jid(reader, device) }, [copy]));
    }
    for (const device of directory.devices(account.number)) {
      if (device === this.phone.device) continue;
      const enc = encNode(await this.phone.seal(device, ownCopy(message, message.content)));
      participants.push(stanza('to', { jid: jid(account, device) }, [enc]));
    }
    const attributes = { id: message.whatsappId, to: list, type: stanzaType(message.content) };
    return stanza('message', attributes, [stanza('participants', {}, participants)]);
  }

  /** One ciphertext for the group, and the key to it for each device: with every message, nobody counts bytes here. */
  async #groupStanza(message: SentMessage): Promise<Stanza> {
    const { directory, groups } = this.#world;
    const group = groups.find(message.to);
    if (!group) throw new Error(`no such group: ${message.to}`);
    const key = await this.phone.senderKey(group.jid);
    const participants: Stanza[] = [];
    for (const member of group.members) {
      for (const device of directory.devices(member.number)) {
        if (device === this.phone.device) continue;
        const jid = directory.jid(directory.needAccount(member.number), group.addressing, device.id);
        participants.push(stanza('to', { jid }, [encNode(await this.phone.seal(device, key))]));
      }
    }
    const body = await this.phone.sealForGroup(group.jid, message.content);
    const attributes = { id: message.whatsappId, to: group.jid, type: stanzaType(message.content) };
    const shared = stanza('enc', { v: 2, type: 'skmsg' }, body);
    return stanza('message', attributes, [shared, stanza('participants', {}, participants)]);
  }
}

function ownCopy(message: SentMessage, content: proto.IMessage): proto.IMessage {
  return { deviceSentMessage: { destinationJid: message.to, message: content } };
}
