import type { Timers } from './clock.ts';
import type { Account, Device, Directory } from './directory.ts';
import { CHANGES, type ChangeContext } from './group-changes.ts';
import { GROUP, type Namespace } from './jid.ts';
import type { Random } from './random.ts';
import { children, firstChild, type Stanza, stanza } from './stanza.ts';
import type { Store } from './store.ts';

export type Role = 'superadmin' | 'admin' | undefined;

export interface Member {
  readonly number: string;
  role?: 'superadmin' | 'admin';
}

export interface Group {
  readonly jid: string;
  /** Which names members have in this group. */
  readonly addressing: Namespace;
  readonly creator: string;
  readonly created: number;
  subject: string;
  subjectBy: string;
  subjectAt: number;
  description?: { readonly id: string; readonly body: string; readonly by: string; readonly at: number };
  /** Only admins write. */
  announcement: boolean;
  /** Only admins change the group's details. */
  locked: boolean;
  ephemeral: number;
  inviteCode: string;
  members: Member[];
}

/** What a group query is answered with: the content of the result, or an error code. */
export type GroupAnswer = { readonly content?: Stanza[] } | { readonly error: number; readonly text: string };
type Notify = (device: Device, node: Stanza) => void;

const forbidden: GroupAnswer = { error: 403, text: 'forbidden' };
const notFound: GroupAnswer = { error: 404, text: 'item-not-found' };

/** The groups of the network, and the `w:g2` queries about them. */
export class Groups {
  readonly #groups = new Map<string, Group>();
  readonly #directory: Directory;
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #random: Random;
  /** Brings a notification to a client device; set by the network. */
  notify: Notify = () => undefined;

  constructor(parts: { directory: Directory; store: Store; timers: Timers; random: Random }) {
    this.#directory = parts.directory;
    this.#store = parts.store;
    this.#timers = parts.timers;
    this.#random = parts.random;
    for (const [, group] of parts.store.all<Group>('group')) this.#groups.set(group.jid, group);
  }

  all(): Group[] {
    return [...this.#groups.values()];
  }

  find(jid: string): Group | undefined {
    return this.#groups.get(jid);
  }

  create(creator: string, subject: string, numbers: readonly string[], addressing: Namespace = 'lid'): Group {
    const now = this.#timers.seconds();
    const others = [...new Set(numbers)].filter((number) => number !== creator);
    const group: Group = {
      jid: `1203630${this.#digits(11)}@${GROUP}`,
      addressing,
      creator,
      created: now,
      subject,
      subjectBy: creator,
      subjectAt: now,
      announcement: false,
      locked: false,
      ephemeral: 0,
      inviteCode: this.#code(),
      members: [{ number: creator, role: 'superadmin' }, ...others.map((number) => ({ number }))],
    };
    this.#groups.set(group.jid, group);
    this.#save(group);
    this.#announce(group, creator, stanza('create', { type: 'new', key: group.inviteCode }, [this.node(group)]));
    return group;
  }

  /** How a member stands in the attributes of a stanza of this group. */
  participant(group: Group, account: Account, device = 0): Record<'participant', string> & Record<string, string> {
    const other: Namespace = group.addressing === 'lid' ? 'pn' : 'lid';
    return {
      participant: this.#directory.jid(account, group.addressing, device),
      [`participant_${other}`]: this.#directory.jid(account, other),
    };
  }

  /** Changes members or a setting on behalf of `actor`, and tells all members. */
  change(group: Group, actor: string, node: Stanza): GroupAnswer {
    const change = CHANGES[node.tag];
    if (!change) return { error: 501, text: 'feature-not-implemented' };
    const member = group.members.find((one) => one.number === actor);
    if (!member || (change.adminsOnly(group) && !member.role)) return forbidden;
    const before = [...group.members];
    const { announcement, answer } = change.apply(group, this.#context(group, actor, node));
    this.#save(group);
    if (announcement) this.#announce(group, actor, announcement, before);
    return { content: answer };
  }

  /** `iq xmlns=w:g2`. */
  query(asker: Account, node: Stanza): GroupAnswer {
    const request = firstChild(node);
    const { to, type } = node.attrs;
    if (!request) return { error: 400, text: 'bad-request' };
    if (to === `@${GROUP}` || to === GROUP) return this.#queryAll(asker, request, type);
    const group = this.find(to ?? '');
    if (!group) return notFound;
    if (!group.members.some((member) => member.number === asker.number)) return forbidden;
    if (type === 'set' && request.tag !== 'invite') return this.change(group, asker.number, request);
    return this.#read(group, request, type);
  }

  node(group: Group): Stanza {
    const creator = this.#directory.needAccount(group.creator);
    const subjectBy = this.#directory.needAccount(group.subjectBy);
    const flag = (set: boolean, tag: string) => (set ? [stanza(tag)] : []);
    return stanza(
      'group',
      {
        id: group.jid.split('@')[0],
        subject: group.subject,
        s_t: group.subjectAt,
        s_o: this.#directory.jid(subjectBy, group.addressing),
        s_o_pn: this.#directory.jid(subjectBy, 'pn'),
        creation: group.created,
        creator: this.#directory.jid(creator, group.addressing),
        creator_pn: this.#directory.jid(creator, 'pn'),
        addressing_mode: group.addressing,
        size: group.members.length,
      },
      [
        ...this.#descriptionNodes(group),
        ...flag(group.announcement, 'announcement'),
        ...flag(group.locked, 'locked'),
        ...(group.ephemeral ? [stanza('ephemeral', { expiration: group.ephemeral })] : []),
        ...group.members.map((member) => this.#memberNode(group, member)),
      ],
    );
  }

  #queryAll(asker: Account, request: Stanza, type: string | undefined): GroupAnswer {
    switch (request.tag) {
      case 'participating': {
        const own = this.all().filter((group) => group.members.some((member) => member.number === asker.number));
        return {
          content: [
            stanza(
              'groups',
              {},
              own.map((group) => this.node(group)),
            ),
          ],
        };
      }
      case 'create': {
        const numbers = this.#numbersIn(request);
        const group = this.create(asker.number, request.attrs.subject ?? '', numbers);
        return { content: [this.node(group)] };
      }
      case 'leave': {
        const left = children(request, 'group').map((one) => this.#leave(asker, one.attrs.id ?? ''));
        return { content: [stanza('leave', {}, left)] };
      }
      case 'invite':
        return this.#byInvite(asker, request.attrs.code, type);
      default:
        return { error: 501, text: 'feature-not-implemented' };
    }
  }

  #leave(asker: Account, id: string): Stanza {
    const group = this.find(id.includes('@') ? id : `${id}@${GROUP}`);
    if (!group) return stanza('group', { id, error: 404 });
    const jid = this.#directory.jid(asker, group.addressing);
    const before = [...group.members];
    group.members = group.members.filter((member) => member.number !== asker.number);
    this.#save(group);
    this.#announce(group, asker.number, stanza('remove', {}, [stanza('participant', { jid })]), before);
    return stanza('group', { id });
  }

  #byInvite(asker: Account, code: string | undefined, type: string | undefined): GroupAnswer {
    const group = this.all().find((one) => one.inviteCode === code);
    if (!group) return notFound;
    if (type === 'get') return { content: [this.node(group)] };
    if (!group.members.some((member) => member.number === asker.number)) {
      group.members.push({ number: asker.number });
      this.#save(group);
      const jid = this.#directory.jid(asker, group.addressing);
      const joined = stanza('add', { reason: 'invite' }, [stanza('participant', { jid })]);
      this.#announce(group, asker.number, joined);
    }
    return { content: [stanza('group', { jid: group.jid })] };
  }

  #read(group: Group, request: Stanza, type: string | undefined): GroupAnswer {
    switch (request.tag) {
      case 'query':
        return { content: [this.node(group)] };
      case 'invite':
        if (type === 'set') {
          group.inviteCode = this.#code();
          this.#save(group);
        }
        return { content: [stanza('invite', { code: group.inviteCode })] };
      case 'membership_approval_requests':
        return { content: [stanza('membership_approval_requests', {}, [])] };
      default:
        return { error: 501, text: 'feature-not-implemented' };
    }
  }

  #context(group: Group, actor: string, node: Stanza): ChangeContext {
    const by = this.#directory.needAccount(actor);
    return {
      node,
      actor,
      now: this.#timers.seconds(),
      numbers: this.#numbersIn(node),
      unknown: children(node, 'participant').filter((one) => !this.#directory.accountOf(one.attrs.jid)),
      participants: (numbers) =>
        numbers.map((number) => this.#memberNode(group, group.members.find((m) => m.number === number) ?? { number })),
      participant: this.participant(group, by),
    };
  }

  /** To the clients of all members, those who have just left among them. */
  #announce(group: Group, actor: string, change: Stanza, also: readonly Member[] = []): void {
    const by = this.#directory.needAccount(actor);
    const node = stanza(
      'notification',
      {
        from: group.jid,
        type: 'w:gp2',
        ...this.participant(group, by),
        addressing_mode: group.addressing,
        id: this.#digits(10),
        t: this.#timers.seconds(),
        notify: by.name,
      },
      [change],
    );
    const numbers = new Set([...group.members, ...also].map((member) => member.number));
    for (const number of numbers) {
      for (const device of this.#directory.devices(number)) {
        if (device.kind === 'client') this.notify(device, node);
      }
    }
  }

  #descriptionNodes(group: Group): Stanza[] {
    if (!group.description) return [];
    const { id, body, by, at } = group.description;
    const participant = this.#directory.jid(this.#directory.needAccount(by), group.addressing);
    return [stanza('description', { id, participant, t: at }, [stanza('body', {}, Buffer.from(body))])];
  }

  #memberNode(group: Group, member: Member): Stanza {
    const account = this.#directory.needAccount(member.number);
    const lid = this.#directory.jid(account, 'lid');
    const pn = this.#directory.jid(account, 'pn');
    const names = group.addressing === 'lid' ? { jid: lid, phone_number: pn } : { jid: pn, lid };
    return stanza('participant', { ...names, type: member.role });
  }

  #numbersIn(node: Stanza): string[] {
    return children(node, 'participant').flatMap((one) => this.#directory.accountOf(one.attrs.jid)?.number ?? []);
  }

  #save(group: Group): void {
    this.#store.commit([{ kind: 'group', id: group.jid, value: group }]);
  }

  #digits(length: number): string {
    return Array.from({ length }, () => Math.floor(this.#random() * 10)).join('');
  }

  #code(): string {
    return Array.from({ length: 22 }, () => Math.floor(this.#random() * 36).toString(36)).join('');
  }
}
