import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Failure, type FailureCode, failure, failures, isFailure, sentence } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { breach } from './breach.ts';

/** The one shape of every answer. Keys stand in this order: `success, message, data, pagination`. */
export const success = <Data extends z.ZodType>(data: Data) => z.object({ success: z.literal(true), data });

export const successSaying = <Data extends z.ZodType>(data: Data) =>
  z.object({ success: z.literal(true), message: z.string(), data });

const codes = Object.keys(failures) as [FailureCode, ...FailureCode[]];

export const failureSchema = z
  .object({
    success: z.literal(false),
    message: z.string().meta({ description: 'A sentence for people.' }),
    code: z.enum(codes).meta({ description: 'A stable word for programs.' }),
    request_id: z.string().meta({ description: 'The same as in the header X-Request-Id.' }),
    errors: z
      .record(z.string(), z.array(z.string()))
      .optional()
      .meta({ description: 'Sentences by field; always there with validation_failed.' }),
    retry_after: z.int().optional().meta({ description: 'Seconds, as the header Retry-After; with 429 and 503.' }),
    remaining_quota: z.int().optional().meta({ description: 'With quota_exhausted: 0.' }),
  })
  .meta({ id: 'Failure' });

export type FailureBody = z.infer<typeof failureSchema>;

/** A busy service asks for the same patience everywhere: seconds of Retry-After where the failure names none. */
const RETRY_AFTER: Partial<Record<FailureCode, number>> = { temporarily_unavailable: 5 };

const retryAfterOf = (failed: Failure) => failed.retryAfter ?? RETRY_AFTER[failed.code];

export function failureBody(failed: Failure, requestId: string): FailureBody {
  const retryAfter = retryAfterOf(failed);
  return {
    success: false,
    message: failed.code === 'internal_error' ? sentence('internal_error', { request_id: requestId }) : failed.message,
    code: failed.code,
    request_id: requestId,
    ...(failed.errors && { errors: copy(failed.errors) }),
    ...(retryAfter !== undefined && { retry_after: retryAfter }),
    ...(failed.code === 'quota_exhausted' && { remaining_quota: 0 }),
  };
}

const copy = (errors: NonNullable<Failure['errors']>) =>
  Object.fromEntries(Object.entries(errors).map(([field, sentences]) => [field, [...sentences]]));

const bad = (reason: string) => failure('bad_request', { reason });
const tooLarge = (limit: string) => failure('body_too_large', { limit });

interface Circumstances {
  readonly request: FastifyRequest;
  readonly mediaLimit: string;
}

/** What fastify and its plug-ins throw by themselves, as rows of our table: their own sentences never leave the server. */
const frameworkFailures: Readonly<Record<string, (about: Circumstances) => Failure>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => tooLarge('1 MB'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ({ request }) =>
    failure('unsupported_media_type', {
      given: request.headers['content-type']?.slice(0, 100) ?? '(none)',
      expected: request.routeOptions.config.accepts ?? 'application/json',
    }),
  FST_ERR_CTP_INVALID_JSON_BODY: () => failure('malformed_json'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => bad('Content-Length does not match the body'),
  FST_ERR_BAD_URL: () => bad('the address is not valid'),
  // No id is so long.
  FST_ERR_MAX_PARAM_LENGTH: () => failure('not_found', { what: 'This address' }),
  FST_REQ_FILE_TOO_LARGE: ({ mediaLimit }) => tooLarge(mediaLimit),
  FST_FILES_LIMIT: () => bad('only one file can be sent with a message'),
  FST_PARTS_LIMIT: () => bad('the form has too many parts'),
  FST_PROTO_VIOLATION: () => bad('the form has a field whose name is not allowed'),
  FST_MP_PREMATURE_CLOSE: () => bad('the form ended too early'),
};

/** The row of the table that an error is; `internal_error` for what has none. */
export function toFailure(error: unknown, about: Circumstances): Failure {
  if (isFailure(error)) return error;
  if (typeof error !== 'object' || error === null) return failure('internal_error', {}, { cause: error });
  if ('validation' in error) return breach(error, about.request);
  const code = 'code' in error ? String(error.code) : '';
  const known = Object.hasOwn(frameworkFailures, code) ? frameworkFailures[code] : undefined;
  if (known) return known(about);
  // fastify puts a status on what the caller did, a connection that broke off in the middle of a body among it.
  const blamesCaller = 'statusCode' in error && Number(error.statusCode) < 500;
  return blamesCaller ? bad('it is not well formed') : failure('internal_error', {}, { cause: error });
}

/** The headers of a failure that are not the envelope's. */
export function failureHeaders(failed: Failure): Record<string, string> {
  const retryAfter = retryAfterOf(failed);
  return {
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    ...(failed.code === 'invalid_token' && { 'WWW-Authenticate': 'Bearer' }),
    ...(failed.code === 'method_not_allowed' && { Allow: String(failed.facts.allowed) }),
  };
}

/** The error handler of the whole server. */
export const failureReply =
  ({ log, mediaLimit }: { readonly log: Pick<Log, 'error'>; readonly mediaLimit: string }) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const failed = toFailure(error, { request, mediaLimit });
    if (failed.status >= 500)
      log.error(
        { err: failed.cause ?? failed, requestId: request.id, method: request.method, route: request.routeOptions.url },
        'a request failed',
      );
    return reply
      .code(failed.status)
      .headers(failureHeaders(failed))
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(failureBody(failed, request.id)));
  };
