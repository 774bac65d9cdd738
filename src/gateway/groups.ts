import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import type { Link } from '../whatsapp/link.ts';
import type { Caller } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { onLink } from './inbox.ts';

type Whose = Pick<Caller, 'accountId' | 'deviceId'>;

export interface GroupSummary {
  /** `…@g.us`: a recipient. */
  readonly id: string;
  /** Its name: a stranger's words. */
  readonly subject: string;
  readonly participants: number;
  /** Only its admins may write. */
  readonly announcement: boolean;
}

export interface GroupDetails extends Omit<GroupSummary, 'participants'> {
  readonly participants: readonly {
    readonly id: string;
    /** Null: WhatsApp shows the hidden id alone. */
    readonly phone: string | null;
    readonly admin: boolean;
  }[];
}

/** The groups that a device is in, as WhatsApp tells them now. Throw `device_not_connected`, `whatsapp_unavailable`. */
export interface Groups {
  /** By name. At most a minute old: WhatsApp cuts off who asks for all of them too often. */
  list(whose: Whose): Promise<readonly GroupSummary[]>;
  /** Throws `not_found` for one that the device is not in. */
  find(whose: Whose, id: string): Promise<GroupDetails>;
}

interface Remembered {
  /** Of another connection it may be another phone's. */
  readonly link: Link | undefined;
  readonly until: number;
  readonly groups: Promise<readonly GroupSummary[]>;
}

const FRESH_MS = 60_000;
/** Lists that are remembered. */
const MOST = 1_000;

export function createGroups({
  fleet,
  clock,
}: {
  readonly fleet: Pick<Fleet, 'link'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}): Groups {
  const lists = new Map<number, Remembered>();

  const summaries = (link: Link | undefined) =>
    onLink(
      link,
      async (open) =>
        (await open.groups.list())
          .map(({ id, subject, participants, announcement }) => ({
            id,
            subject,
            participants: participants.length,
            announcement,
          }))
          .sort((a, b) => a.subject.localeCompare(b.subject)),
      'whatsapp_unavailable',
    );

  return {
    async list({ deviceId }) {
      const now = clock.monotonic();
      const link = fleet.link(deviceId);
      const known = lists.get(deviceId);
      if (link !== undefined && known?.link === link && known.until > now) return known.groups;
      const groups = summaries(link);
      lists.delete(deviceId);
      lists.set(deviceId, { link, until: now + FRESH_MS, groups });
      const [oldest] = lists.keys();
      if (lists.size > MOST && oldest !== undefined) lists.delete(oldest);
      groups.catch(() => {
        if (lists.get(deviceId)?.groups === groups) lists.delete(deviceId);
      });
      return groups;
    },

    async find({ deviceId }, id) {
      const group = await onLink(fleet.link(deviceId), (link) => link.groups.find(id), 'whatsapp_unavailable');
      if (group === undefined) throw failure('not_found', { what: 'The group' });
      const { subject, announcement, participants } = group;
      return {
        id,
        subject,
        announcement,
        participants: participants.map(({ jid, phone, admin }) => ({ id: jid, phone, admin })),
      };
    },
  };
}
