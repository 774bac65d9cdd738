/**
 * Every way to fail that a caller can meet: HTTP status and sentence, in one table. `throw failure('number_not_registered', { number })`
 * anywhere; one place (`http/envelope.ts`) turns it into JSON. The docs page and OpenAPI are rendered from this table.
 * `{name}` is filled from the facts. Sentences of the contract document hold word for word.
 */
export const failures = {
  bad_request: [400, 'The request could not be read: {reason}.'],
  malformed_json: [400, 'The request body is not valid JSON. Please check quotes, commas and braces.'],
  device_not_connected: [400, 'WhatsApp client is not connected. Please reconnect your device from dashboard.'],
  number_not_registered: [
    400,
    'Number {number} is not registered on WhatsApp. Please check the number or ask the recipient to activate their WhatsApp account.',
  ],
  media_unreachable: [400, 'Failed to download media from URL: {reason}'],
  refused_by_whatsapp: [400, 'WhatsApp refused this message (error {code}). {advice}'],
  send_failed: [400, 'The message could not be sent: {reason}'],
  message_expired: [400, 'The message expired before it could be sent. Please send it again.'],
  message_cancelled: [400, 'The message was cancelled before it was sent.'],
  invalid_token: [401, 'Invalid or inactive API token.'],
  not_signed_in: [401, 'Please sign in first. Your session may have ended.'],
  invalid_link: [
    401,
    'This link is not valid any more. Please ask for a new one (on the server: npm run wagate -- account link <email>).',
  ],
  wrong_credentials: [401, 'The e-mail address or the password is wrong.'],
  code_required: [401, 'Please enter the code of your authenticator app as well.'],
  wrong_code: [401, 'This code is wrong, or was used already. Please enter the newest one.'],
  quota_exhausted: [
    403,
    'Insufficient message quota. Please upgrade your package or wait until your next subscription period.',
  ],
  subscription_expired: [
    403,
    'Your subscription has ended. Please renew your package from dashboard to go on sending.',
  ],
  device_suspended: [403, 'This device is suspended. Please contact the administrator of this server.'],
  account_suspended: [403, 'This account is suspended. Please contact the administrator of this server.'],
  device_limit_reached: [403, 'Your package allows {limit} device(s). Please delete one or upgrade your package.'],
  recipient_opted_out: [
    403,
    '{number} has asked to get no more messages (opt-out). Please write again only after they have written to you.',
  ],
  not_allowed: [403, 'Your role does not allow this. Please ask an owner of the account.'],
  foreign_site: [403, 'This request came from another site, so it was refused.'],
  sign_up_closed: [403, 'This server takes no new accounts. Please ask its administrator for one.'],
  not_found: [404, '{what} was not found.'],
  method_not_allowed: [405, 'Method {method} is not allowed here. Allowed: {allowed}.'],
  request_timeout: [408, 'The request did not arrive in full in time. Please send it again.'],
  idempotency_in_progress: [
    409,
    'A request with this Idempotency-Key is still running. Please wait for its answer and then repeat this one.',
  ],
  not_cancellable: [409, 'The message can not be cancelled any more: it is {state}.'],
  device_busy: [409, 'The device is {state}; this needs it to be {needed}.'],
  media_gone: [
    409,
    'The file of this message can not be had now: {reason}. WhatsApp keeps files for some weeks only; the sender’s or your own phone may have to be online.',
  ],
  too_many_webhooks: [409, 'A device can have {limit} webhooks. Please delete one first.'],
  already_decided: [409, 'This request is {state} already.'],
  last_owner: [409, 'An account needs an owner. Please make somebody else the owner first.'],
  body_too_large: [413, 'The request body is larger than {limit}.'],
  unsupported_media_type: [415, 'Content-Type {given} is not supported here. Please send {expected}.'],
  validation_failed: [422, '{reason}'],
  idempotency_mismatch: [
    422,
    'This Idempotency-Key was used with a different request body. Please use a new key for a new message.',
  ],
  rate_limited: [429, 'Too many requests. Please wait {seconds} seconds and try again.'],
  temporarily_unavailable: [
    503,
    'The service is temporarily unavailable and nothing was accepted. Please try again in a few seconds.',
  ],
  whatsapp_unavailable: [503, 'WhatsApp could not be asked: {reason}. Please try again in a minute.'],
  internal_error: [
    500,
    'Something went wrong on our side. Please try again; if it goes on, tell the administrator this request id: {request_id}',
  ],
} as const satisfies Record<string, readonly [status: number, sentence: string]>;

export type FailureCode = keyof typeof failures;
export type Facts = Readonly<Record<string, string | number>>;
/** Sentences by field name, as `errors` in the envelope. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

export class Failure extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly facts: Facts;
  readonly errors: FieldErrors | undefined;
  /** Seconds, for Retry-After. */
  readonly retryAfter: number | undefined;

  constructor(code: FailureCode, facts: Facts, more: FailureOptions) {
    super(more.message ?? sentence(code, facts), more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'Failure';
    this.code = code;
    this.status = failures[code][0];
    this.facts = facts;
    this.errors = more.errors;
    this.retryAfter = more.retryAfter;
  }
}

export interface FailureOptions {
  /** A sentence that was stored earlier, in the place of the table's. */
  readonly message?: string;
  readonly errors?: FieldErrors;
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

export const failure = (code: FailureCode, facts: Facts = {}, more: FailureOptions = {}): Failure =>
  new Failure(code, facts, more);

/** The sentence of a code with its `{names}` filled from the facts. */
export const sentence = (code: FailureCode, facts: Facts = {}): string =>
  failures[code][1].replace(/\{(\w+)\}/g, (whole, name: string) => String(facts[name] ?? whole));

/** `validation_failed` for one field: its sentence is the whole message, too. */
export const invalid = (field: string, reason: string): Failure =>
  failure('validation_failed', { reason }, { errors: { [field]: [reason] } });

export const isFailure = (error: unknown, code?: FailureCode): error is Failure =>
  error instanceof Failure && (code === undefined || error.code === code);

/** The fact of a failure after which nobody knows whether the work was done: what belongs to it must stay. */
export const OUTCOME_UNKNOWN: Facts = { outcome: 'unknown' };
export const isOutcomeUnknown = (error: unknown): boolean => isFailure(error) && error.facts.outcome === 'unknown';

/** An Error from whatever was thrown: Baileys rejects open queries with a bare number (1006) when the socket closes. */
export const asError = (thrown: unknown): Error =>
  thrown instanceof Error
    ? thrown
    : new Error(typeof thrown === 'string' ? thrown : `thrown: ${JSON.stringify(thrown)}`);
