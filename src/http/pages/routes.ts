import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import type { Config } from '../../base/config.ts';
import type { Log } from '../../base/log.ts';
import type { DeviceListItem, SignIn } from '../../gateway/contract.ts';
import { tooMany } from '../auth.ts';
import { failureHeaders, toFailure } from '../envelope.ts';
import { createLimits } from '../limits.ts';
import { createSessionCookie, isOwnForm } from './session.ts';
import { failedPage, homePage, signInPage, welcomePage } from './views.ts';
import { languageOf, words } from './words.ts';

export interface PageParts {
  readonly config: Pick<Config, 'PUBLIC_URL'>;
  /** Signing in is a matter of accounts. */
  readonly accounts: Pick<SignIn, 'redeem' | 'find' | 'end'>;
  readonly devices: { list(accountId: number): Promise<readonly DeviceListItem[]> };
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Log, 'error'>;
}

/** Tries of one-time links, a minute and address. */
const TRIES_PER_MINUTE = 10;

/** The owner's page: what this server is, signing in by a one-time link, the devices of the account. Server-rendered, no script. */
export function mountPages(fastify: FastifyInstance, { config, accounts, devices, clock, log }: PageParts) {
  const cookie = createSessionCookie(config.PUBLIC_URL);
  const tries = createLimits({ clock, windowMs: 60_000 });
  const language = (request: FastifyRequest) => languageOf(request.headers['accept-language']);
  const show = (reply: FastifyReply, text: string) =>
    reply
      .type('text/html; charset=utf-8')
      .header('Cache-Control', 'no-store')
      .header('Vary', 'Accept-Language')
      .send(text);

  fastify.setErrorHandler((error, request, reply) => {
    const failed = toFailure(error, { request, mediaLimit: '4 KB' });
    if (failed.status >= 500) log.error({ err: failed.cause ?? failed, requestId: request.id }, 'a page failed');
    const sentence =
      failed.code === 'internal_error' ? failed.message.replace('{request_id}', request.id) : failed.message;
    return show(reply.code(failed.status).headers(failureHeaders(failed)), failedPage(language(request), sentence));
  });
  // Our forms have no fields: what stands in the body is not looked at.
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4096 },
    (_r, _b, done) => done(null, undefined),
  );

  /** Answers a form that another site sent; true when it did. */
  const refuseForeign = (request: FastifyRequest, reply: FastifyReply): boolean => {
    if (isOwnForm(request, config.PUBLIC_URL)) return false;
    const l = language(request);
    show(reply.code(403), failedPage(l, words[l].elsewhere));
    return true;
  };

  fastify.get('/', async (request, reply) => {
    const token = cookie.read(request);
    const who = token === undefined ? undefined : await accounts.find(token);
    if (who === undefined) return show(reply, welcomePage(language(request)));
    return show(reply, homePage(language(request), who, await devices.list(who.accountId)));
  });

  // Looking at the link spends nothing: previews in chats open every address they see.
  fastify.get<{ Params: { token: string } }>('/sign-in/:token', async (request, reply) =>
    show(reply, signInPage(language(request), `/sign-in/${encodeURIComponent(request.params.token)}`)),
  );

  fastify.post<{ Params: { token: string } }>('/sign-in/:token', async (request, reply) => {
    if (refuseForeign(request, reply)) return reply;
    const patience = tries.take(request.ip, TRIES_PER_MINUTE);
    if (!patience.allowed) throw tooMany(patience);
    const before = cookie.read(request);
    const { sessionToken, expiresAt } = await accounts.redeem(request.params.token);
    if (before !== undefined) await accounts.end(before);
    cookie.write(reply, sessionToken, expiresAt);
    return reply.redirect('/', 303);
  });

  fastify.post('/sign-out', async (request, reply) => {
    if (refuseForeign(request, reply)) return reply;
    const token = cookie.read(request);
    if (token !== undefined) await accounts.end(token);
    cookie.remove(reply);
    return reply.redirect('/', 303);
  });
}
