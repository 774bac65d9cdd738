import type { Group, Role } from './groups.ts';
import { children, type Stanza, stanza, text } from './stanza.ts';

export interface ChangeContext {
  readonly node: Stanza;
  readonly actor: string;
  readonly now: number;
  readonly numbers: string[];
  readonly unknown: Stanza[];
  readonly participants: (numbers: readonly string[]) => Stanza[];
  readonly participant: Record<string, string>;
}

interface Change {
  readonly adminsOnly: (group: Group) => boolean;
  readonly apply: (group: Group, context: ChangeContext) => { announcement?: Stanza; answer: Stanza[] };
}

const ifLocked = (group: Group) => group.locked;
const always = () => true;

function setting(set: (group: Group) => void): Change {
  return {
    adminsOnly: always,
    apply: (group, { node }) => {
      set(group);
      return { announcement: stanza(node.tag, node.attrs), answer: [] };
    },
  };
}

function memberChange(apply: (group: Group, numbers: readonly string[]) => void): Change {
  return {
    adminsOnly: always,
    apply: (group, { node, numbers, unknown, participants }) => {
      const before = participants(numbers);
      apply(group, numbers);
      const listed = node.tag === 'remove' ? before : participants(numbers);
      const failed = unknown.map((one) => stanza('participant', { jid: one.attrs.jid, error: 404 }));
      const answer = [stanza(node.tag, {}, [...listed, ...failed])];
      return numbers.length === 0 ? { answer } : { announcement: stanza(node.tag, {}, listed), answer };
    },
  };
}

const withRole = (role: Role) => (group: Group, numbers: readonly string[]) => {
  for (const member of group.members) {
    if (!numbers.includes(member.number)) continue;
    if (role) member.role = role;
    else delete member.role;
  }
};

/** The verbs of a group. */
export const CHANGES: Readonly<Record<string, Change>> = {
  add: memberChange((group, numbers) => {
    const present = new Set(group.members.map((member) => member.number));
    group.members.push(...numbers.filter((number) => !present.has(number)).map((number) => ({ number })));
  }),
  remove: memberChange((group, numbers) => {
    group.members = group.members.filter((member) => !numbers.includes(member.number));
  }),
  promote: memberChange(withRole('admin')),
  demote: memberChange(withRole(undefined)),
  announcement: setting((group) => {
    group.announcement = true;
  }),
  not_announcement: setting((group) => {
    group.announcement = false;
  }),
  locked: setting((group) => {
    group.locked = true;
  }),
  unlocked: setting((group) => {
    group.locked = false;
  }),
  not_ephemeral: setting((group) => {
    group.ephemeral = 0;
  }),
  ephemeral: {
    adminsOnly: ifLocked,
    apply: (group, { node }) => {
      group.ephemeral = Number(node.attrs.expiration ?? 0);
      return { announcement: stanza('ephemeral', { expiration: group.ephemeral }), answer: [] };
    },
  },
  subject: {
    adminsOnly: ifLocked,
    apply: (group, { node, actor, now, participant }) => {
      group.subject = text(node) ?? node.attrs.subject ?? '';
      group.subjectBy = actor;
      group.subjectAt = now;
      const attributes = { subject: group.subject, s_t: now, s_o: participant.participant };
      return { announcement: stanza('subject', attributes), answer: [] };
    },
  },
  description: {
    adminsOnly: ifLocked,
    apply: (group, { node, actor, now }) => {
      const body = text(children(node, 'body')[0]);
      const id = node.attrs.id ?? String(now);
      if (body === undefined) delete group.description;
      else group.description = { id, body, by: actor, at: now };
      const content = body === undefined ? undefined : [stanza('body', {}, Buffer.from(body))];
      return { announcement: stanza('description', { id }, content), answer: [] };
    },
  },
};
