import type { MessageRow, MessageType } from '../store/index.ts';
import type { MediaRequest, SendRequest } from './contract.ts';
import type { MediaKind } from './media/types.ts';
import type { StoredMedia } from './media.ts';

/** What a message row remembers of the request (`message.body`, encrypted at rest): enough to build the message later. */
export type Body = (
  | { readonly is: 'text'; readonly text: string }
  | {
      readonly is: 'media';
      readonly url: string | null;
      /** A file of ours that came as an upload; kept until the message is frozen. */
      readonly upload: StoredMedia | null;
      readonly mediaType: MediaRequest['mediaType'];
      readonly caption: string | null;
      readonly filename: string | null;
    }
) & { readonly quoted?: StoredQuote };

/** The message that it answers. */
export interface StoredQuote {
  readonly whatsappId: string;
  /** Bare JID; `me`: this account. */
  readonly sender: string;
  /** Base64 of its protobuf. */
  readonly message: string;
}

export function bodyOf(content: SendRequest['content'], given: StoredMedia | null, quoted?: StoredQuote): Body {
  const answering = quoted === undefined ? {} : { quoted };
  if (content.is === 'text') return { is: 'text', text: content.text, ...answering };
  // Its `remove` is no part of the row.
  const upload = given && {
    path: given.path,
    bytes: given.bytes,
    mimetype: given.mimetype,
    kind: given.kind,
    fileName: given.fileName,
  };
  return {
    is: 'media',
    url: 'url' in content.source ? content.source.url : null,
    upload,
    mediaType: content.mediaType,
    caption: content.caption,
    filename: content.filename,
    ...answering,
  };
}

/** The type that a row has before its media is fetched. */
export function typeOf(body: Body): MessageType {
  if (body.is === 'text') return 'text';
  const kind = body.upload?.kind ?? body.mediaType;
  return kind === null ? 'media' : sentAs(kind, body.caption);
}

/** A caption with audio would be seen by nobody: with one it goes as a document (docs/decisions/0006). */
export const sentAs = (kind: MediaKind, caption: string | null): MediaKind =>
  kind === 'audio' && caption ? 'document' : kind;

/** The row's body as `bodyOf` made it: only `messages.ts` writes it. */
export const readBody = (row: Pick<MessageRow, 'body'>): Body => row.body as unknown as Body;
