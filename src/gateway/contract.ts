import type { FailureCode } from '../base/errors.ts';
import type { DeviceKind, MessageState, MessageType, WaitingFor } from '../store/index.ts';
import type { DeviceHealth } from './health.ts';
import type { Arrival } from './media/arrivals.ts';

/** What the surfaces (`http/`, `cli.ts`) ask of the gateway, and the shapes they get. Times are Unix milliseconds unless said. */

/** Who calls, as the API token tells: the device comes only from the token. */
export interface Caller {
  readonly accountId: number;
  readonly deviceId: number;
  readonly deviceKind: DeviceKind;
  /** Calling code that a number without one belongs to. */
  readonly defaultCountry: string;
  readonly suspended: boolean;
  /** Requests a minute for this token: the package's, else the setting's. */
  readonly rateLimit: number;
  /** A key for the rate limiter that survives nothing secret: never the token itself. */
  readonly tokenId: string;
  /** When this token was made, Unix ms: a stream of its device ends with it. */
  readonly tokenSince: number | null;
}

/** An Idempotency-Key, and what its request asks for: another request under the same key is a mistake. */
export interface RequestKey {
  readonly key: string;
  readonly hash: Uint8Array;
}

export interface SendRequest {
  readonly recipient: string | number;
  readonly content: TextRequest | MediaRequest;
  readonly showTyping: boolean;
  readonly ref: string | null;
  readonly priority: number;
  /** Unix ms; null: now. */
  readonly scheduledAt: number | null;
  /** Wait when the device is offline instead of refusing. */
  readonly hold: boolean;
  /** Seconds that the message may wait; null: a day. */
  readonly expiresIn: number | null;
  /** Answer 202 at once. */
  readonly async: boolean;
  /** Tied to the message in the transaction that accepts it. */
  readonly idempotencyKey: RequestKey | null;
  /** The message that it answers: an id of the inbox, or a WhatsApp id. */
  readonly replyTo?: string | null;
}

export interface TextRequest {
  readonly is: 'text';
  readonly text: string;
}

export interface MediaRequest {
  readonly is: 'media';
  readonly source: { readonly url: string } | { readonly upload: Upload };
  readonly mediaType: 'image' | 'video' | 'audio' | 'document' | null;
  readonly caption: string | null;
  readonly filename: string | null;
}

export interface Upload {
  readonly stream: AsyncIterable<Uint8Array>;
  /** What counts its bytes until then. */
  readonly arrival: Arrival;
  readonly filename: string | null;
  readonly mimetype: string | null;
}

export interface MessageView {
  readonly id: number;
  readonly messageId: string;
  readonly recipient: string;
  readonly type: MessageType;
  /** The text, or the caption of media. */
  readonly message: string;
  readonly mediaUrl: string | null;
  readonly filename: string | null;
  readonly status: 'pending' | 'sent' | 'failed';
  readonly state: MessageState;
  readonly waitingFor: WaitingFor | null;
  /** The finer word: which limit of the pacing, what is tried again. */
  readonly waitingReason: string | null;
  readonly waitingUntil: number | null;
  readonly ref: string | null;
  readonly priority: number;
  readonly attempts: number;
  readonly scheduledAt: number | null;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly sentAt: number | null;
  readonly deliveredAt: number | null;
  readonly readAt: number | null;
  readonly failedAt: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** Unix seconds, WhatsApp's clock, of its acknowledgement. */
  readonly serverTime: number | null;
}

/** A definite failure is thrown as a Failure of its code. */
export interface SendOutcome {
  readonly is: 'sent' | 'pending';
  readonly message: MessageView;
  /** Left of the quota after this message; null for sandbox devices. */
  readonly quotaRemaining: number | null;
}

export interface MessageQuery {
  readonly limit: number;
  readonly page: number;
  readonly status?: 'pending' | 'sent' | 'failed';
  readonly state?: MessageState;
  readonly recipient?: string;
  readonly ref?: string;
  /** Unix ms of `created_at`, inclusive. */
  readonly since?: number;
  readonly until?: number;
}

export interface Messages {
  /** Accepts, then waits for WhatsApp's acknowledgement up to the setting, or until `signal` says that the caller has gone. */
  send(caller: Caller, request: SendRequest, signal?: AbortSignal): Promise<SendOutcome>;
  /** What became, or becomes, of a message that was accepted earlier, waited for as `send` does. Throws `not_found`. */
  resume(caller: Caller, id: number, signal?: AbortSignal): Promise<SendOutcome>;
  list(caller: Caller, query: MessageQuery): Promise<{ readonly rows: readonly MessageView[]; readonly total: number }>;
  /** Throws `not_found`. */
  find(caller: Caller, id: number): Promise<MessageView>;
  /** Throws `not_found`, `not_cancellable`. */
  cancel(caller: Caller, id: number): Promise<MessageView>;
}

export type DeviceStatus = 'connected' | 'connecting' | 'pairing' | 'disconnected' | 'logged_out' | 'suspended';

export interface DeviceDescription {
  readonly device: {
    readonly id: number;
    readonly name: string;
    readonly kind: DeviceKind;
    readonly phoneNumber: string | null;
    readonly lid: string | null;
    readonly status: DeviceStatus;
    /** A sentence for people, where the status alone does not say enough. */
    readonly statusReason: string | null;
    readonly connectedAt: number | null;
    readonly lastSeen: number | null;
  };
  readonly health: DeviceHealth;
  readonly user: { readonly name: string; readonly email: string };
  readonly subscription: {
    readonly package: string;
    readonly messageQuota: number;
    readonly messageRemaining: number;
    readonly deviceLimit: number;
    /** `YYYY-MM-DD` in the account's time zone. */
    readonly endDate: string;
    readonly isTrial: boolean;
  } | null;
  readonly statistics: { readonly totalSent: number; readonly totalFailed: number; readonly todaySent: number };
}

export interface Devices {
  /** Throws `invalid_token`. */
  authenticate(token: string): Promise<Caller>;
  describe(caller: Caller): Promise<DeviceDescription>;
  /** Left of the caller's quota, for X-Quota-Remaining; null for sandbox devices. */
  quotaRemaining(caller: Caller): Promise<number | null>;
}

export type IdempotentAnswer = { readonly status: number; readonly body: string };

export interface Idempotency {
  /**
   * Runs `answer` once for a key: the same key and body replay its answer for 24 h; another body throws `idempotency_mismatch`, a
   * first request still running `idempotency_in_progress`. A Failure with a status of 5xx or 429 is not remembered.
   */
  once(
    caller: Caller,
    key: string,
    requestHash: Uint8Array,
    how: {
      readonly answer: () => Promise<IdempotentAnswer>;
      /** The answer for a message that the first request had accepted before its process died. */
      readonly resume: (messageId: number) => Promise<IdempotentAnswer>;
    },
  ): Promise<IdempotentAnswer & { readonly replayed: boolean }>;
}

export interface DeviceListItem {
  readonly id: number;
  readonly name: string;
  readonly kind: DeviceKind;
  readonly phoneNumber: string | null;
  readonly status: DeviceStatus;
  readonly statusReason: string | null;
  readonly tokenPrefix: string | null;
  readonly tokenLast4: string | null;
}

export type { FailureCode };
