import { proto } from 'baileys';
import type { RandomBytes } from '../base/ids.ts';
import type { Content } from './link.ts';
import type { Uploaded } from './media.ts';

export type MediaContent = Exclude<Content, { readonly type: 'text' }>;

/** Ogg is how voice notes travel; every other audio is a file with a player. */
export const isVoice = ({ type, mimetype }: MediaContent): boolean =>
  type === 'audio' && /^audio\/(ogg|opus)\b/i.test(mimetype);

/** What a file shows before it is downloaded. Any of it may be missing. */
export interface Preview {
  readonly jpegThumbnail?: Uint8Array;
  readonly width?: number;
  readonly height?: number;
  readonly seconds?: number;
}

/** With the secret that WhatsApp Web gives each message: votes and reactions are encrypted with it, and reporting tokens need it. */
const withSecret = (message: proto.IMessage, random: RandomBytes): Uint8Array =>
  proto.Message.encode({ ...message, messageContextInfo: { messageSecret: random(32) } }).finish();

/** WhatsApp Web writes plain text as `extendedTextMessage`; without a link preview it is the text alone. */
export const textMessage = (text: string, random: RandomBytes): Uint8Array =>
  withSecret({ extendedTextMessage: { text } }, random);

const optional = <K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined || value === '' ? {} : ({ [name]: value } as { [P in K]: V });

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
): Uint8Array => withSecret(builders[content.type](content, { ...file, mimetype: content.mimetype }, preview), random);
