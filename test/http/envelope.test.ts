import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FailureCode, failure, failures, sentence } from '../../src/base/errors.ts';
import { type Site, startSite } from './support/site.ts';

describe('a failure', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterAll(() => site.stop());

  const facts = {
    number: '628123456789', reason: 'connect ENOTFOUND example.com', code: 463, advice: 'Wait.', what: 'The message', limit: '1 MB',
    state: 'sent', needed: 'connected', method: 'PUT', allowed: 'GET', given: 'text/plain', expected: 'application/json', seconds: 7,
  }; // biome-ignore format: facts for every sentence

  test.each(Object.keys(failures) as FailureCode[])(
    '%s has its status, its sentence and its keys, in order',
    async (code) => {
      site.gateway.caller = { ...site.gateway.caller, tokenId: `token:${code}` };
      site.gateway.sending = async () => {
        throw failure(code, facts);
      };
      const answer = await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
      const body = answer.json();
      expect(answer.status).toBe(failures[code][0]);
      expect(body.success).toBe(false);
      expect(body.message).toBe(
        code === 'internal_error' ? sentence(code, { request_id: body.request_id }) : sentence(code, facts),
      );
      expect(body.code).toBe(code);
      expect(body.request_id).toBe(answer.headers.get('x-request-id'));
      expect(Object.keys(body).slice(0, 4)).toEqual(['success', 'message', 'code', 'request_id']);
      expect(body.message).not.toMatch(/[{}]/);
    },
  );

  test('quota_exhausted says that nothing is left', async () => {
    site.gateway.sending = async () => {
      throw failure('quota_exhausted');
    };
    const answer = await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
    expect(answer.json()).toMatchObject({ code: 'quota_exhausted', remaining_quota: 0 });
  });

  test('rate_limited and temporarily_unavailable say how long to wait, in the header and in the body', async () => {
    for (const [code, seconds] of [
      ['rate_limited', 7],
      ['temporarily_unavailable', 5],
    ] as const) {
      site.gateway.sending = async () => {
        throw failure(code, facts, code === 'rate_limited' ? { retryAfter: seconds } : {});
      };
      const answer = await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
      expect(answer.headers.get('retry-after')).toBe(String(seconds));
      expect(answer.json().retry_after).toBe(seconds);
    }
  });

  test('of the gateway for one field is told by field', async () => {
    site.gateway.sending = async () => {
      throw failure(
        'validation_failed',
        { reason: 'recipient is too short' },
        { errors: { recipient: ['recipient is too short'] } },
      );
    };
    const body = (await site.post('/api/v1/send-message', { recipient: '08', message: 'Hello' })).json();
    expect(body).toMatchObject({
      message: 'recipient is too short',
      errors: { recipient: ['recipient is too short'] },
    });
  });

  test('that nobody foresaw is an internal_error that gives nothing away, and the log knows it by its request id', async () => {
    site.gateway.sending = async () => {
      throw new TypeError('SELECT secret FROM vault at line 3');
    };
    const answer = await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
    const { request_id: id } = answer.json();
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/SELECT|TypeError|\.ts|stack/);
    expect(answer.json().message).toContain(id);
    expect(site.lines.some((line) => line.includes(id) && line.includes('SELECT secret'))).toBe(true);
  });

  test('that was thrown as something else than an Error is an internal_error, too', async () => {
    site.gateway.sending = async () => {
      throw 1006;
    };
    const answer = await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
    expect([answer.status, answer.json().code]).toEqual([500, 'internal_error']);
  });
});
