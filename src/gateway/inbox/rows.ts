import { isoMicros } from '../../base/clock.ts';
import type { InboxRow, NewInboxRow } from '../../store/index.ts';
import type { Details, Incoming, MediaFacts } from '../../whatsapp/link.ts';
import type { Happening } from '../happenings.ts';

/** What a row of the inbox remembers of a message (`inbox.body`, sealed at rest). */
export interface Body {
  readonly text: string | null;
  readonly pushName: string | null;
  readonly media: MediaFacts | null;
  readonly details: Details | null;
}

export const readBody = (row: Pick<InboxRow, 'body'>): Body => row.body as unknown as Body;

const isGroup = (jid: string): boolean => jid.endsWith('@g.us');
/** Not a group, a status or a channel: what it says is said to us. */
export const isBetweenTwo = ({ chat }: Pick<InboxRow, 'chat'>): boolean => /@(s\.whatsapp\.net|lid)$/.test(chat);
const digitsOf = (jid: string): string | null => /^(\d+)@s\.whatsapp\.net$/.exec(jid)?.[1] ?? null;
const lidOf = (jid: string): string | null => (jid.endsWith('@lid') ? jid : null);

/** The account itself, as it is linked now. */
export interface Self {
  readonly phone: string | null;
  readonly lid: string | null;
}

export function rowOf(message: Incoming, self: Self): NewInboxRow {
  const { fromMe, chat } = message;
  const peer = digitsOf(chat) ?? message.chatPhone ?? chat;
  const body: Body = {
    text: message.text,
    pushName: message.pushName,
    media: message.media,
    details: message.details,
  };
  return {
    direction: fromMe ? 'out' : 'in',
    whatsapp_id: message.whatsappId,
    chat,
    peer,
    // One's own name comes in either namespace; there is only one self.
    sender: fromMe ? 'me' : message.sender,
    from_phone: fromMe ? self.phone : message.phone,
    from_lid: fromMe ? self.lid : message.lid,
    type: message.kind,
    refers_to: message.refersTo,
    offline: message.offline ? 1 : 0,
    has_media: message.media === null ? 0 : 1,
    opt_out: wish(message) === 'stop' ? 1 : 0,
    sent_at: message.timestamp * 1000,
    body: { ...body },
    proto: message.message,
  };
}

const stopWords = new Set(['STOP', 'BERHENTI', 'UNSUB', 'UNSUBSCRIBE']);
const startWords = new Set(['START', 'MULAI']);

/** Whether a person asks for no more messages, or for messages again: the whole message is the word. */
export function wish({ kind, text, chat, fromMe }: Pick<Incoming, 'kind' | 'text' | 'chat' | 'fromMe'>) {
  if (kind !== 'text' || text === null || fromMe || isGroup(chat)) return undefined;
  const word = text.toUpperCase().replace(/[^A-Z]/g, '');
  if (word.length + 3 < text.trim().length) return undefined;
  return stopWords.has(word) ? 'stop' : startWords.has(word) ? 'start' : undefined;
}

/** The names under which a chat may be written to. */
export const peersOf = (row: Pick<InboxRow, 'peer' | 'chat' | 'from_phone' | 'from_lid' | 'direction'>): string[] => [
  ...new Set(
    isGroup(row.chat) || row.direction === 'out'
      ? [row.peer, row.chat]
      : [row.peer, row.chat, row.from_phone, row.from_lid].filter((one) => one !== null),
  ),
];

/** As the API and webhooks show it. The keys are part of the published schema (`http/v1/event-schemas.ts`). */
export function messageJson(row: InboxRow) {
  const { text, pushName, media, details } = readBody(row);
  return {
    id: row.id,
    message_id: row.whatsapp_id,
    direction: row.direction,
    chat: row.peer,
    chat_id: row.chat,
    is_group: isGroup(row.chat),
    from: row.from_phone ?? row.from_lid ?? digitsOf(row.sender) ?? row.sender,
    from_phone: row.from_phone,
    from_lid: row.from_lid ?? lidOf(row.sender),
    push_name: pushName,
    offline: row.offline === 1,
    type: row.type,
    text,
    refers_to: row.refers_to,
    media: media && {
      mimetype: media.mimetype,
      filename: media.fileName,
      bytes: row.media_bytes ?? media.bytes,
      seconds: media.seconds,
      width: media.width,
      height: media.height,
      path: `/api/v1/inbox/${row.id}/media`,
    },
    location:
      details?.is === 'location'
        ? {
            latitude: details.latitude,
            longitude: details.longitude,
            name: details.name,
            address: details.address,
          }
        : null,
    contacts: details?.is === 'contacts' ? details.contacts : null,
    poll_options: details?.is === 'poll' ? details.options : null,
    poll_vote: details?.is === 'vote' ? details.options : null,
    opt_out: row.opt_out === 1,
    timestamp: Math.floor(row.sent_at / 1000),
    received_at: isoMicros(row.created_at),
  };
}

export const received = (row: InboxRow): Happening => ({
  type: 'message.received',
  cause: `inbox:${row.id}`,
  // As messages name their recipient: what is told of a chat keeps one order, both ways.
  chat: row.peer,
  data: messageJson(row),
});

/** What the rows after it make of a message, as a chat shows it. */
export interface Shown {
  readonly text: string | null;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
  readonly reactions: readonly { readonly from: string; readonly emoji: string }[];
  /** Of a poll: what each chose last. */
  readonly votes: readonly { readonly from: string; readonly options: readonly string[] }[];
}

/**
 * Edits, deletions, reactions and votes are rows of their own, and may even come before what they refer to; so what a chat shows is made of
 * both when it is asked for. Only its author edits a message; in a group an admin, too, may delete it (WhatsApp's server sees to that).
 */
export function shownOf(row: InboxRow, changes: readonly InboxRow[]): Shown {
  const about = changes.filter(
    ({ refers_to, chat, peer, id }) =>
      // A chat of two may change over to hidden ids between the two.
      refers_to === row.whatsapp_id && (chat === row.chat || peer === row.peer) && id !== row.id,
  );
  const isAuthor = (other: InboxRow) =>
    other.sender === row.sender ||
    (other.from_phone !== null && other.from_phone === row.from_phone) ||
    (other.from_lid !== null && other.from_lid === row.from_lid);
  const edit = about.findLast((other) => other.type === 'edit' && isAuthor(other));
  const deletion = about.find((other) => other.type === 'deletion' && (isAuthor(other) || isGroup(row.chat)));
  return changedBy(readBody(row).text, { edit, deletion, about });
}

/** What is left of a text when its last edit, its deletion and the reactions of each person are seen. */
export function changedBy(
  text: string | null,
  { edit, deletion, about }: { edit: InboxRow | undefined; deletion: InboxRow | undefined; about: readonly InboxRow[] },
): Shown {
  const reactions = new Map<string, string>();
  const votes = new Map<string, readonly string[]>();
  for (const other of about) {
    const from = other.direction === 'out' ? 'me' : (other.from_phone ?? other.from_lid ?? other.sender);
    const { text, details } = readBody(other);
    if (other.type === 'reaction') put(reactions, from, text);
    if (other.type === 'poll_vote' && details?.is === 'vote')
      put(votes, from, details.options.length > 0 ? details.options : null);
  }
  return {
    text: deletion ? null : edit ? readBody(edit).text : text,
    editedAt: edit?.created_at ?? null,
    deletedAt: deletion?.created_at ?? null,
    reactions: [...reactions].map(([from, emoji]) => ({ from, emoji })),
    votes: [...votes].map(([from, options]) => ({ from, options })),
  };
}

/** The newest of each; null takes it back. */
function put<T>(all: Map<string, T>, from: string, value: T | null): void {
  if (value === null) all.delete(from);
  else all.set(from, value);
}
