import { createHash } from 'node:crypto';
import { proto, unpadRandomMax16, type WAMessage } from 'baileys';
import { contentOf } from './contents.ts';
import { bare, isBroadcastList, isGroup, isLid, isPhone, lidOf, phoneOf } from './jid.ts';
import type { Details, Incoming, MediaFacts } from './link.ts';
import type { MessageEnvelope } from './memory.ts';

/** Who a message is from, before a missing phone number has been looked up. */
export interface Addressing {
  /** As on the wire, with or without device part. */
  readonly chat: string;
  readonly sender: string;
  /** The sender in the other namespace. */
  readonly senderAlt: string | null;
  /** The other side of a chat of two in the other namespace, where only that is told. */
  readonly chatAlt?: string | null;
  readonly fromMe: boolean;
}

/** What the message says, apart from who says it. */
interface Reading {
  readonly kind: string;
  readonly text?: string | null | undefined;
  readonly refersTo?: string | null | undefined;
  readonly media?: MediaFacts | undefined;
  readonly details?: Details | undefined;
  /** It can only be read with the message that it is about (`secrets.ts`). */
  readonly sealed?: true;
}

type Reader<T> = (content: T, whole: proto.IMessage) => Reading | undefined;
type Readers = { readonly [K in keyof proto.IMessage]?: Reader<NonNullable<proto.IMessage[K]>> };

type File = Pick<proto.Message.IImageMessage, 'caption' | 'mimetype' | 'width' | 'height'> &
  Pick<proto.Message.IDocumentMessage, 'fileName'> &
  Pick<proto.Message.IAudioMessage, 'seconds'> & { readonly fileLength?: unknown };

const media =
  (kind: string): Reader<File> =>
  (content) => ({ kind, text: content.caption, media: factsOf(content) });
const factsOf = (file: File): MediaFacts => ({
  mimetype: clean(file.mimetype),
  fileName: clean(file.fileName),
  bytes: whole(file.fileLength) || null,
  seconds: whole(file.seconds) || null,
  width: whole(file.width) || null,
  height: whole(file.height) || null,
});
const sealed = (kind: string, about: proto.IMessageKey | null | undefined): Reading => ({
  kind,
  refersTo: about?.id,
  sealed: true,
});
const poll: Reader<proto.Message.IPollCreationMessage> = (content) => ({
  kind: 'poll',
  text: content.name,
  details: { is: 'poll', options: content.options?.map(({ optionName }) => clean(optionName) ?? '') ?? [] },
});
const place: Reader<proto.Message.ILocationMessage> = ({ name, address, degreesLatitude, degreesLongitude }) => ({
  kind: 'location',
  text: [name, address, `${degreesLatitude ?? 0},${degreesLongitude ?? 0}`].filter(Boolean).join('\n'),
  details: placeOf(degreesLatitude, degreesLongitude, name, address),
});
const placeOf = (latitude: unknown, longitude: unknown, name?: string | null, address?: string | null): Details => ({
  is: 'location',
  latitude: degrees(latitude),
  longitude: degrees(longitude),
  name: clean(name),
  address: clean(address),
});
/** A stranger may send infinity, which no JSON has. */
const degrees = (given: unknown): number => (Number.isFinite(given) ? Number(given) : 0);
const cards = (given: readonly proto.Message.IContactMessage[]): Details => ({
  is: 'contacts',
  contacts: given.map(({ displayName, vcard }) => ({ name: clean(displayName) ?? '', vcard: clean(vcard) ?? '' })),
});

/** What has no kind of its own and says something all the same, line by line. */
const words = (...lines: readonly (string | null | undefined)[]): Reading => {
  const text = lines.filter(Boolean).join('\n');
  return text === '' ? { kind: 'unknown' } : { kind: 'text', text };
};

/** One row a kind; the order is the order of looking. `undefined`: nothing that a person said. */
const readers: Readers = {
  protocolMessage: (content) => readProtocol(content),
  reactionMessage: (content) => ({ kind: 'reaction', text: content.text, refersTo: content.key?.id }),
  encReactionMessage: (content) => sealed('unknown', content.targetMessageKey),
  encCommentMessage: (content) => sealed('unknown', content.targetMessageKey),
  secretEncryptedMessage: (content) => sealed('unknown', content.targetMessageKey),
  pollUpdateMessage: (content) => sealed('poll_vote', content.pollCreationMessageKey),
  pollCreationMessage: poll,
  pollCreationMessageV2: poll,
  pollCreationMessageV3: poll,
  pollCreationMessageV5: poll,
  conversation: (content) => ({ kind: 'text', text: content }),
  extendedTextMessage: (content) => ({ kind: 'text', text: content.text }),
  imageMessage: media('image'),
  videoMessage: media('video'),
  ptvMessage: media('video'),
  audioMessage: (content) => ({ kind: content.ptt ? 'voice' : 'audio', media: factsOf(content) }),
  documentMessage: media('document'),
  stickerMessage: media('sticker'),
  locationMessage: place,
  liveLocationMessage: (content) => ({
    kind: 'location',
    text: content.caption,
    details: placeOf(content.degreesLatitude, content.degreesLongitude),
  }),
  contactMessage: (content) => ({ kind: 'contact', text: content.displayName, details: cards([content]) }),
  contactsArrayMessage: (content) => ({
    kind: 'contact',
    text: content.displayName ?? content.contacts?.map(({ displayName }) => displayName ?? '').join(', '),
    details: cards(content.contacts ?? []),
  }),
  buttonsResponseMessage: (content) => ({ kind: 'text', text: content.selectedDisplayText }),
  templateButtonReplyMessage: (content) => ({ kind: 'text', text: content.selectedDisplayText }),
  listResponseMessage: (content) => ({ kind: 'text', text: content.title }),
  interactiveResponseMessage: ({ body, nativeFlowResponseMessage: flow }) =>
    // Beside the answers of a form its body says no more than that they were sent.
    words(body?.text, !body?.text || flow?.name === 'flow' ? flow?.paramsJson : null),
  orderMessage: (content) => words(content.orderTitle, content.message),
  productMessage: ({ product, catalog, body }) =>
    words(product?.title ?? catalog?.title, product?.description ?? catalog?.description, body),
  groupInviteMessage: (content) => words(content.groupName, content.caption),
  eventMessage: ({ name, description, location, joinLink }) => words(name, description, location?.name, joinLink),
  // Of businesses: what stands above their buttons.
  buttonsMessage: (content) => ({ kind: 'text', text: content.contentText }),
  listMessage: (content) => ({ kind: 'text', text: content.description ?? content.title }),
  interactiveMessage: (content) => ({ kind: 'text', text: content.body?.text }),
  templateMessage: ({ hydratedTemplate, hydratedFourRowTemplate, interactiveMessageTemplate }) => ({
    kind: 'text',
    text: (hydratedTemplate ?? hydratedFourRowTemplate)?.hydratedContentText ?? interactiveMessageTemplate?.body?.text,
  }),
  // Says only how many pictures come; they are messages themselves.
  albumMessage: () => undefined,
  pinInChatMessage: () => undefined,
  // Only the key of a call; that somebody calls is no message.
  call: () => undefined,
  // Only a key for later messages of a group; beside a real message the row of that one has answered already.
  senderKeyDistributionMessage: () => undefined,
};

const { Type } = proto.Message.ProtocolMessage;

/** Of the messages between devices only these two were made by a person. */
function readProtocol({ type, key, editedMessage }: proto.Message.IProtocolMessage): Reading | undefined {
  if (type === Type.REVOKE) return { kind: 'deletion', refersTo: key?.id };
  if (type === Type.MESSAGE_EDIT)
    return { kind: 'edit', text: editedMessage ? readContent(editedMessage)?.text : null, refersTo: key?.id };
  return undefined;
}

function readContent(message: proto.IMessage): Reading | undefined {
  const content = contentOf(message);
  for (const [field, read] of Object.entries(readers) as [keyof proto.IMessage, Reader<unknown>][]) {
    const value = content[field];
    if (value === null || value === undefined || value === '') continue;
    if (field === 'senderKeyDistributionMessage' && otherContent(content)) continue;
    const reading = read(value, content);
    return reading && { refersTo: quotedId(value), ...reading };
  }
  return otherContent(content) ? { kind: 'unknown' } : undefined;
}

/** What a person reads of it. */
export const readText = (message: proto.IMessage): string | null => clean(readContent(message)?.text);

export function pollOptions(message: proto.IMessage): readonly string[] {
  const details = readContent(message)?.details;
  return details?.is === 'poll' ? details.options : [];
}

/** Something that no row reads: a kind that WhatsApp has added since. */
const otherContent = (content: proto.IMessage): boolean =>
  Object.entries(content).some(
    ([field, value]) => field !== 'messageContextInfo' && field !== 'senderKeyDistributionMessage' && value != null,
  );

function quotedId(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('contextInfo' in value)) return null;
  const info = value.contextInfo as proto.IContextInfo | null | undefined;
  return info?.stanzaId ?? null;
}

/** PostgreSQL's text has no room for NUL, no header for half a surrogate pair, and no person writes them. */
const clean = (text: unknown): string | null =>
  typeof text === 'string' && text !== '' ? text.replaceAll('\0', '').toWellFormed() : null;

/**
 * WhatsApp's own ids have some 20 to 40 characters, but each is its sender's choice. PostgreSQL's indexes take 2,704 bytes, and a row that
 * none of them takes would be tried again for ever.
 */
const LONGEST_ID = 128;

/** A message's id as it is kept: an over-long one by its hash, so that it stays one of its own. */
export function idOf(whatsappId: string): string {
  const id = clean(whatsappId) ?? '';
  return id.length > LONGEST_ID ? createHash('sha256').update(id).digest('hex') : id;
}

/** A kept id is never longer, so this one is of no message here. */
function referenceOf(given: string | null | undefined): string | null {
  const id = clean(given);
  return id !== null && id.length > LONGEST_ID ? null : id;
}

/** A whole number above zero, or 0. */
const whole = (value: unknown): number => {
  const number = Number(value ?? 0);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
};

/** What may be seen once: WhatsApp gives it to the account's phone alone, and tells other devices no more than that it came. */
const VIEW_ONCE = 'view_once';

/**
 * Undefined for what no person said: key shares, history, other accounts' status updates, channels; and for what is nested so deep
 * that it cannot be worked on. Between some 3,600 and 4,000 levels (a message of 23 KB) a stranger's bytes can be decoded and not
 * encoded again: thrown from here, they would stand in the way of everything behind them in the journal.
 */
export function incoming(...given: Parameters<typeof read>): Incoming | undefined {
  try {
    return read(...given);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(
  message: proto.IMessage | typeof VIEW_ONCE,
  addressing: Addressing,
  about: { whatsappId: string; pushName: string | null; timestamp: number; offline: boolean },
): Incoming | undefined {
  const { sender, senderAlt, chatAlt, fromMe } = addressing;
  const chat = bare(isBroadcastList(addressing.chat) && !fromMe ? sender : addressing.chat);
  if (!isGroup(chat) && !isPhone(chat) && !isLid(chat)) return undefined;
  const reading = message === VIEW_ONCE ? { kind: VIEW_ONCE } : readContent(message);
  if (!reading) return undefined;
  return {
    type: 'message',
    whatsappId: idOf(about.whatsappId),
    chat,
    chatPhone: isGroup(chat) ? null : (phoneOf(chat) ?? phoneOf(fromMe ? chatAlt : senderAlt)),
    fromMe,
    sender: bare(sender),
    phone: phoneOf(sender) ?? phoneOf(senderAlt),
    lid: lidOf(sender) ?? lidOf(senderAlt),
    pushName: clean(about.pushName),
    timestamp: about.timestamp,
    offline: about.offline,
    kind: reading.kind,
    text: clean(reading.text),
    refersTo: referenceOf(reading.refersTo),
    media: reading.media ?? null,
    details: reading.details ?? null,
    sealed: reading.sealed ?? false,
    message: proto.Message.encode(message === VIEW_ONCE ? {} : message).finish(),
  };
}

/** From Baileys' event. `me`: this account's own bare names, whose messages from the phone come in too. */
export function incomingOf(
  wa: WAMessage,
  type: 'append' | 'notify',
  me: { readonly jid: string; readonly lid: string | null },
): Incoming | undefined {
  const { key } = wa;
  // A copy that could not be decrypted has been asked for again.
  const message = wa.message ?? (key.isViewOnce && !wa.messageStubType ? VIEW_ONCE : undefined);
  if (!message || !key.remoteJid || !key.id) return undefined;
  // In a broadcast list Baileys knows this account by its number only.
  const fromMe = Boolean(key.fromMe) || (me.lid !== null && bare(key.participant ?? '') === me.lid);
  const sender = fromMe ? me.jid : key.participant || wa.participant || key.remoteJid;
  return incoming(
    message,
    {
      chat: key.remoteJid,
      sender,
      // Of a broadcast list, too, the writer's other name stands where that of a chat of two stands.
      senderAlt: fromMe ? null : (key.participantAlt ?? key.remoteJidAlt ?? null),
      chatAlt: key.remoteJidAlt ?? null,
      fromMe,
    },
    {
      whatsappId: key.id,
      pushName: wa.pushName ?? null,
      timestamp: whole(wa.messageTimestamp),
      offline: type === 'append',
    },
  );
}

/**
 * From the decrypt journal: a message that was decrypted and receipted, and the process died before anybody was told. `owns`
 * says which JIDs are this account's. Undefined for what no person said, or when the entry makes no sense.
 */
export function incomingFromJournal(
  entry: { readonly plaintext: Uint8Array; readonly envelope: MessageEnvelope },
  owns: (bareJid: string) => boolean,
): Incoming | undefined {
  const { from, participant, recipient, recipientAlt, senderAlt, whatsappId, pushName, timestamp, offline } =
    entry.envelope;
  const sender = participant ?? from;
  const fromMe = owns(bare(sender));
  let message: proto.IMessage;
  try {
    const decoded = proto.Message.decode(unpadRandomMax16(entry.plaintext));
    message = decoded.deviceSentMessage?.message ?? decoded;
  } catch (error) {
    // As in Baileys: what does not decode was never a message, and its sender has been asked again.
    if (error instanceof Error) return undefined;
    throw error;
  }
  return incoming(
    message,
    {
      chat: participant ? from : (recipient ?? from),
      sender,
      senderAlt: senderAlt ?? null,
      chatAlt: recipientAlt ?? null,
      fromMe,
    },
    { whatsappId, pushName: pushName ?? null, timestamp, offline },
  );
}
