import type { InboxRow, MessageRow } from '../../store/index.ts';
import { readBody as readSent } from '../body.ts';
import type { MessageView } from '../contract.ts';
import { changedBy, messageJson, readBody, type Shown, shownOf } from '../inbox/rows.ts';

/** What a reply answers, in a few words. */
export interface Quote {
  readonly messageId: string;
  readonly by: 'them' | 'us';
  readonly name: string | null;
  readonly type: string;
  readonly text: string | null;
}

/** One message of a conversation, as its page shows it. Keys that only one direction has are null in the other. */
export interface BubbleView {
  /** Unique in the conversation. */
  readonly key: string;
  /** At WhatsApp. */
  readonly messageId: string;
  readonly inboxId: number | null;
  /** In the history. */
  readonly historyId: number | null;
  /** `phone`: written on the account's own phone. */
  readonly by: 'them' | 'gateway' | 'phone';
  readonly fromPhone: string | null;
  readonly fromLid: string | null;
  readonly pushName: string | null;
  readonly offline: boolean;
  readonly type: string;
  readonly text: string | null;
  readonly media: ReturnType<typeof messageJson>['media'];
  readonly mediaUrl: string | null;
  readonly location: ReturnType<typeof messageJson>['location'];
  readonly contacts: ReturnType<typeof messageJson>['contacts'];
  readonly pollOptions: ReturnType<typeof messageJson>['poll_options'];
  /** Of a vote; null: it could not be read. */
  readonly pollVote: readonly string[] | null;
  readonly votes: Shown['votes'];
  readonly optOut: boolean;
  readonly quote: Quote | null;
  readonly reactions: Shown['reactions'];
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
  readonly state: MessageView['state'] | null;
  readonly waitingFor: MessageView['waitingFor'];
  readonly waitingReason: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** When it was written. */
  readonly sentAt: number;
  readonly readAt: number | null;
}

/** Messages of the same conversation that a page refers to. */
export interface Around {
  readonly changes: readonly InboxRow[];
  readonly quotes: ReadonlyMap<string, Quote>;
}

export function heardBubble(row: InboxRow, { changes, quotes }: Around): BubbleView {
  const message = messageJson(row);
  const shown = shownOf(row, changes);
  return {
    key: `in-${row.id}`,
    messageId: row.whatsapp_id,
    inboxId: row.id,
    historyId: null,
    by: row.direction === 'in' ? 'them' : 'phone',
    fromPhone: message.from_phone,
    fromLid: message.from_lid,
    pushName: message.push_name,
    offline: message.offline,
    type: row.type,
    text: shown.text,
    media: message.media,
    mediaUrl: null,
    location: message.location,
    contacts: message.contacts,
    pollOptions: message.poll_options,
    pollVote: message.poll_vote,
    votes: shown.votes,
    optOut: message.opt_out,
    quote: quotes.get(row.refers_to ?? '') ?? null,
    reactions: shown.reactions,
    editedAt: shown.editedAt,
    deletedAt: shown.deletedAt,
    state: null,
    waitingFor: null,
    waitingReason: null,
    errorCode: null,
    errorMessage: null,
    sentAt: row.sent_at,
    readAt: row.read_at,
  };
}

export function sentBubble(row: MessageRow, view: MessageView, { changes, quotes }: Around): BubbleView {
  const shown = sentShown(row, view, changes);
  return {
    key: `out-${row.id}`,
    messageId: row.whatsapp_id,
    inboxId: null,
    historyId: row.id,
    by: 'gateway',
    fromPhone: null,
    fromLid: null,
    pushName: null,
    offline: false,
    type: row.type,
    text: shown.text,
    media:
      row.type === 'text'
        ? null
        : { mimetype: null, filename: view.filename, bytes: null, seconds: null, width: null, height: null, path: '' },
    mediaUrl: view.mediaUrl,
    location: null,
    contacts: null,
    pollOptions: null,
    pollVote: null,
    votes: [],
    optOut: false,
    quote: quotes.get(quotedIdOf(row) ?? '') ?? null,
    reactions: shown.reactions,
    editedAt: shown.editedAt,
    deletedAt: shown.deletedAt,
    state: row.state,
    waitingFor: view.waitingFor,
    waitingReason: view.waitingReason,
    errorCode: row.error_code,
    errorMessage: row.error_message,
    sentAt: row.sent_at ?? row.created_at,
    readAt: row.read_at,
  };
}

export const quotedIdOf = (row: MessageRow): string | null => readSent(row).quoted?.whatsappId ?? null;

/** The account's own phone may edit or delete what the gateway sent, and people react to it. */
function sentShown(row: MessageRow, { message }: MessageView, changes: readonly InboxRow[]): Shown {
  const about = changes.filter(
    ({ refers_to, chat, peer }) => refers_to === row.whatsapp_id && (chat === row.chat || peer === row.recipient),
  );
  const ours = about.filter(({ direction }) => direction === 'out');
  const edit = ours.findLast(({ type }) => type === 'edit');
  const deletion = ours.find(({ type }) => type === 'deletion');
  return changedBy(message, { edit, deletion, about });
}

export function quoteOfHeard(row: InboxRow): Quote {
  const { text, pushName } = readBody(row);
  return {
    messageId: row.whatsapp_id,
    by: row.direction === 'in' ? 'them' : 'us',
    name: row.direction === 'in' ? (pushName ?? row.from_phone) : null,
    type: row.type,
    text: brief(text),
  };
}

export const quoteOfSent = (row: MessageRow, { message }: MessageView): Quote => ({
  messageId: row.whatsapp_id,
  by: 'us',
  name: null,
  type: row.type,
  text: brief(message),
});

const BRIEF = 200;
const brief = (text: string | null): string | null =>
  text === null || text.length <= BRIEF ? text : `${text.slice(0, BRIEF).toWellFormed()}…`;
