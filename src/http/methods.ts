import type { FastifyInstance } from 'fastify';
import { type Failure, failure } from '../base/errors.ts';

/** Remembers the routes that are mounted, to tell an unknown address (404) from a known one asked with another method (405). */
export function watchRoutes(fastify: FastifyInstance) {
  const known = new Map<string, { readonly matches: RegExp; readonly methods: Set<string> }>();

  fastify.addHook('onRoute', ({ url, method }) => {
    const route = known.get(url) ?? { matches: pattern(url), methods: new Set<string>() };
    known.set(url, route);
    for (const one of [method].flat()) route.methods.add(one);
  });

  return function unrouted(method: string, url: string): Failure {
    const path = url.split('?', 1)[0] ?? '';
    const allowed = new Set([...known.values()].filter((r) => r.matches.test(path)).flatMap((r) => [...r.methods]));
    // A parameter that is longer than the router takes matches here all the same: then it is the address that is unknown.
    return allowed.size === 0 || allowed.has(method)
      ? failure('not_found', { what: 'This address' })
      : failure('method_not_allowed', { method, allowed: [...allowed].join(', ') });
  };
}

/** `/messages/:id` as a regular expression; a wildcard (files) stands for none, so that unknown files are plainly not found. */
const pattern = (url: string) =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace(/\*/g, '(?!)')}$`,
  );
