import type { FastifyReply, FastifyRequest } from 'fastify';

/** The cookie of a browser that is signed in: `__Host-` and Secure where the server is reached over TLS. */
export function createSessionCookie(publicUrl: string | undefined) {
  const secure = publicUrl?.startsWith('https:') ?? false;
  const name = secure ? '__Host-wagate' : 'wagate';
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax' as const, secure };
  return {
    read: (request: FastifyRequest): string | undefined => request.cookies[name],
    write: (reply: FastifyReply, token: string, expiresAt: number) =>
      reply.setCookie(name, token, { ...attributes, expires: new Date(expiresAt) }),
    remove: (reply: FastifyReply) => reply.clearCookie(name, attributes),
  };
}

/**
 * Whether a write was asked by a page of this server. Browsers say it themselves in Sec-Fetch-Site (all since 2023); older ones say
 * Origin with every POST. A request that says neither comes from no browser and is refused, too.
 */
export function isOwnSite(request: FastifyRequest, publicUrl: string | undefined): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = request.headers.origin;
  if (origin === undefined) return false;
  const own = [`${request.protocol}://${request.host}`, publicUrl && new URL(publicUrl).origin];
  return own.includes(origin);
}
