import { normalizeMessageContent, proto } from 'baileys';
import type { RandomBytes } from '../base/ids.ts';
import { bare, isGroup } from './jid.ts';
import type { Content, MessageKey, Quoted } from './link.ts';
import type { Uploaded } from './media.ts';

export type MediaContent = Exclude<Content, { readonly type: 'text' }>;

/** Opus in Ogg is how voice notes travel; Vorbis, Speex and FLAC in Ogg, too, are files with a player. */
export const isVoice = ({ type, mimetype }: MediaContent): boolean =>
  type === 'audio' && /^audio\/ogg; *codecs=opus$/i.test(mimetype);

/** What a file shows before it is downloaded. Any of it may be missing. */
export interface Preview {
  readonly jpegThumbnail?: Uint8Array;
  readonly width?: number;
  readonly height?: number;
  readonly seconds?: number;
}

const optional = <K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined || value === '' ? {} : ({ [name]: value } as { [P in K]: V });

/** With the secret that WhatsApp Web gives each message: votes and reactions are encrypted with it, and reporting tokens need it. */
const withSecret = (message: proto.IMessage, random: RandomBytes): Uint8Array =>
  proto.Message.encode({ ...message, messageContextInfo: { messageSecret: random(32) } }).finish();

/** WhatsApp Web writes plain text as `extendedTextMessage`; without a link preview it is the text alone. */
const plainText = (text: string, quote?: proto.IContextInfo): proto.IMessage => ({
  extendedTextMessage: { text, ...optional('contextInfo', quote) },
});

export const textMessage = (text: string, random: RandomBytes, quote?: proto.IContextInfo): Uint8Array =>
  withSecret(plainText(text, quote), random);

/** In a channel everybody reads the very bytes: a secret in them would be none. */
export const channelPost = (text: string, quote?: proto.IContextInfo): Uint8Array =>
  proto.Message.encode(plainText(text, quote)).finish();

/** What stands in a message that answers another. `me`: JID of this account. */
export function quoteOf({ whatsappId, sender, message }: Quoted, me: string): proto.IContextInfo {
  const whole = proto.Message.decode(message);
  const content = normalizeMessageContent(whole) ?? whole;
  // Of what was quoted only itself: not the quotes in it, and neither its secret nor a group's key.
  const { messageContextInfo: _, senderKeyDistributionMessage: __, ...said } = proto.Message.create(content);
  for (const part of Object.values(said))
    if (typeof part === 'object' && part !== null && 'contextInfo' in part) part.contextInfo = null;
  return { stanzaId: whatsappId, participant: sender === 'me' ? me : bare(sender), quotedMessage: said };
}

export const reactionMessage = ({ chat, whatsappId, fromMe, participant }: MessageKey, text: string, now: number) =>
  proto.Message.encode({
    reactionMessage: {
      key: { remoteJid: chat, id: whatsappId, fromMe, ...(isGroup(chat) && !fromMe ? { participant } : {}) },
      text,
      senderTimestampMs: now,
    },
  }).finish();

const builders: {
  readonly [T in MediaContent['type']]: (
    content: MediaContent,
    file: Uploaded & { mimetype: string },
    preview: Preview,
  ) => proto.IMessage;
} = {
  image: (content, file, preview) => ({
    imageMessage: { ...file, ...preview, ...optional('caption', content.caption) },
  }),
  video: (content, file, preview) => ({
    videoMessage: { ...file, ...preview, ...optional('caption', content.caption) },
  }),
  audio: (content, file, { seconds }) => ({
    audioMessage: isVoice(content)
      ? { ...file, mimetype: 'audio/ogg; codecs=opus', ptt: true, ...optional('seconds', seconds) }
      : { ...file, ...optional('seconds', seconds) },
  }),
  document: (content, file, preview) => {
    const fileName = content.fileName ?? 'file';
    const documentMessage = {
      ...file,
      ...preview,
      fileName,
      title: fileName,
      ...optional('caption', content.caption),
    };
    // A document with a caption travels in a wrapper; phones show no caption without it.
    return content.caption ? { documentWithCaptionMessage: { message: { documentMessage } } } : { documentMessage };
  },
};

export const mediaMessage = (
  content: MediaContent,
  file: Uploaded,
  preview: Preview,
  random: RandomBytes,
  quote?: proto.IContextInfo,
): Uint8Array => {
  const message = builders[content.type](content, { ...file, mimetype: content.mimetype }, preview);
  const inner = normalizeMessageContent(message) ?? message;
  if (quote) for (const part of Object.values(inner)) Object.assign(part, { contextInfo: quote });
  return withSecret(message, random);
};
