import { proto } from 'baileys';
import type { MediaHost, MediaKind } from './media.ts';
import { pollContent } from './polls.ts';

/** What somebody says: text, media as bytes, a short form, or any part of WhatsApp's own message tree. */
export type Said = string | SaidMedia | SaidShort | proto.IMessage;

export interface SaidShort {
  readonly location?: { readonly latitude: number; readonly longitude: number; readonly name?: string };
  readonly contact?: { readonly name: string; readonly number: string };
  /** To one of the reader's messages; an empty text takes the reaction back. */
  readonly reaction?: { readonly to: { readonly whatsappId: string }; readonly text: string };
  readonly poll?: { readonly name: string; readonly options: readonly string[] };
}

export interface SaidMedia {
  readonly image?: Uint8Array;
  readonly video?: Uint8Array;
  readonly audio?: Uint8Array;
  readonly document?: Uint8Array;
  readonly sticker?: Uint8Array;
  readonly caption?: string;
  readonly mimetype?: string;
  readonly fileName?: string;
  /** A voice note. */
  readonly ptt?: boolean;
}

export interface Quoted {
  readonly whatsappId: string;
  /** JID of who said it. */
  readonly from: string;
  readonly content: proto.IMessage;
}

const DEFAULT_TYPE: Record<MediaKind, string> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/ogg; codecs=opus',
  document: 'application/octet-stream',
  sticker: 'image/webp',
};
const KINDS = Object.keys(DEFAULT_TYPE) as MediaKind[];

export async function buildContent(said: Said, media: MediaHost, quoted?: Quoted): Promise<proto.IMessage> {
  const contextInfo = quoted && {
    stanzaId: quoted.whatsappId,
    participant: quoted.from,
    quotedMessage: quoted.content,
  };
  if (typeof said === 'string') {
    return contextInfo ? { extendedTextMessage: { text: said, contextInfo } } : { conversation: said };
  }
  const short = shortForm(said as SaidShort);
  if (short) return short;
  const kind = KINDS.find((one) => (said as SaidMedia)[one] instanceof Uint8Array);
  if (!kind) return said as proto.IMessage;
  const { caption, mimetype = DEFAULT_TYPE[kind], fileName, ptt, [kind]: bytes } = said as SaidMedia;
  if (!bytes) throw new Error(`no bytes for ${kind}`);
  const kept = await media.keep(kind, bytes);
  return {
    [`${kind}Message`]: {
      ...kept,
      mimetype,
      ...(caption === undefined ? {} : { caption }),
      ...(fileName === undefined ? {} : { fileName, title: fileName }),
      ...(ptt === undefined ? {} : { ptt }),
      ...(contextInfo ? { contextInfo } : {}),
    },
  };
}

function shortForm({ location, contact, reaction, poll }: SaidShort): proto.IMessage | undefined {
  if (location) {
    const { latitude, longitude, name } = location;
    return { locationMessage: { degreesLatitude: latitude, degreesLongitude: longitude, ...(name ? { name } : {}) } };
  }
  if (contact) {
    const { name, number } = contact;
    const card = ['BEGIN:VCARD', 'VERSION:3.0', `FN:${name}`, `TEL;waid=${number}:+${number}`, 'END:VCARD'];
    return { contactMessage: { displayName: name, vcard: card.join('\n') } };
  }
  if (poll) return pollContent(poll.name, poll.options);
  if (!reaction) return undefined;
  // From the phone's side the message is not its own.
  return { reactionMessage: { key: { id: reaction.to.whatsappId, fromMe: false }, text: reaction.text } };
}

/** Without the wrappers that say "disappearing", "view once" or "with a caption". */
export function unwrap(content: proto.IMessage): proto.IMessage {
  const inner =
    content.ephemeralMessage?.message ??
    content.viewOnceMessage?.message ??
    content.viewOnceMessageV2?.message ??
    content.documentWithCaptionMessage?.message ??
    content.editedMessage?.message;
  return inner ? unwrap(inner) : content;
}

/** What a person would read: text or caption. */
export function textOf(content: proto.IMessage): string | undefined {
  const inner = unwrap(content);
  return (
    inner.conversation ??
    inner.extendedTextMessage?.text ??
    inner.imageMessage?.caption ??
    inner.videoMessage?.caption ??
    inner.documentMessage?.caption ??
    undefined
  );
}

export interface MediaPart {
  readonly kind: MediaKind;
  readonly directPath: string;
  readonly mediaKey: Uint8Array;
  readonly fileSha256: Uint8Array | undefined;
  readonly fileEncSha256: Uint8Array | undefined;
}

export function mediaOf(content: proto.IMessage): MediaPart | undefined {
  const inner = unwrap(content);
  for (const kind of KINDS) {
    const part = inner[`${kind}Message`];
    if (!part?.directPath || !part.mediaKey) continue;
    const { directPath, mediaKey, fileSha256, fileEncSha256 } = part;
    return {
      kind,
      directPath,
      mediaKey,
      fileSha256: fileSha256 ?? undefined,
      fileEncSha256: fileEncSha256 ?? undefined,
    };
  }
  return undefined;
}

/** The `type` attribute of a message stanza. */
export function stanzaType(content: proto.IMessage): string {
  const inner = unwrap(content);
  if (inner.reactionMessage) return 'reaction';
  if (inner.pollCreationMessage || inner.pollCreationMessageV3 || inner.pollUpdateMessage) return 'poll';
  if (mediaOf(inner) || inner.contactMessage || inner.locationMessage) return 'media';
  return 'text';
}

/** New at each upload or build, and no part of what is said. */
const VOLATILE = new Set([
  'messageContextInfo',
  'mediaKey',
  'mediaKeyTimestamp',
  'url',
  'directPath',
  'fileEncSha256',
  'jpegThumbnail',
  'senderTimestampMs',
]);

/** Would the reader see the same? A message sent again may have been built and uploaded again. */
export function sameContent(one: proto.IMessage, other: proto.IMessage): boolean {
  return essence(one) === essence(other);
}

export function essence(content: proto.IMessage): string {
  const plain = proto.Message.toObject(proto.Message.fromObject(content), { bytes: String, longs: String });
  return JSON.stringify(plain, (key, value: unknown) => (VOLATILE.has(key) ? undefined : value));
}

/** Is there anything to show, beyond keys and other plumbing? */
export function isShown(content: proto.IMessage): boolean {
  const { senderKeyDistributionMessage: _, messageContextInfo: __, ...rest } = content;
  return Object.values(rest).some((part) => part !== null && part !== undefined && part !== '');
}
