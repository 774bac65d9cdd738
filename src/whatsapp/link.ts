import type { DeviceMemory } from './memory.ts';

/**
 * One device's connection to a channel, from opening to closing. A link lives through exactly one connection: after `closed` it is
 * spent and the supervisor opens another. The Baileys link (`baileys.ts`) satisfies it on WhatsApp Web's protocol; another channel
 * would stand beside it. An ability that not every channel has is its own small interface (`Groups`, `PairingByCode`).
 */
export interface Link {
  /** Of these numbers (digits, international), those that are on WhatsApp; the others are absent. Throws LinkError. */
  lookUp(phones: readonly string[]): Promise<ReadonlyMap<string, Registration>>;
  /**
   * Builds the message as WhatsApp will carry it (uploading media on the way) and gives its protobuf bytes: they are frozen in the
   * row, and every re-send uses those very bytes.
   */
  encode(content: Content, options: EncodeOptions): Promise<Uint8Array>;
  /** A reaction to a message, as protobuf for `relay`; an empty emoji takes it back. */
  encodeReaction(to: MessageKey, emoji: string): Uint8Array;
  /**
   * Encrypts the bytes for each device of the chat and writes the stanza. Resolves when it is written, which says nothing about
   * WhatsApp's answer: that comes as an `ack` event. Rejects with LinkError `no_devices` rather than send to nobody.
   */
  relay(chat: string, bytes: Uint8Array, whatsappId: string): Promise<void>;
  /** "typing…", "recording…" or neither, in a chat. */
  showPresence(chat: string, presence: 'composing' | 'recording' | 'paused'): Promise<void>;
  /** Marks messages of one chat as read. */
  markRead(keys: readonly MessageKey[]): Promise<void>;
  /** Forgets the cached device list of a chat, so that the next relay asks WhatsApp again (error 479). */
  refreshDevices(chat: string): Promise<void>;
  /**
   * Downloads and decrypts the media of a received message, as a stream; with its key, a file that WhatsApp's host has let go is
   * first asked of the phone again. The seal and the hashes are known at the end: the stream throws LinkError `media_failed` there,
   * so what came before is only good when it ends well. Count the bytes: the length that a message tells may be a lie.
   */
  download(message: Uint8Array, key?: MessageKey): Promise<AsyncIterable<Uint8Array>>;
  groups: Groups;
  pairing: PairingByCode;
  /** Unlinks the device on WhatsApp's side; the link closes with `logged_out`. */
  logOut(): Promise<void>;
  /** Listeners off, socket closed, no further event. Resolves when everything is released. */
  close(): Promise<void>;
}

export interface Groups {
  list(): Promise<readonly Group[]>;
  find(id: string): Promise<Group | undefined>;
}

export interface Group {
  /** `…@g.us` */
  readonly id: string;
  readonly subject: string;
  readonly participants: readonly { readonly jid: string; readonly phone: string | null; readonly admin: boolean }[];
  /** Only admins may write. */
  readonly announcement: boolean;
}

export interface PairingByCode {
  /** Only while the link is `pairing` (after its first `qr` event). Gives the eight characters to type on the phone. */
  request(phone: string): Promise<string>;
}

export interface Registration {
  /** `628…@s.whatsapp.net` */
  readonly jid: string;
  readonly lid: string | null;
}

export interface MessageKey {
  readonly chat: string;
  readonly whatsappId: string;
  readonly fromMe: boolean;
  /** The sender in a group. */
  readonly participant?: string;
}

/** What is to be said. One member a kind. */
export type Content =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'image' | 'video' | 'audio' | 'document';
      /** A file of ours, already fetched and checked: never a user's URL. */
      readonly path: string;
      readonly mimetype: string;
      readonly fileName?: string;
      /** WhatsApp has none for audio. */
      readonly caption?: string;
      readonly bytes: number;
    };

export interface EncodeOptions {
  readonly chat: string;
  readonly whatsappId: string;
  readonly quoted?: Quoted;
}

/** The message that another one answers. */
export interface Quoted {
  readonly whatsappId: string;
  /** JID of who wrote it; `me` for this account. */
  readonly sender: string;
  /** Its protobuf. */
  readonly message: Uint8Array;
}

export type LinkEvent =
  /** Scan this within the time, or ask for a code. Unix ms. */
  | { readonly type: 'qr'; readonly qr: string; readonly expiresAt: number }
  /** Creds are durable; WhatsApp now closes with `restart`. */
  | { readonly type: 'paired'; readonly phone: string; readonly lid: string | null; readonly name: string | null }
  | { readonly type: 'open'; readonly phone: string; readonly lid: string | null; readonly name: string | null }
  /** Everything that waited while offline has come through (`receivedPendingNotifications`). */
  | { readonly type: 'caught_up' }
  /** WhatsApp's answer to a relayed message. `code`: the error, when refused. `serverTime`: Unix seconds. */
  | { readonly type: 'ack'; readonly whatsappId: string; readonly serverTime: number; readonly code: number | null }
  | Receipt
  | Incoming
  /** The account may not open new conversations until then (error 463). Unix ms; null: not told; not in the future: it was lifted. */
  | { readonly type: 'time_lock'; readonly until: number | null }
  /** WhatsApp's notice of a cap on messages, as it came. */
  | { readonly type: 'capping'; readonly notice: Readonly<Record<string, string | number | boolean>> }
  /** The account's phone showed a sign of life, Unix ms. A phone that stays away 14 days loses its linked devices. */
  | { readonly type: 'phone_seen'; readonly at: number }
  /** The memory holds something that cannot be read: the device must be quarantined, never re-paired for it. */
  | { readonly type: 'unreadable'; readonly error: Error }
  /** The last event of a link. `code`: a row of `disconnects.ts`. `expiresAt`: with 402, Unix ms. */
  | { readonly type: 'closed'; readonly code: number; readonly error: Error; readonly expiresAt?: number };

export interface Receipt {
  readonly type: 'receipt';
  readonly whatsappId: string;
  /** Bare JID (no device part), in the namespace it came in. */
  readonly chat: string;
  readonly participant: string | null;
  readonly step: 'delivered' | 'read' | 'played';
  /** Unix ms. */
  readonly at: number;
}

export interface Incoming {
  readonly type: 'message';
  readonly whatsappId: string;
  /** Bare JID of the chat, as it came. */
  readonly chat: string;
  /** Digits of the other side of a chat of two, where they are known. */
  readonly chatPhone: string | null;
  readonly fromMe: boolean;
  /** Bare JID of who wrote it. */
  readonly sender: string;
  readonly phone: string | null;
  readonly lid: string | null;
  readonly pushName: string | null;
  /** Unix seconds, WhatsApp's clock. */
  readonly timestamp: number;
  /** It waited while this device was offline. */
  readonly offline: boolean;
  /**
   * text, image, video, audio, voice, document, sticker, location, contact, poll, poll_vote, reaction, edit, deletion; `view_once`: one
   * that can be opened on the phone only; `unknown`: one that WhatsApp has added since.
   */
  readonly kind: string;
  /** The text, caption, name of a poll or contact, emoji of a reaction (none: taken back). Written by a stranger. */
  readonly text: string | null;
  /** WhatsApp id of the message it answers, reacts to, edits or deletes. */
  readonly refersTo: string | null;
  /** The file that comes with it, as its sender describes it. */
  readonly media: MediaFacts | null;
  readonly details: Details | null;
  /** What it says is sealed under the secret of the message that it refers to: `unseal` opens it. */
  readonly sealed: boolean;
  /** The decrypted protobuf (`proto.Message`), for media and replays. */
  readonly message: Uint8Array;
}

/** A stranger's words: nothing of it is proven before the file is here. */
export interface MediaFacts {
  readonly mimetype: string | null;
  readonly fileName: string | null;
  readonly bytes: number | null;
  readonly seconds: number | null;
  readonly width: number | null;
  readonly height: number | null;
}

/** What a kind has beside its text. */
export type Details =
  | {
      readonly is: 'location';
      readonly latitude: number;
      readonly longitude: number;
      readonly name: string | null;
      readonly address: string | null;
    }
  | { readonly is: 'contacts'; readonly contacts: readonly { readonly name: string; readonly vcard: string }[] }
  | { readonly is: 'poll'; readonly options: readonly string[] }
  /** The options that were chosen; none: a vote was taken back. */
  | { readonly is: 'vote'; readonly options: readonly string[] };

export type LinkErrorCode =
  | 'closed' // the connection went while the call ran
  | 'timed_out' // WhatsApp did not answer
  | 'stuck' // a question before it is never answered: nothing is written on this connection any more
  | 'rate_limited' // WhatsApp said 429
  | 'not_registered'
  | 'no_devices' // nobody to encrypt for
  | 'not_in_group'
  | 'media_failed' // upload refused by every host
  | 'unreadable' // a stored key could not be read
  | 'store' // the memory failed or hung: nothing was sent
  | 'rejected'; // any other answer of WhatsApp, with its code

export class LinkError extends Error {
  readonly code: LinkErrorCode;
  /** WhatsApp's own number, where it gave one. */
  readonly whatsappCode: number | null;
  constructor(code: LinkErrorCode, message: string, options: { cause?: unknown; whatsappCode?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'LinkError';
    this.code = code;
    this.whatsappCode = options.whatsappCode ?? null;
  }
}

/** Where a link goes, and whom it trusts there. */
export interface Route {
  readonly url: string;
  /** PEM of the authority of the media hosts; absent: the system's. */
  readonly mediaAuthority?: string;
  /** Root of the server's Noise certificate; absent: WhatsApp's. */
  readonly rootKey?: Uint8Array;
  readonly version?: readonly [number, number, number];
}

export interface LinkOptions {
  readonly route: Route;
  readonly memory: DeviceMemory;
  readonly onEvent: (event: LinkEvent) => void;
  /** Frozen bytes of a message of ours, for retry receipts (14 days); the chat may come in either namespace. */
  readonly findSent: (whatsappId: string) => Promise<Uint8Array | undefined>;
}

/**
 * Resolves as soon as the connection is begun; what becomes of it is told by events. Rejects with UnreadableKeyError, after an
 * `unreadable` event, or with LinkError `store`, before anything was connected.
 */
export type OpenLink = (options: LinkOptions) => Promise<Link>;
