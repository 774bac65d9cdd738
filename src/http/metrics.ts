import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { failure } from '../base/errors.ts';

export interface MetricsPage {
  page(): Promise<{ readonly type: string; readonly text: string }>;
  readonly answered: (answer: {
    readonly method: string;
    readonly route: string | undefined;
    readonly status: number;
    readonly ms: number;
  }) => void;
}

const digest = (text: string) => createHash('sha256').update(text).digest();
/** In the same time whatever is given. */
const isToken = (given: string | undefined, token: string) =>
  timingSafeEqual(digest(given ?? ''), digest(`Bearer ${token}`));

/** `/metrics` beside the API, for whoever has the token. */
export function mountMetrics(fastify: FastifyInstance, metrics: MetricsPage, token: string): void {
  fastify.get('/metrics', async (request, reply) => {
    if (!isToken(request.headers.authorization, token)) throw failure('invalid_token');
    const { type, text } = await metrics.page();
    return reply.header('Cache-Control', 'no-store').type(type).send(text);
  });
}

/** `/metrics` on a port of its own, which the proxy in front does not publish; with a token too, when there is one. */
export function createMetricsPort(metrics: MetricsPage, token: string | undefined) {
  const server: Server = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(text);
    };
    if (request.url?.split('?', 1)[0] !== '/metrics') return answer(404, 'Only /metrics is here.\n');
    if (request.method !== 'GET') return answer(405, 'Only GET is possible here.\n');
    if (token !== undefined && !isToken(request.headers.authorization, token))
      return answer(401, 'Please send the METRICS_TOKEN as Authorization: Bearer.\n');
    metrics.page().then(
      ({ type, text }) => answer(200, text, type),
      () => answer(503, 'The figures could not be read now.\n'),
    );
  });
  return {
    /** Gives the port. */
    listen: (host: string, port: number) =>
      new Promise<number>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
