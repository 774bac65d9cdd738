import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { failure } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Caller, IdempotentAnswer } from '../gateway/contract.ts';
import type { MediaFetcher } from '../gateway/media.ts';
import { idempotencyKey, once, requestHash } from './replay.ts';
import type { Answer, Ask, Gateway, Operation, ReceivedFile, Row } from './row.ts';
import { receiveForm } from './upload.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, once the token was accepted. */
    caller: Caller | null;
    /** Left of the caller's quota, where the handler knows it. */
    quotaRemaining: number | null | undefined;
    upload: ReceivedFile | null;
    /** What the row's handler is about, once it has begun. */
    handling: Promise<unknown> | null;
  }
  interface FastifyContextConfig {
    row?: RouteFacts;
    /** Content types that the route takes, for people. */
    accepts?: string;
  }
}

/** What the hooks of the whole server ask of a route, whichever table its row is in. */
export interface RouteFacts extends Pick<Row, 'requires' | 'upload'> {
  readonly operation: Pick<Operation, 'tag'>;
}

interface MountParts {
  readonly gateway: Gateway;
  readonly enter: (request: FastifyRequest, reply: FastifyReply) => Promise<Caller>;
  readonly log: Pick<Log, 'warn'>;
  /** Aborted when the server is stopping: waiting answers are given then. */
  readonly stopping: AbortSignal;
  readonly uploadFolder: string;
  readonly media: Pick<MediaFetcher, 'receive'>;
}

/** Mounts the rows of a prefix. Checks come in this order: token, rate, body; subscription and quota are the gateway's. */
export function mount(fastify: FastifyInstance, prefix: string, rows: readonly Row[], parts: MountParts) {
  for (const row of rows) {
    fastify.route({
      method: row.method,
      // A stream without an end, and no body to see it go: each would keep its place for ever.
      exposeHeadRoute: row.produces !== 'text/event-stream',
      url: `${prefix}${row.path.replace(/\{(\w+)\}/g, ':$1')}`,
      config: { row, accepts: row.upload ? 'application/json or multipart/form-data' : 'application/json' },
      schema: schemaOf(row),
      onRequest: async (request, reply) => {
        if (row.enter !== 'token') return;
        const caller = await parts.enter(request, reply);
        if (caller.suspended && !row.evenSuspended) throw failure('device_suspended');
        request.caller = caller;
      },
      preValidation: async (request, reply) => {
        if (row.body) request.body = withoutEmpty(await receive(request, reply, row, request.caller, parts));
        if (row.query) request.query = withoutEmpty(request.query, ['limit', 'page']);
        if (row.upload && request.upload)
          request.body = { ...(request.body as object), [row.upload.insteadOf]: request.upload.filename ?? 'file' };
      },
      onSend: async (request, reply) => {
        if (row.enter === 'token') reply.header('Cache-Control', 'no-store');
        if (request.caller) await tellQuota(request.caller, request, reply, parts);
      },
      handler: (request, reply) => {
        const handling = answer(request, reply, row, parts);
        request.handling = handling;
        return handling;
      },
    });
  }
}

function schemaOf(row: Row): NonNullable<RouteShorthandOptions['schema']> {
  const response = Object.fromEntries(Object.entries(row.answers).map(([status, { schema }]) => [status, schema]));
  return {
    ...(row.body && { body: row.body }),
    ...(row.query && { querystring: row.query }),
    ...(row.params && { params: row.params }),
    response,
  };
}

/** Why a request is refused whose caller has hung up. */
export const GONE = 'its connection was closed';

/** The body; of a form its fields, its file is `request.upload` until the answer was given and the handler is done. */
export async function receive(
  request: FastifyRequest,
  reply: FastifyReply,
  { upload }: Pick<Row, 'upload'>,
  sender: Pick<Caller, 'accountId'> | null,
  { uploadFolder, media, stopping, log }: Pick<MountParts, 'uploadFolder' | 'media' | 'stopping' | 'log'>,
) {
  if (!upload || sender === null || !request.isMultipart()) return request.body;
  const arrive = () =>
    media.receive(sender.accountId, untilGone(reply, stopping)).catch((error: unknown) => {
      throw stopping.aborted ? failure('temporarily_unavailable', {}, { retryAfter: 5 }) : error;
    });
  const form = await receiveForm(request, upload.field, uploadFolder, arrive);
  request.upload = form.file ?? null;
  const discard = async () => {
    // Who hangs up does not end the handler: it may be about to read the file.
    await Promise.allSettled([request.handling]);
    await form.discard().catch((err: unknown) => log.warn({ err, requestId: request.id }, 'an upload was not removed'));
  };
  if (reply.raw.closed) {
    await discard();
    throw failure('bad_request', { reason: GONE });
  }
  reply.raw.once('close', () => void discard());
  return form.fields;
}

/**
 * Null and the empty string mean "not given"; a body that is no object gives nothing. `keep`: fields whose empty value is a mistake
 * that the caller is told of.
 */
export function withoutEmpty(given: unknown, keep: readonly string[] = []): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return {};
  return Object.fromEntries(
    Object.entries(given).filter(([key, value]) => keep.includes(key) || (value !== null && value !== '')),
  );
}

async function answer(request: FastifyRequest, reply: FastifyReply, row: Row, parts: MountParts) {
  const upload = request.upload ?? undefined;
  const key = row.idempotent ? idempotencyKey(request) : undefined;
  const requestKey =
    key === undefined ? null : { key, hash: requestHash(`${row.method} ${row.path}`, request.body, upload) };
  const ask: Ask = {
    caller: request.caller,
    body: request.body,
    query: request.query,
    params: request.params,
    upload,
    idempotencyKey: requestKey,
    lastEventId: String(request.headers['last-event-id'] ?? '') || null,
    signal: untilGone(reply, parts.stopping),
  };
  const told = async (giving: Promise<Answer>): Promise<Answer> => {
    const given = await giving;
    request.quotaRemaining = given.quotaRemaining;
    return given;
  };

  if (requestKey === null || request.caller === null) {
    const { status, body, stream } = await told(row.handle(ask, parts.gateway));
    if (stream !== undefined) return sendStream(reply.code(status), stream);
    return reply.code(status).send(body);
  }
  const { caller } = request;
  const serialized = async (giving: Promise<Answer>): Promise<IdempotentAnswer> => {
    const given = await told(giving);
    return { status: given.status, body: String(reply.code(given.status).serialize(given.body)) };
  };
  const { status, body, replayed } = await once(
    {
      caller,
      ...requestKey,
      requestId: request.id,
      answer: () => serialized(row.handle(ask, parts.gateway)),
      resume: (messageId) =>
        serialized(row.resume?.({ ...ask, caller }, parts.gateway, messageId) ?? row.handle(ask, parts.gateway)),
    },
    parts.gateway,
  );
  if (replayed) reply.header('Idempotency-Replayed', 'true');
  return reply.code(status).type('application/json; charset=utf-8').send(body);
}

function sendStream(reply: FastifyReply, { content, type, filename, bytes }: NonNullable<Answer['stream']>) {
  if (filename !== undefined)
    reply.header('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(cutName(filename))}`);
  if (bytes !== undefined) reply.header('Content-Length', bytes);
  // Somebody's file. What asks for a token is not kept at all (`onSend`).
  reply.header('Cache-Control', 'private, max-age=300');
  // A line that lasts is not used again: a stopping server need not wait until it is idle for long enough.
  reply.header('Connection', 'close');
  // Proxies such as nginx would gather what must be told at once.
  return reply.header('X-Accel-Buffering', 'no').type(type).send(content);
}

/** A stranger chose the name: the cut may go through the midst of a character, of which nothing can be encoded. */
const cutName = (filename: string): string => filename.slice(0, 200).toWellFormed();

/** Aborted when the connection ends before the answer, or the server is stopping. */
export function untilGone(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(stopping.reason);
  const closed = () => {
    stopping.removeEventListener('abort', stop);
    if (!reply.raw.writableFinished) controller.abort(new Error('the caller has gone'));
  };
  // Either may have come while it was asked who calls, or while the body was on its way: no event tells of it any more.
  if (stopping.aborted) stop();
  else stopping.addEventListener('abort', stop);
  if (reply.raw.closed) closed();
  else reply.raw.once('close', closed);
  return controller.signal;
}

/** A request that was refused for its rate asks nothing of the store. */
async function tellQuota(caller: Caller, request: FastifyRequest, reply: FastifyReply, { gateway, log }: MountParts) {
  if (reply.statusCode >= 500 || reply.statusCode === 429) return;
  try {
    const left =
      request.quotaRemaining === undefined ? await gateway.devices.quotaRemaining(caller) : request.quotaRemaining;
    if (left !== null) reply.header('X-Quota-Remaining', left);
  } catch (err) {
    log.warn({ err, requestId: request.id }, 'the quota could not be read for a header');
  }
}
