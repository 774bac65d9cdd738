import { fileURLToPath } from 'node:url';
import files from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../base/config.ts';
import { escapeHtml } from '../html.ts';
import { routes } from '../routes.ts';
import { describe } from './openapi.ts';
import { referencePage } from './reference.ts';

interface DocsParts {
  readonly config: Pick<Config, 'PUBLIC_URL' | 'APP_VERSION'>;
  /** A test counts how often. */
  readonly describeApi?: typeof describe;
}

/** Stands where the address of this server belongs, in JSON and HTML alike; no host has this name. */
const ADDRESS = 'https://address-of-this-server.invalid';

/** `/openapi.json`, the reference made from it, and the style sheet of our pages. */
export async function mountDocs(fastify: FastifyInstance, { config, describeApi = describe }: DocsParts) {
  const about = { version: config.APP_VERSION, url: ADDRESS };
  const document = madeOnce(() => JSON.stringify(describeApi(routes, about)));
  // For programmers: the dashboard's own routes are nobody's to call.
  const page = madeOnce(() => referencePage(describeApi(routes, about, null)));
  const addressOf = (request: FastifyRequest) => config.PUBLIC_URL ?? `${request.protocol}://${request.host}`;

  fastify.get('/openapi.json', async (request, reply) =>
    reply.type('application/json; charset=utf-8').send(document(JSON.stringify(addressOf(request)).slice(1, -1))),
  );
  fastify.get('/docs/reference', async (request, reply) =>
    reply.type('text/html; charset=utf-8').send(page(escapeHtml(addressOf(request).replace(/\/$/, '')))),
  );
  await fastify.register(files, {
    root: fileURLToPath(new URL('../assets/', import.meta.url)),
    prefix: '/assets/',
    index: false,
    wildcard: false,
    cacheControl: true,
    maxAge: 3_600_000,
  });
}

/**
 * What `make` gives, with another address in each answer. It takes 100 to 240 ms of the event loop, anybody may ask, and the Host header is
 * the caller's to choose: made at the first request, then only put together.
 */
function madeOnce(make: () => string): (address: string) => Buffer {
  let pieces: readonly Buffer[] | undefined;
  return (address) => {
    pieces ??= make()
      .split(ADDRESS)
      .map((piece) => Buffer.from(piece));
    const between = Buffer.from(address);
    return Buffer.concat(pieces.flatMap((piece, nth) => (nth === 0 ? [piece] : [between, piece])));
  };
}
