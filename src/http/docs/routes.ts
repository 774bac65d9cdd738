import { fileURLToPath } from 'node:url';
import files from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../base/config.ts';
import { routes } from '../routes.ts';
import { describe } from './openapi.ts';
import { referencePage } from './reference.ts';

/** `/openapi.json`, the reference made from it, and the style sheet of our pages. */
export async function mountDocs(
  fastify: FastifyInstance,
  { config }: { config: Pick<Config, 'PUBLIC_URL' | 'APP_VERSION'> },
) {
  let made: { readonly url: string; readonly json: string; readonly page: string } | undefined;

  /** Made anew only when the server is asked under another address than before. */
  const documents = (request: FastifyRequest) => {
    const url = config.PUBLIC_URL ?? `${request.protocol}://${request.host}`;
    if (made?.url === url) return made;
    const about = { version: config.APP_VERSION, url };
    made = {
      url,
      json: JSON.stringify(describe(routes, about)),
      // For programmers: the dashboard's own routes are nobody's to call.
      page: referencePage(describe(routes, about, null)),
    };
    return made;
  };

  fastify.get('/openapi.json', async (request, reply) =>
    reply.type('application/json; charset=utf-8').send(documents(request).json),
  );
  fastify.get('/docs/reference', async (request, reply) =>
    reply.type('text/html; charset=utf-8').send(documents(request).page),
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
