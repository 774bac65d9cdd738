import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureSchema } from '../../src/http/envelope.ts';
import { routes } from '../../src/http/routes.ts';
import { type Site, startSite } from './support/site.ts';

const rows = routes.flatMap(({ prefix, rows: all }) =>
  all.map((row) => ({ ...row, url: `${prefix}${row.path.replace('{id}', '1')}` })),
);

describe('whatever a stranger sends', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
    site.gateway.caller = { ...site.gateway.caller, rateLimit: 1_000_000 };
  });
  afterAll(() => site.stop());

  test.each(rows.filter(({ enter }) => enter === 'token'))(
    '$method $path is closed without a token',
    async ({ method, url }) => {
      const answer = await site.call(url, { method, headers: { Authorization: '' } });
      expect([answer.status, answer.json().code]).toEqual([401, 'invalid_token']);
    },
  );

  test.each(['/a#%zz', 'http://%zz/'])('the address %s is refused as one that cannot be', async (target) => {
    const { port, hostname } = new URL(site.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => (answer += text));
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    failureSchema.parse(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))));
  });

  const known = [
    'recipient',
    'message',
    'media_url',
    'caption',
    'ref',
    'show_typing',
    'scheduled_at',
    'expires_in',
    'priority',
    'async',
  ];
  const values = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.constant('62812'.repeat(2000)),
  );
  const body = fc.oneof(
    fc.dictionary(fc.constantFrom(...known, '__proto__', 'constructor'), values),
    fc.record({ recipient: fc.constant('628123456789'), message: fc.string(), media_url: fc.webUrl(), ref: values }),
    fc.jsonValue(),
  );

  test('a body is answered 2xx or 4xx in the envelope, never 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('send-message', 'send-media'), body, async (path, given) => {
        const answer = await site.post(`/api/v1/${path}`, JSON.stringify(given) ?? '');
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 300) failureSchema.parse(answer.json());
      }),
      { numRuns: 400 },
    );
  });

  test('a query is answered 200 or 422 in the envelope, never 5xx', async () => {
    const name = fc.constantFrom(
      'limit',
      'page',
      'status',
      'state',
      'recipient',
      'ref',
      'since',
      'until',
      'constructor',
    );
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer().map(String), fc.double().map(String));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 4 }), async (pairs) => {
        const query = pairs.map(([key, text]) => `${key}=${encodeURIComponent(text.toWellFormed())}`).join('&');
        const answer = await site.call(`/api/v1/messages?${query}`);
        expect([200, 422]).toContain(answer.status);
        if (answer.status === 422) failureSchema.parse(answer.json());
      }),
      { numRuns: 400 },
    );
  });

  test('a path is answered in the envelope or as a page, never 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 5 }), async (parts) => {
        const path = parts.map((part) => encodeURIComponent(part.toWellFormed())).join('/');
        const answer = await site.call(`/api/v1/messages/${path}`);
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});
