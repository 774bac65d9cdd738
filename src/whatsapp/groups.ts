import type { BinaryNode, GroupMetadata } from 'baileys';
import { extractGroupMetadata } from 'baileys/lib/Socket/groups.js';
import { bare, phoneOf } from './jid.ts';
import { type Group, type Groups, LinkError } from './link.ts';
import { type Ask, childOf, childrenOf } from './queries.ts';

export interface GroupBook extends Groups {
  /** As Baileys wants it for a send; asked once and kept until WhatsApp tells of a change. Throws LinkError, `not_in_group` among them. */
  metadata(id: string): Promise<GroupMetadata>;
  forget(id: string): void;
}

/** An hour is the last resort: changes are told by notifications and by a new `phash` in an ack. */
const KEPT_MS = 60 * 60 * 1000;
const KEPT = 200;

/** Each send to a group asks for its metadata again unless they are at hand. */
export function createGroupBook(ask: Ask, now: () => number): GroupBook {
  // A Map keeps the order of insertion: the first entry is the one unused for longest.
  const known = new Map<string, { at: number; metadata: GroupMetadata }>();

  function keep(metadata: GroupMetadata): void {
    known.delete(metadata.id);
    known.set(metadata.id, { at: now(), metadata });
    const [oldest] = known.keys();
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
  }

  async function metadata(id: string): Promise<GroupMetadata> {
    const entry = known.get(id);
    if (entry && now() - entry.at < KEPT_MS) return entry.metadata;
    const answer = await ask('asking for a group', {
      attrs: { type: 'get', xmlns: 'w:g2', to: id },
      content: [{ tag: 'query', attrs: { request: 'interactive' } }],
    }).catch((error: LinkError) => {
      throw NOT_THERE.has(error.whatsappCode ?? 0)
        ? new LinkError('not_in_group', 'The group does not exist, or this device is not a member of it.', {
            cause: error,
            whatsappCode: error.whatsappCode ?? 0,
          })
        : error;
    });
    const fresh = extractGroupMetadata(answer);
    keep(fresh);
    return fresh;
  }

  return {
    metadata,
    forget: (id) => known.delete(id),
    async list() {
      const answer = await ask('listing the groups', {
        attrs: { type: 'get', xmlns: 'w:g2', to: '@g.us' },
        content: [{ tag: 'participating', attrs: {}, content: [{ tag: 'participants', attrs: {} }] }],
      });
      const groups = childrenOf(childOf(answer, 'groups'), 'group').map(read);
      for (const group of groups) keep(group);
      return groups.map(view);
    },
    async find(id) {
      try {
        return view(await metadata(id));
      } catch (error) {
        if (error instanceof LinkError && error.code === 'not_in_group') return undefined;
        throw error;
      }
    },
  };
}

/** Not authorized, forbidden, item-not-found, gone. */
const NOT_THERE = new Set([401, 403, 404, 410]);

const read = (group: BinaryNode): GroupMetadata => extractGroupMetadata({ tag: 'result', attrs: {}, content: [group] });

const view = ({ id, subject, participants, announce }: GroupMetadata): Group => ({
  id,
  subject: subject ?? '',
  announcement: announce ?? false,
  participants: participants.map((member) => ({
    jid: bare(member.id),
    phone: phoneOf(member.id) ?? phoneOf(member.phoneNumber),
    admin: member.admin === 'admin' || member.admin === 'superadmin',
  })),
});
