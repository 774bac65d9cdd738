import { failure, invalid } from '../base/errors.ts';
import { type RandomBytes, whatsappId } from '../base/ids.ts';
import type { InboxRow, NewInboxRow, Store } from '../store/index.ts';
import type { Link, MessageKey } from '../whatsapp/link.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { StoredQuote } from './body.ts';
import type { Caller } from './contract.ts';
import { ACK_WITHIN_MS } from './delivery.ts';
import type { Fleet } from './fleet.ts';
import { peersOf, rowOf } from './inbox/rows.ts';
import { onLink } from './inbox.ts';
import { chatOf, isChannel, normaliseRecipient } from './recipients.ts';

type Whose = Pick<Caller, 'accountId' | 'deviceId'>;
type Messages = Pick<Store, 'inbox' | 'messages'>;

/** An id of the inbox is a number; no WhatsApp id is one so short. */
const INBOX_ID = /^[1-9]\d{0,14}$/;

/** The newest of this id that `isMeant`; else the newest: whoever asks is told what is wrong with it. */
async function find(
  { inbox }: Pick<Store, 'inbox'>,
  { accountId, deviceId }: Whose,
  id: string,
  isMeant: (row: InboxRow) => boolean = () => true,
): Promise<InboxRow | undefined> {
  if (INBOX_ID.test(id)) return inbox.find(accountId, deviceId, Number(id));
  const rows = await inbox.withWhatsappId(accountId, deviceId, id);
  return rows.find(isMeant) ?? rows[0];
}

/** What a reply carries of the message that it answers. Throws `validation_failed` on `reply_to`: unknown, or of another chat. */
export async function findQuote(
  store: Messages,
  whose: Whose,
  replyTo: string | null,
  recipient: string,
): Promise<StoredQuote | undefined> {
  if (replyTo === null) return undefined;
  const { accountId, deviceId } = whose;
  const row = await find(store, whose, replyTo, (one) => peersOf(one).includes(recipient));
  const sent = row === undefined ? await store.messages.findSent(accountId, deviceId, replyTo) : undefined;
  const proto = row === undefined ? sent?.proto : await store.inbox.proto(accountId, deviceId, row.id);
  if (proto === undefined) throw invalid('reply_to', 'reply_to is no message that this device received or sent');
  const peers = row === undefined ? [sent?.recipient, sent?.chat] : peersOf(row);
  if (!peers.includes(recipient)) throw invalid('reply_to', 'reply_to is a message of another chat than recipient');
  return {
    whatsappId: row?.whatsapp_id ?? replyTo,
    sender: row?.sender ?? 'me',
    message: Buffer.from(proto).toString('base64'),
  };
}

export interface Replies {
  /** An empty emoji takes the reaction back. Waits for WhatsApp. Throws `not_found`, and as `Station.react`. */
  react(whose: Whose, messageId: string, emoji: string): Promise<{ readonly chat: string; readonly messageId: string }>;
  /** Shows "typing…", "recording…" or neither. Throws `device_not_connected`. */
  type(whose: Caller, recipient: string | number, state: 'composing' | 'recording' | 'paused'): Promise<void>;
}

export function createReplies({
  store,
  fleet,
}: {
  readonly store: Messages;
  readonly fleet: Pick<Fleet, 'station' | 'link'>;
}): Replies {
  return {
    async react(whose, messageId, emoji) {
      const { accountId, deviceId } = whose;
      const row = await find(store, whose, messageId);
      const sent = row === undefined ? await store.messages.findSent(accountId, deviceId, messageId) : undefined;
      const to = row ? keyOf(row) : sent && { chat: sent.chat, whatsappId: messageId, fromMe: true };
      if (to === undefined) throw failure('not_found', { what: 'The message' });
      if (isChannel(to.chat))
        throw invalid('message_id', 'message_id is a post of a channel: WAGate sends no reactions to those');
      const station = fleet.station(deviceId);
      if (station === undefined) throw failure('device_not_connected');
      const chat = row?.peer ?? sent?.recipient ?? to.chat;
      await station.react(to, emoji, chat);
      return { chat, messageId: to.whatsappId };
    },
    async type(caller, recipient, state) {
      const chat = chatOf(normaliseRecipient(recipient, caller.defaultCountry));
      await onLink(fleet.link(caller.deviceId), (link) => link.showPresence(chat, state));
    },
  };
}

const keyOf = (row: InboxRow): MessageKey => ({
  chat: row.chat,
  whatsappId: row.whatsapp_id,
  fromMe: row.direction === 'out',
  ...(row.direction === 'in' && row.chat.endsWith('@g.us') ? { participant: row.sender } : {}),
});

/**
 * A reaction is in no queue: it replaces the one before, so sending it again does no harm, and whoever asked is told whether WhatsApp
 * took it.
 */
export async function sendReaction(
  on: { readonly link: Link | undefined; readonly acknowledgements: Acknowledgements; readonly random: RandomBytes },
  to: MessageKey,
  emoji: string,
): Promise<{ readonly whatsappId: string; readonly proto: Uint8Array }> {
  const id = whatsappId(on.random);
  const expected = on.acknowledgements.expect(id, ACK_WITHIN_MS);
  let proto: Uint8Array;
  try {
    proto = await onLink(on.link, async (link) => {
      const encoded = link.encodeReaction(to, emoji);
      await link.relay(to.chat, encoded, id);
      return encoded;
    });
  } catch (error) {
    expected.forget();
    throw error;
  }
  const answer = await expected.answer;
  if (answer.is === 'refused')
    throw failure('refused_by_whatsapp', { code: answer.code, advice: 'Please try again later.' });
  if (answer.is === 'silence') throw failure('send_failed', { reason: 'WhatsApp did not acknowledge it' });
  return { whatsappId: id, proto };
}

/** A row of the inbox for a reaction that went out, as if the phone had made it: what shows the message shows it, too. */
export const reactionRow = (
  to: MessageKey,
  emoji: string,
  peer: string,
  { whatsappId: id, proto, at }: { readonly whatsappId: string; readonly proto: Uint8Array; readonly at: number },
): NewInboxRow => ({
  ...rowOf(
    {
      type: 'message',
      whatsappId: id,
      chat: to.chat,
      chatPhone: null,
      fromMe: true,
      sender: 'me',
      phone: null,
      lid: null,
      pushName: null,
      timestamp: Math.floor(at / 1000),
      offline: false,
      kind: 'reaction',
      text: emoji === '' ? null : emoji,
      refersTo: to.whatsappId,
      media: null,
      details: null,
      sealed: false,
      message: proto,
    },
    { phone: null, lid: null },
  ),
  peer,
});
