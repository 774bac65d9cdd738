import { rm } from 'node:fs/promises';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import { fastify as createFastify, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config.ts';
import { failure } from '../base/errors.ts';
import { type RandomBytes, requestId, systemRandom } from '../base/ids.ts';
import { addressKey, createLimits, insist, isLoopback } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import type { MediaFetcher } from '../gateway/media.ts';
import type { SharedRates } from '../gateway/rates.ts';
import { createAuth } from './auth.ts';
import { createBrake } from './brake.ts';
import { mountDashboard } from './dashboard.ts';
import { mountDocs } from './docs/routes.ts';
import { failureBody, failureReply } from './envelope.ts';
import { notReady, shareLooks } from './health.ts';
import { watchRoutes } from './methods.ts';
import { createMetricsPort, type MetricsPage, mountMetrics } from './metrics.ts';
import { GONE, mount } from './mount.ts';
import type { PanelGateway } from './panel/gateway.ts';
import { mountPanel } from './panel/mount.ts';
import { healthRoutes, routes } from './routes.ts';
import type { Gateway } from './row.ts';
import { formOptions } from './upload.ts';

export interface ServerParts extends Gateway {
  /** False: a node that only keeps devices; it answers for its health and nothing else. */
  readonly api?: boolean;
  /** Absent: the public API alone, without the dashboard. */
  readonly panel?: PanelGateway;
  readonly config: Pick<
    Config,
    | 'HOST'
    | 'PORT'
    | 'PUBLIC_URL'
    | 'TRUSTED_PROXIES'
    | 'RATE_LIMIT_ACCOUNT_FACTOR'
    | 'RATE_LIMIT_PER_ADDRESS'
    | 'MEDIA_MAX_MB'
    | 'DATA_DIR'
    | 'APP_VERSION'
    | 'METRICS_TOKEN'
    | 'METRICS_PORT'
  >;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
  /** Has a place on the disk for files that come in. */
  readonly media: Pick<MediaFetcher, 'receive'>;
  /** Absent: nobody asks for figures. */
  readonly metrics?: MetricsPage;
  /** Of the built dashboard; `dashboard/dist` when nothing is said. */
  readonly dashboardFolder?: string;
  /** Requests of each caller, over all nodes. */
  readonly rates?: SharedRates | undefined;
  /** For request ids; the system's when nothing is said. */
  readonly random?: RandomBytes;
}

export interface Server {
  /** Listens on HOST and PORT; gives the address, such as http://127.0.0.1:3000. */
  listen(): Promise<string>;
  /**
   * Takes no new request, lets the waiting ones be answered (a send that still waits for WhatsApp is answered with 202), then
   * closes. What is not answered after `withinMs` (default 8 s) is cut off.
   */
  stop(withinMs?: number): Promise<void>;
  readonly fastify: FastifyInstance;
  /** Every route that is mounted, by whatever table: what a test of all routes walks. */
  readonly routes: readonly MountedRoute[];
}

export interface MountedRoute {
  readonly method: string;
  /** As fastify writes it: `/messages/:id`. */
  readonly url: string;
}

const BODY_LIMIT = 1_048_576;
/** A request that has not arrived in full by then is given up: 100 MB over 3 Mbit/s take 280 s. */
const RECEIVE_MS = 300_000;

/** The HTTP surface: the public API, its documentation, the dashboard, health. Nothing listens before `listen()`. */
export async function createServer(parts: ServerParts): Promise<Server> {
  const { config, log, clock, media, random = systemRandom } = parts;
  const stopping = new AbortController();
  const uploadFolder = join(config.DATA_DIR, 'http-uploads');
  const mediaLimit = `${config.MEDIA_MAX_MB} MB`;

  const fastify = createFastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: RECEIVE_MS,
    trustProxy: config.TRUSTED_PROXIES.length > 0 ? [...config.TRUSTED_PROXIES] : false,
    genReqId: () => requestId(random),
    requestIdHeader: false,
    // Our own hook answers in the envelope while the server drains.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, requestId(random)),
    frameworkErrors: (error, request, reply) => {
      reply.header('X-Request-Id', request.id);
      return failureReply({ log, mediaLimit })(error, request, reply);
    },
  });
  fastify.setValidatorCompiler(validatorCompiler);
  fastify.setSerializerCompiler(serializerCompiler);
  fastify.setErrorHandler(failureReply({ log, mediaLimit }));
  fastify.decorateRequest('caller', null);
  fastify.decorateRequest('quotaRemaining', undefined);
  fastify.decorateRequest('upload', null);
  fastify.decorateRequest('handling', null);

  const unrouted = watchRoutes(fastify);
  const mounted: MountedRoute[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) mounted.push({ method: one, url });
  });
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
    // Who has reset the connection by now has no address to count for, and nobody hears an answer.
    if (request.raw.socket.remoteAddress === undefined) throw failure('bad_request', { reason: GONE });
  });
  // A connection that is kept alive would keep the server open after its last answer.
  fastify.addHook('onSend', async (_request, reply) => {
    if (stopping.signal.aborted) reply.header('Connection', 'close');
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    parts.metrics?.answered({ method, route: routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime });
    log.info(
      {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        device: request.caller?.deviceId,
      },
      'answered',
    );
  });
  await fastify.register(helmet, security(config.PUBLIC_URL));
  const addresses = createLimits({ clock, windowMs: 60_000 });
  const brake = createBrake(clock);
  fastify.addHook('onRequest', async ({ ip, routeOptions }, reply) => {
    if (isLoopback(ip) || routeOptions.url?.startsWith('/health/')) return;
    const allowance = addresses.take(addressKey(ip), config.RATE_LIMIT_PER_ADDRESS);
    if (!allowance.allowed) await brake(addressKey(ip), reply);
    insist(allowance);
  });
  // Thrown before the body is read: an unknown address is unknown whatever is sent to it.
  fastify.addHook('onRequest', async (request) => {
    if (request.is404) throw unrouted(request.method, request.url);
    if (!stopping.signal.aborted || request.routeOptions.url === '/health/live') return;
    if (request.routeOptions.url === '/health/ready') throw notReady('draining', 'This server is stopping.');
    throw failure('temporarily_unavailable', {}, { retryAfter: 5 });
  });
  fastify.setNotFoundHandler((request) => {
    throw unrouted(request.method, request.url);
  });
  takeJson(fastify);

  /** Multipart forms, where the route takes a file. */
  const takeForms = async (scope: FastifyInstance) => {
    await scope.register(multipart, formOptions(config.MEDIA_MAX_MB * 1_048_576));
    scope.addHook('preParsing', async (request) => {
      const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '');
      if (isForm && !request.routeOptions.config.row?.upload)
        throw failure('unsupported_media_type', { given: 'multipart/form-data', expected: 'application/json' });
    });
  };

  const enter = createAuth({
    devices: parts.devices,
    clock,
    accountFactor: config.RATE_LIMIT_ACCOUNT_FACTOR,
    rates: parts.rates,
  });
  const gateway: Gateway = { ...parts, store: shareLooks(parts.store, clock) };
  await fastify.register(async (api) => {
    await takeForms(api);
    for (const { prefix, rows } of parts.api === false ? healthRoutes : routes)
      mount(api, prefix, rows, { gateway, enter, log, stopping: stopping.signal, uploadFolder, media });
  });
  const { panel } = parts;
  if (panel !== undefined)
    await fastify.register(async (site) => {
      await site.register(cookie);
      await takeForms(site);
      mountPanel(site, { gateway: panel, config, clock, log, stopping: stopping.signal, uploadFolder, media });
    });
  if (parts.api !== false) await fastify.register(async (site) => mountDocs(site, parts));
  const { metrics } = parts;
  const metricsPort =
    metrics && config.METRICS_PORT !== undefined ? createMetricsPort(metrics, config.METRICS_TOKEN) : undefined;
  if (metrics && config.METRICS_TOKEN !== undefined && metricsPort === undefined)
    mountMetrics(fastify, metrics, config.METRICS_TOKEN);
  if (parts.api !== false)
    mountDashboard(fastify, {
      unrouted,
      ...(parts.dashboardFolder !== undefined && { folder: parts.dashboardFolder }),
    });

  return {
    fastify,
    routes: mounted,
    async listen() {
      // What a process that was killed had received.
      await rm(uploadFolder, { recursive: true, force: true });
      await metricsPort?.listen(config.HOST, config.METRICS_PORT ?? 0);
      return fastify.listen({ host: config.HOST, port: config.PORT });
    },
    async stop(withinMs = 8_000) {
      stopping.abort(new Error('the server is stopping'));
      const answered = new AbortController();
      const cutOff = clock.sleep(withinMs, answered.signal).then(
        () => fastify.server.closeAllConnections(),
        (reason: unknown) => {
          if (reason !== answered.signal.reason) throw reason;
        },
      );
      await fastify.close();
      await metricsPort?.stop();
      answered.abort();
      await cutOff;
    },
  };
}

/** JSON as fastify reads it, except that an empty body is no body: the missing fields are then told as such. */
function takeJson(fastify: FastifyInstance) {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    // It answers by `done`; a promise is what other parsers of this type give.
    else void parse(request, String(body), done);
  });
}

/** No script runs on any page but the dashboard's (`dashboard.ts`), and nothing is loaded from elsewhere. */
const security = (publicUrl: string | undefined) => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' as const },
  // With no-referrer a browser sends `Origin: null` with the forms of our own pages, and they would be refused.
  referrerPolicy: { policy: 'same-origin' as const },
  strictTransportSecurity: publicUrl?.startsWith('https:') ? { maxAge: 31_536_000 } : (false as const),
});

/**
 * For what node's HTTP parser could not read, or waited for too long: there is no request to answer through fastify. The connection ends
 * with it: node keeps the other half open for whoever does not close it.
 */
function refuseUnreadable({ code }: NodeJS.ErrnoException, socket: Socket, id: string) {
  // Nobody hears it, or it would stand in the middle of another answer.
  if (!socket.writable || socket.writableLength > 0) {
    socket.destroy();
    return;
  }
  const failed =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? failure('request_timeout')
      : failure('bad_request', { reason: 'it is not valid HTTP' });
  const body = JSON.stringify(failureBody(failed, id));
  socket.end(
    [
      `HTTP/1.1 ${failed.status} ${STATUS_CODES[failed.status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${id}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  socket.destroySoon();
}
