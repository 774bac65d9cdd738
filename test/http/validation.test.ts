import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { instant } from '../../src/http/v1/fields.ts';
import { type Site, startSite } from './support/site.ts';

const TEXT_REQUIRED = 'session_id, recipient, and message are required';
const MEDIA_REQUIRED = 'session_id, recipient, and media_url are required';
const PNG = 'https://example.com/a.png';
const text = (more: object) => ({ recipient: '628123456789', message: 'Hello', ...more });
const media = (more: object) => ({ recipient: '628123456789', media_url: PNG, ...more });

describe('a request body', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterAll(() => site.stop());
  beforeEach(() => site.clock.advance(61_000));

  test.each<[what: string, path: string, body: unknown, message: string, fields: string[]]>([
    ['nothing at all', 'send-message', {}, TEXT_REQUIRED, ['recipient', 'message']],
    ['no message', 'send-message', { recipient: '628123456789' }, TEXT_REQUIRED, ['message']],
    ['no recipient', 'send-message', { message: 'Hello' }, TEXT_REQUIRED, ['recipient']],
    ['null', 'send-message', { recipient: null, message: null }, TEXT_REQUIRED, ['recipient', 'message']],
    ['empty text', 'send-message', { recipient: '', message: '' }, TEXT_REQUIRED, ['recipient', 'message']],
    ['a list', 'send-message', [], TEXT_REQUIRED, ['recipient', 'message']],
    ['JSON null', 'send-message', 'null', TEXT_REQUIRED, ['recipient', 'message']],
    ['no body', 'send-message', '', TEXT_REQUIRED, ['recipient', 'message']],
    ['no media', 'send-media', { recipient: '628123456789' }, MEDIA_REQUIRED, ['media_url']],
    ['nothing for media', 'send-media', {}, MEDIA_REQUIRED, ['recipient', 'media_url']],
  ])(
    'with %s (%s → %s) is told the sentence of the document, and each missing field',
    async (_what, path, body, message, fields) => {
      const answer = await site.post(`/api/v1/${path}`, body);
      expect(answer.status).toBe(422);
      expect(answer.json()).toMatchObject({
        success: false,
        message,
        code: 'validation_failed',
        errors: Object.fromEntries(fields.map((field) => [field, [`${field} is required`]])),
      });
      expect(Object.keys(answer.json().errors).sort()).toEqual([...fields].sort());
    },
  );

  test.each<[path: string, body: object, field: string, rule: RegExp]>([
    ['send-message', text({ message: 'x'.repeat(5001) }), 'message', /at most 5000 characters/],
    ['send-message', text({ message: '😀'.repeat(5001) }), 'message', /at most 5000 characters/],
    ['send-message', text({ message: 5 }), 'message', /must be text/],
    ['send-message', text({ message: { text: 'x' } }), 'message', /must be text/],
    ['send-message', text({ recipient: ['628123456789'] }), 'recipient', /phone number/],
    ['send-message', text({ recipient: '6'.repeat(256) }), 'recipient', /phone number/],
    ['send-message', text({ ref: 1.5 }), 'ref', /255/],
    ['send-message', text({ recipient: true }), 'recipient', /phone number/],
    ['send-message', text({ show_typing: 'perhaps' }), 'show_typing', /true or false/],
    ['send-message', text({ async: 2 }), 'async', /true or false/],
    ['send-message', text({ priority: 'urgent' }), 'priority', /one of high, normal or low/],
    ['send-message', text({ priority: 1 }), 'priority', /one of high, normal or low/],
    ['send-message', text({ when_offline: 'wait' }), 'when_offline', /hold or fail/],
    ['send-message', text({ expires_in: 0 }), 'expires_in', /from 1 to/],
    ['send-message', text({ expires_in: 1.5 }), 'expires_in', /whole number/],
    ['send-message', text({ expires_in: 'soon' }), 'expires_in', /whole number/],
    ['send-message', text({ scheduled_at: 'tomorrow' }), 'scheduled_at', /time such as/],
    ['send-message', text({ scheduled_at: '2025-12-10T10:00:00' }), 'scheduled_at', /time such as/],
    ['send-message', text({ scheduled_at: -1 }), 'scheduled_at', /time such as/],
    ['send-message', text({ ref: 'x'.repeat(256) }), 'ref', /255/],
    ['send-message', text({ ref: 'a\0b' }), 'ref', /255|NUL/],
    ['send-media', media({ media_type: 'sticker' }), 'media_type', /one of image, video, audio or document/],
    ['send-media', media({ caption: 'x'.repeat(1025) }), 'caption', /at most 1024 characters/],
    ['send-media', media({ media_url: 7 }), 'media_url', /must be text/],
    ['send-media', media({ filename: 'a\0.pdf' }), 'filename', /NUL/],
  ])('to %s that breaks a rule (%j) names the field %s and the rule', async (path, body, field, rule) => {
    const answer = await site.post(`/api/v1/${path}`, body);
    const { message, code, errors } = answer.json();
    expect(answer.status).toBe(422);
    expect(code).toBe('validation_failed');
    expect(Object.keys(errors)).toEqual([field]);
    expect(errors[field].join(' ')).toMatch(rule);
    expect(message).toContain(field);
    expect(answer.text).not.toMatch(/Invalid|Too |expected|received|pattern/);
  });

  test('may be as long as the document says, counted in characters and not in bytes', async () => {
    expect((await site.post('/api/v1/send-message', text({ message: '😀'.repeat(5000) }))).status).toBe(200);
    expect((await site.post('/api/v1/send-media', media({ caption: 'é'.repeat(1024) }))).status).toBe(200);
  });

  test('may carry what nobody knows: customers send session_id', async () => {
    expect((await site.post('/api/v1/send-message', text({ session_id: 'abc', foo: [1] }))).status).toBe(200);
  });

  test('is understood as it was meant: numbers, words for true, times, null for absent', async () => {
    await site.post('/api/v1/send-message', {
      recipient: 6281234567890, message: 'Hello', show_typing: 'false', ref: 1042, priority: 'high', expires_in: '60',
      scheduled_at: '2030-01-01T07:00:00+07:00', when_offline: 'hold', async: 1,
    }); // biome-ignore format: one request
    expect(site.gateway.sent.at(-1)?.request).toEqual({
      recipient: 6281234567890,
      content: { is: 'text', text: 'Hello' },
      showTyping: false,
      ref: '1042',
      priority: 10,
      scheduledAt: Date.parse('2030-01-01T00:00:00Z'),
      hold: true,
      idempotencyKey: null,
      expiresIn: 60,
      async: true,
    });
    await site.post('/api/v1/send-media', media({ caption: null, media_type: '', ref: null }));
    expect(site.gateway.sent.at(-1)?.request).toEqual({
      recipient: '628123456789',
      content: { is: 'media', source: { url: PNG }, mediaType: null, caption: null, filename: null },
      showTyping: true,
      ref: null,
      priority: 0,
      scheduledAt: null,
      hold: false,
      expiresIn: null,
      idempotencyKey: null,
      async: false,
    });
  });
});

describe('a query', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterAll(() => site.stop());

  test.each([
    'limit=0', 'limit=-1', 'limit=abc', 'limit=', 'limit=1.5', 'limit=1e2', 'limit=5&limit=6', 'page=0', 'page=-1', 'page=x',
    'status=delivered', 'state=gone', 'since=yesterday', 'until=2025-13-45', 'ref=a%00b',
  ])('with %s is refused by field', async (query) => {
    const answer = await site.call(`/api/v1/messages?${query}`);
    const field = query.split('=')[0] ?? '';
    expect(answer.status).toBe(422);
    expect(answer.json().errors[field]).toHaveLength(1);
    expect(answer.json().message).toContain(field);
  }); // biome-ignore format: a table

  test.each<[string, object]>([
    ['', { limit: 50, page: 1 }],
    ['limit=100&page=3', { limit: 100, page: 3 }],
    ['limit=101', { limit: 100, page: 1 }],
    ['limit=99999999999999999999', { limit: 100, page: 1 }],
    ['status=&ref=&since=', { limit: 50, page: 1 }],
    [
      'status=failed&state=expired&ref=a&recipient=0812',
      { limit: 50, page: 1, status: 'failed', state: 'expired', ref: 'a', recipient: '0812' },
    ],
    [
      'since=1765400000&until=2025-12-11T00:00:00Z',
      { limit: 50, page: 1, since: 1765400000000, until: Date.parse('2025-12-11') },
    ],
  ])('"%s" asks for %j', async (query, expected) => {
    const answer = await site.call(`/api/v1/messages?${query}`);
    expect(answer.status).toBe(200);
    expect(site.gateway.queries.at(-1)).toEqual(expected);
  });
});

test.each<[given: string | number, ms: number | undefined]>([
  ['2025-12-10T10:00:00Z', Date.parse('2025-12-10T10:00:00Z')],
  ['2025-12-10T10:00:00.000000Z', Date.parse('2025-12-10T10:00:00Z')],
  ['2025-12-10T17:00:00+07:00', Date.parse('2025-12-10T10:00:00Z')],
  ['2025-12-10T17:00:00+0700', Date.parse('2025-12-10T10:00:00Z')],
  ['2025-12-10T17:00:00 07:00', Date.parse('2025-12-10T10:00:00Z')],
  ['2025-12-10T17:00+07:00', Date.parse('2025-12-10T10:00:00Z')],
  ['2025-12-10', Date.parse('2025-12-10T00:00:00Z')],
  [1765360800, 1765360800000],
  ['1765360800', 1765360800000],
  [1765360800123, 1765360800123],
  ['2025-12-10T10:00:00', undefined],
  ['2025-12-10 10:00', undefined],
  ['2025-02-30T10:00:00Z', undefined],
  ['2025-99-99', undefined],
  [1.5, undefined],
  [-5, undefined],
  ['99999999999999999999', undefined],
  ['', undefined],
])('the time %j is %j', (given, ms) => {
  expect(instant(given)).toBe(ms);
});
