import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Failure, failure } from '../../src/base/errors.ts';
import { type Site, startSite } from '../http/support/site.ts';
import { device, endpoints, fillIn, messages, samples, sendMedia, sendMessage } from './document.ts';
import { expectAsDocumented } from './shape.ts';

// The document word for word, over real HTTP: the gateway behind it says just what the document has, so that every value can be
// compared. `whole.test.ts` asks the same of the whole gateway.

test('the document is read in full', () => {
  expect(endpoints.map(({ failures }) => failures.length)).toEqual([4, 2, 0, 0]);
  expect(samples.map(({ language, what }) => `${language} ${what}`)).toEqual([
    'PHP Text Message',
    'PHP Media',
    'JavaScript Text Message',
    'JavaScript Media',
    'Python Text Message',
    'Python Media',
  ]);
  expect(sendMessage.requestBody).toEqual({ recipient: '628123456789', message: 'Hello World!', show_typing: true });
  expect(Object.keys(sendMedia.requestBody ?? {})).toEqual(['recipient', 'media_url', 'media_type', 'caption']);
  expect(messages.query).toBe('limit=50&page=1&status=sent');
  for (const { code } of samples)
    expect(fillIn(code, { url: 'U', token: 'T', media: 'M' })).not.toMatch(/wagate\.in|YOUR_/);
});

describe('the document', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterAll(() => site.stop());
  beforeEach(() => {
    site.gateway.sending = async () => 'sent';
  });

  test.each([sendMessage, sendMedia])(
    'promises a success of $path: this very body',
    async ({ path, requestBody, success }) => {
      const answer = await site.post(`/api/v1${path}`, requestBody);
      expect(answer.status).toBe(200);
      expectAsDocumented(answer.json(), success, { values: true });
    },
  );

  test('promises a description of the device: this very body', async () => {
    const answer = await site.call('/api/v1/device');
    expect(answer.status).toBe(200);
    expectAsDocumented(answer.json(), device.success, { values: true });
  });

  test('promises a history: this very body', async () => {
    const answer = await site.call('/api/v1/messages?limit=10&status=sent');
    expect(answer.status).toBe(200);
    expectAsDocumented(answer.json(), messages.success, { values: true });
    expect(site.gateway.queries.at(-1)).toEqual({ limit: 10, page: 1, status: 'sent' });
  });

  test('promises 50 messages a page, the first page, and at most 100', async () => {
    expect((await site.call('/api/v1/messages')).json().pagination).toMatchObject({ per_page: 50, current_page: 1 });
    expect((await site.call('/api/v1/messages?limit=1000')).json().pagination.per_page).toBe(100);
  });

  test('promises that typing is shown, unless the caller does not want it', async () => {
    await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello World!' });
    expect(site.gateway.sent.at(-1)?.request.showTyping).toBe(true);
    await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello World!', show_typing: false });
    expect(site.gateway.sent.at(-1)?.request.showTyping).toBe(false);
  });

  /** How each failure of the document comes about. */
  const causes: readonly {
    readonly about: RegExp;
    readonly thrown?: Failure;
    readonly token?: string;
    readonly body?: object;
  }[] = [
    { about: /Token tidak valid/, token: 'wag_wrong' },
    { about: /Nomor tidak terdaftar/, thrown: failure('number_not_registered', { number: '628123456789' }) },
    { about: /Device tidak connected/, thrown: failure('device_not_connected') },
    {
      about: /Media URL tidak valid/,
      thrown: failure('media_unreachable', { reason: 'connect ENOTFOUND example.com' }),
    },
    { about: /Validation Error/, body: {} },
  ];

  test.each(
    endpoints.flatMap(({ path, requestBody, failures }) => failures.map((one) => ({ path, requestBody, ...one }))),
  )(
    'promises of $path, when “$title”: $status and this sentence',
    async ({ path, requestBody, status, title, body }) => {
      const cause = causes.find(({ about }) => about.test(title));
      expect(cause, title).toBeDefined();
      site.gateway.sending = async () => {
        if (cause?.thrown) throw cause.thrown;
        return 'sent';
      };
      const headers: Record<string, string> = cause?.token ? { Authorization: `Bearer ${cause.token}` } : {};
      const answer = await site.post(`/api/v1${path}`, cause?.body ?? requestBody, headers);
      expect(answer.status).toBe(status);
      expectAsDocumented(answer.json(), body, { values: true });
    },
  );
});
