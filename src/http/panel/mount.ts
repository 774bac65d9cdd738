import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import type { Config } from '../../base/config.ts';
import { failure } from '../../base/errors.ts';
import { addressKey, createLimits, insist } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import type { Signed } from '../../gateway/entrance.ts';
import type { MediaFetcher } from '../../gateway/media.ts';
import { receive, untilGone, withoutEmpty } from '../mount.ts';
import { bodyOf, envelopeOf } from './envelope.ts';
import type { PanelGateway } from './gateway.ts';
import { panel } from './routes.ts';
import type { PanelAnswer, PanelRow } from './row.ts';
import { createSessionCookie, isOwnSite } from './session.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in, in the routes of the dashboard. */
    signed: Signed | null;
  }
}

export interface PanelMount {
  readonly gateway: PanelGateway;
  readonly config: Pick<Config, 'PUBLIC_URL'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Log, 'warn'>;
  readonly stopping: AbortSignal;
  readonly uploadFolder: string;
  readonly media: Pick<MediaFetcher, 'receive'>;
}

/** Far above what a person does, and what a page asks by itself. */
const A_MINUTE = { session: 600, write: 120, visitor: 120 };

/** Mounts the dashboard's rows. Checks come in this order: whose page, rate, session, suspension, role, body. */
export function mountPanel(fastify: FastifyInstance, parts: PanelMount): void {
  const cookie = createSessionCookie(parts.config.PUBLIC_URL);
  const rates = createLimits({ clock: parts.clock, windowMs: 60_000 });
  fastify.decorateRequest('signed', null);

  async function enter(request: FastifyRequest, row: PanelRow): Promise<void> {
    const isWrite = row.method !== 'GET';
    if (isWrite && !isOwnSite(request, parts.config.PUBLIC_URL)) throw failure('foreign_site');
    const token = cookie.read(request);
    request.signed = (token !== undefined && (await parts.gateway.entrance.find(token))) || null;
    const { signed } = request;
    if (signed === null) {
      if (row.enter !== 'anyone') throw failure('not_signed_in');
      insist(rates.take(`from ${addressKey(request.ip)}`, A_MINUTE.visitor));
      return;
    }
    insist(rates.take(`user ${signed.userId}`, A_MINUTE.session));
    if (isWrite) insist(rates.take(`user ${signed.userId} writes`, A_MINUTE.write));
    if (row.enter === 'anyone') return;
    if (signed.suspended && !row.enter.evenSuspended) throw failure('account_suspended');
    if (!row.enter.roles.includes(signed.role)) throw failure('not_allowed');
    if (row.enter.admin && !signed.isAdmin) throw failure('not_allowed');
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, row: PanelRow): Promise<FastifyReply> {
    const given = await row.handle(
      {
        who: request.signed,
        body: request.body,
        query: request.query,
        params: request.params,
        upload: request.upload ?? undefined,
        address: request.ip,
        userAgent: request.headers['user-agent'] ?? null,
        sessionToken: cookie.read(request) ?? null,
        signal: untilGone(reply, parts.stopping),
      },
      parts.gateway,
    );
    if (given.session === null) cookie.remove(reply);
    else if (given.session) cookie.write(reply, given.session.sessionToken, given.session.expiresAt);
    if (given.stream) return stream(reply, given.stream);
    return reply.code(given.status ?? 200).send(bodyOf(given));
  }

  for (const row of panel.rows)
    fastify.route({
      method: row.method,
      // A stream without an end, and no body to see it go.
      exposeHeadRoute: row.produces === undefined,
      url: `${panel.prefix}${row.path.replace(/\{(\w+)\}/g, ':$1')}`,
      config: {
        row: { operation: row.operation, ...(row.upload && { upload: row.upload }) },
        accepts: row.upload ? 'application/json or multipart/form-data' : 'application/json',
      },
      schema: {
        ...(row.body && { body: row.body }),
        ...(row.query && { querystring: row.query }),
        ...(row.params && { params: row.params }),
        ...(row.produces === undefined && { response: { [row.status ?? 200]: envelopeOf(row) } }),
      },
      onRequest: async (request, reply) => {
        reply.header('Cache-Control', 'no-store');
        await enter(request, row);
      },
      preValidation: async (request, reply) => {
        if (row.body) request.body = await bodyFor(request, reply, row);
        if (row.query) request.query = withoutEmpty(request.query, ['limit', 'page']);
      },
      handler: (request, reply) => {
        const handling = answer(request, reply, row);
        request.handling = handling;
        return handling;
      },
    });

  async function bodyFor(request: FastifyRequest, reply: FastifyReply, row: PanelRow): Promise<unknown> {
    if (!row.upload) return request.body ?? {};
    return withoutEmpty(await receive(request, reply, row, request.signed, parts));
  }
}

function stream(reply: FastifyReply, { content, type, filename }: NonNullable<PanelAnswer['stream']>): FastifyReply {
  if (filename !== undefined) reply.header('Content-Disposition', `attachment; filename="${filename}"`);
  return (
    reply
      .type(type)
      // A proxy that gathers an answer before it passes it on would hold events back.
      .header('X-Accel-Buffering', 'no')
      // Kept alive after a stream's end, a connection would hold up a server that stops.
      .header('Connection', 'close')
      .send(content)
  );
}
