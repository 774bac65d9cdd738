import type { Clock } from '../base/clock.ts';
import { failure, invalid, isFailure } from '../base/errors.ts';
import type { EventBus } from '../base/events.ts';
import type { InboxFilter, InboxRow, Store } from '../store/index.ts';
import { type Link, LinkError } from '../whatsapp/link.ts';
import type { Caller } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { messageJson, type Shown, shownOf } from './inbox/rows.ts';
import type { InboxMedia } from './inbox-media.ts';
import { normaliseRecipient, recipientText } from './recipients.ts';

type Whose = Pick<Caller, 'accountId' | 'deviceId'>;

/** A message as the API shows it: as it came (`message`), and what later ones made of it. */
export interface InboxView {
  readonly message: ReturnType<typeof messageJson>;
  readonly shown: Shown;
  readonly readAt: number | null;
  /** The person of this chat wants no more messages now. */
  readonly optedOut: boolean;
}

export interface InboxQuery extends Omit<InboxFilter, 'chat' | 'from'> {
  readonly limit: number;
  readonly page: number;
  /** However the number is written; or a JID. */
  readonly chat?: string | undefined;
  readonly from?: string | undefined;
}

/** What people wrote to a device. */
export interface Inbox {
  list(whose: Whose, query: InboxQuery): Promise<{ readonly rows: readonly InboxView[]; readonly total: number }>;
  /** Throws `not_found`. */
  find(whose: Whose, id: number): Promise<InboxView>;
  /** The newest message of each chat, the newest chat first. */
  conversations(whose: Whose, page: { readonly limit: number; readonly page: number }): Promise<readonly InboxView[]>;
  /** A link to its file, which is fetched when it is not here yet. Throws as `InboxMedia.ensure`. */
  media(whose: Whose, id: number): Promise<MediaLink>;
  /** Tells WhatsApp that it, and what came before it in its chat, was read. Throws `not_found`, `device_not_connected`. */
  read(whose: Whose, id: number): Promise<InboxView>;
}

export interface MediaLink {
  readonly path: string;
  readonly expiresAt: number;
  readonly media: NonNullable<InboxView['message']['media']>;
}

export function createInbox(needs: {
  readonly store: Pick<Store, 'inbox' | 'devices' | 'conversations' | 'durable'>;
  readonly fleet: Pick<Fleet, 'link'>;
  readonly media: Pick<InboxMedia, 'ensure' | 'link'>;
  readonly events: Pick<EventBus, 'emit'>;
  readonly clock: Pick<Clock, 'now'>;
}): Inbox {
  const { store, clock } = needs;

  async function need({ accountId, deviceId }: Whose, id: number): Promise<InboxRow> {
    const row = await store.inbox.find(accountId, deviceId, id);
    if (row === undefined) throw failure('not_found', { what: 'The message' });
    return row;
  }

  async function views({ accountId, deviceId }: Whose, rows: readonly InboxRow[]): Promise<InboxView[]> {
    const changes = await store.inbox.changesOf(accountId, deviceId, [...new Set(rows.map((row) => row.whatsapp_id))]);
    const out = await store.conversations.optedOut(deviceId, [...new Set(rows.map(({ peer }) => peer))]);
    return rows.map((row) => ({
      message: messageJson(row),
      shown: shownOf(row, changes),
      readAt: row.read_at,
      optedOut: out.has(row.peer),
    }));
  }

  async function view(whose: Whose, row: InboxRow): Promise<InboxView> {
    const [made] = await views(whose, [row]);
    if (made === undefined) throw failure('not_found', { what: 'The message' });
    return made;
  }

  /** A filter finds a number however it is written, as a send takes it. */
  async function asKept({ accountId, deviceId }: Whose, given: string | undefined, field: string) {
    if (given === undefined) return undefined;
    const device = await store.devices.find(accountId, deviceId);
    try {
      return recipientText(normaliseRecipient(given, device?.default_country ?? '62'));
    } catch (error) {
      if (!isFailure(error)) throw error;
      throw invalid(field, `${field} must be a WhatsApp number, or the id of a person or group`);
    }
  }

  return {
    async list(whose, query) {
      const { rows, total } = await store.inbox.list(whose.accountId, whose.deviceId, {
        ...query,
        chat: await asKept(whose, query.chat, 'chat'),
        from: await asKept(whose, query.from, 'from'),
      });
      return { rows: await views(whose, rows), total };
    },

    find: async (whose, id) => view(whose, await need(whose, id)),

    async conversations(whose, { limit, page }) {
      return views(whose, await store.inbox.conversations(whose.accountId, whose.deviceId, limit, (page - 1) * limit));
    },

    async media(whose, id) {
      const row = await need(whose, id);
      await needs.media.ensure(row);
      const { media } = messageJson(await need(whose, id));
      if (media === null) throw failure('not_found', { what: 'A file of this message' });
      return { ...needs.media.link(row), media };
    },

    async read(whose, id) {
      const row = await need(whose, id);
      const { accountId, deviceId } = whose;
      const unread = await store.inbox.unreadUpTo(accountId, deviceId, row);
      if (unread.length > 0) {
        const group = row.chat.endsWith('@g.us');
        await onLink(needs.fleet.link(deviceId), (link) =>
          link.markRead(
            unread.map(({ chat, whatsapp_id, sender }) => ({
              chat,
              whatsappId: whatsapp_id,
              fromMe: false,
              ...(group ? { participant: sender } : {}),
            })),
          ),
        );
        const ids = unread.map((one) => one.id);
        await store.inbox.markRead(accountId, deviceId, ids, clock.now());
        needs.events.emit('inbox.changed', { accountId, deviceId, inboxId: id });
      }
      return view(whose, await need(whose, id));
    },
  };
}

/** Asks something of an open connection. Throws `device_not_connected`, `send_failed`. */
export async function onLink<T>(
  link: Link | undefined,
  ask: (link: Link) => Promise<T>,
  failed: 'send_failed' | 'whatsapp_unavailable' = 'send_failed',
): Promise<T> {
  if (link === undefined) throw failure('device_not_connected');
  try {
    return await ask(link);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    if (error.code === 'closed') throw failure('device_not_connected', {}, { cause: error });
    throw failure(failed, { reason: error.message.replace(/\.$/, '') }, { cause: error });
  }
}
