import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { FailureCode } from '../base/errors.ts';
import type { Caller, Devices, Idempotency, Messages, RequestKey, Upload } from '../gateway/contract.ts';
import type { Groups } from '../gateway/groups.ts';
import type { Inbox } from '../gateway/inbox.ts';
import type { InboxMedia } from '../gateway/inbox-media.ts';
import type { LiveEvents } from '../gateway/live.ts';
import type { Replies } from '../gateway/replies.ts';
import type { Webhooks } from '../gateway/webhooks.ts';

/** What the rows of the public API ask for; each handler names its part with Pick. */
export interface Gateway {
  readonly messages: Pick<Messages, 'send' | 'resume' | 'list' | 'find' | 'cancel'>;
  readonly devices: Pick<Devices, 'authenticate' | 'describe' | 'quotaRemaining'>;
  readonly idempotency: Pick<Idempotency, 'once'>;
  readonly store: StoreReadiness;
  readonly inbox: Pick<Inbox, 'list' | 'find' | 'media' | 'read'>;
  readonly inboxMedia: Pick<InboxMedia, 'open'>;
  readonly replies: Replies;
  readonly groups: Groups;
  readonly webhooks: Webhooks;
  readonly liveEvents: LiveEvents;
  /** It was told to stop: a proxy shall send it nothing new. */
  readonly isDraining?: () => boolean;
  /** The address of this server, as others reach it. */
  readonly url: () => string;
}

export interface StoreReadiness {
  /** Migrations of this version that the database does not have; rejects when it does not answer. */
  missing(): Promise<readonly string[]>;
}

/** What came in, checked. */
export interface Ask<Body = unknown, Query = unknown, Params = unknown> {
  /** Null where anyone may enter. */
  readonly caller: Caller | null;
  readonly body: Body;
  readonly query: Query;
  readonly params: Params;
  /** A file that was uploaded with the request, already received in full. */
  readonly upload: ReceivedFile | undefined;
  readonly idempotencyKey: RequestKey | null;
  /** Of a stream that was cut off. */
  readonly lastEventId: string | null;
  /** Aborted when the caller has gone or the server is stopping. */
  readonly signal: AbortSignal;
}

export interface TokenAsk<Body = unknown, Query = unknown, Params = unknown> extends Ask<Body, Query, Params> {
  readonly caller: Caller;
}

export interface ReceivedFile {
  readonly filename: string | null;
  readonly mimetype: string | null;
  /** SHA-256 of its bytes. */
  readonly hash: Uint8Array;
  /** To be read once. Nothing is opened before the first byte is asked for; errors go to the reader. */
  open(): Upload;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** For X-Quota-Remaining, where the handler knows it; null: the device uses no quota. */
  readonly quotaRemaining?: number | null;
  /** In the place of `body`. */
  readonly stream?: {
    readonly content: Readable;
    readonly type: string;
    /** It is saved under this name, and shown by no browser. */
    readonly filename?: string;
    readonly bytes?: number;
  };
}

export interface Operation {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
}

export interface DocumentedAnswer {
  readonly schema: z.ZodType;
  readonly description: string;
  readonly example: unknown;
}

interface RowParts<B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As OpenAPI writes it: `/messages/{id}`. */
  readonly path: string;
  readonly operation: Operation;
  readonly body?: B;
  /** Fields that must be there and not be empty, and the sentence that says so when one is not. */
  readonly requires?: { readonly fields: readonly string[]; readonly sentence: string };
  /** The name of the multipart field whose file may stand in the place of a required field. */
  readonly upload?: { readonly field: string; readonly insteadOf: string };
  readonly query?: Q;
  readonly params?: P;
  /** Also while the device is suspended: to see so. */
  readonly evenSuspended?: true;
  /** Takes an Idempotency-Key. */
  readonly idempotent?: boolean;
  /** The answer for a message that a request with the same key had accepted. */
  resume?(ask: TokenAsk, gateway: Gateway, messageId: number): Promise<Answer>;
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
  /** What comes in the place of JSON. */
  readonly produces?: 'text/event-stream' | 'application/octet-stream';
  /** Ways to fail beside those that the row's shape brings with it (token, body). */
  readonly failures: readonly FailureCode[];
  readonly examples?: { readonly body?: unknown; readonly query?: Readonly<Record<string, string>> };
}

/** One route of the public API: who may enter, what it takes, what it answers, who does it. */
export interface Row extends RowParts<z.ZodType, z.ZodType, z.ZodType> {
  readonly enter: 'token' | 'anyone';
  // A method, so that a handler of narrower parts is still a row: the schemas have checked what it gets.
  handle(ask: Ask, gateway: Gateway): Promise<Answer>;
}

/** A row that only a valid API token enters. */
export const forToken = <B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType>(
  row: RowParts<B, Q, P> & {
    handle(ask: TokenAsk<z.output<B>, z.output<Q>, z.output<P>>, gateway: Gateway): Promise<Answer>;
  },
): Row => ({ ...row, enter: 'token' });

/** A row that anyone enters. */
export const forAnyone = <B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType>(
  row: RowParts<B, Q, P> & {
    handle(ask: Ask<z.output<B>, z.output<Q>, z.output<P>>, gateway: Gateway): Promise<Answer>;
  },
): Row => ({ ...row, enter: 'anyone' });
