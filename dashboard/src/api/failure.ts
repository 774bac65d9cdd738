/** What an answer or the way to it lacked. `code` is the envelope's stable word, or one of the browser's own below. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  /** The sentences of each field. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  readonly requestId: string | null;
  /** Seconds. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, more: Partial<FailureFacts> = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ApiFailure';
    this.status = status;
    this.code = code;
    this.errors = more.errors ?? {};
    this.requestId = more.requestId ?? null;
    this.retryAfter = more.retryAfter ?? null;
  }
}

interface FailureFacts {
  readonly errors: Readonly<Record<string, readonly string[]>>;
  readonly requestId: string | null;
  readonly retryAfter: number | null;
  readonly cause: unknown;
}

/** The request never had an answer: no network, or too slow. */
export const offline = (cause: unknown) => new ApiFailure(0, 'offline', 'The server could not be reached.', { cause });
export const timedOut = (cause: unknown) =>
  new ApiFailure(0, 'timed_out', 'The server did not answer in time.', { cause });

/** From an answer that is not 2xx, whatever stands in it. */
export function failureOf(status: number, body: unknown, headers: { get(name: string): string | null }): ApiFailure {
  const envelope = typeof body === 'object' && body !== null ? body : {};
  const text = (name: string): string | null => {
    const value = (envelope as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : null;
  };
  const errors = 'errors' in envelope && isErrors(envelope.errors) ? envelope.errors : {};
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return new ApiFailure(status, text('code') ?? `http_${status}`, text('message') ?? `HTTP ${status}`, {
    errors,
    requestId: text('request_id') ?? headers.get('x-request-id'),
    retryAfter: Number.isFinite(seconds) ? seconds : null,
  });
}

const isErrors = (given: unknown): given is Record<string, readonly string[]> =>
  typeof given === 'object' && given !== null && Object.values(given).every((sentences) => Array.isArray(sentences));
