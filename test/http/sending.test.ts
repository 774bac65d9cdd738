import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../../src/base/errors.ts';
import { OTHER_TOKEN } from './support/fake-gateway.ts';
import { type Site, startSite } from './support/site.ts';

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

const HELLO = { recipient: '628123456789', message: 'Hello' };
const send = (body: unknown = HELLO, headers: Record<string, string> = {}) =>
  site.post('/api/v1/send-message', body, headers);

describe('sending', () => {
  test('answers 200 with WhatsApp’s id and time once WhatsApp has acknowledged', async () => {
    const answer = await send();
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(
      '{"success":true,"message":"Message sent successfully","data":{"message_id":"3EB0CABA1D0D7BFC2500","timestamp":1702353600,"id":1,"recipient":"628123456789","status":"sent"}}',
    );
  });

  test('answers 202 with the time of acceptance while WhatsApp has not', async () => {
    site.gateway.sending = async () => 'pending';
    const answer = await send();
    expect(answer.status).toBe(202);
    expect(answer.text).toBe(
      '{"success":true,"message":"Message accepted and pending","data":{"message_id":"3EB0CABA1D0D7BFC2500","timestamp":1765483200,"id":1,"recipient":"628123456789","status":"pending"}}',
    );
  });

  test('tells the gateway when the caller has gone', async () => {
    const gone = new Promise<void>((resolve) => {
      site.gateway.sending = (_request, signal) =>
        new Promise((answer) => {
          signal?.addEventListener('abort', () => {
            resolve();
            answer('pending');
          });
          caller.abort();
        });
    });
    const caller = new AbortController();
    await expect(
      site.call('/api/v1/send-message', {
        method: 'POST',
        body: JSON.stringify(HELLO),
        headers: { 'Content-Type': 'application/json' },
        signal: caller.signal,
      }),
    ).rejects.toThrow();
    await gone;
  });
});

describe('an Idempotency-Key', () => {
  const key = { 'Idempotency-Key': 'order-1042' };

  test('gives the first answer again, byte by byte, and sends once', async () => {
    const first = await send(HELLO, key);
    const second = await send({ message: 'Hello', recipient: '628123456789', unknown: 1 }, key);
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(site.gateway.sent).toHaveLength(1);
  });

  test('gives a definite failure again, too', async () => {
    site.gateway.sending = async () => {
      throw failure('number_not_registered', { number: '628123456789' });
    };
    const first = await send(HELLO, key);
    const second = await send(HELLO, key);
    expect([second.status, second.text]).toEqual([400, first.text]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  test.each(['device_not_connected', 'quota_exhausted', 'temporarily_unavailable', 'internal_error'] as const)(
    'does not hold on to %s: the next try is a new one',
    async (code) => {
      site.gateway.sending = async () => {
        throw failure(code);
      };
      expect((await send(HELLO, key)).json().code).toBe(code);
      site.gateway.sending = async () => 'sent';
      expect((await send(HELLO, key)).status).toBe(200);
    },
  );

  test('with another body is a mismatch', async () => {
    await send(HELLO, key);
    const answer = await send({ ...HELLO, message: 'Bye' }, key);
    expect([answer.status, answer.json().code]).toEqual([422, 'idempotency_mismatch']);
  });

  test('whose first request still runs is in progress', async () => {
    const running = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<'sent'>();
    site.gateway.sending = () => {
      running.resolve();
      return finish.promise;
    };
    const first = send(HELLO, key);
    await running.promise;
    const answer = await send(HELLO, key);
    finish.resolve('sent');
    expect([answer.status, answer.json().code]).toEqual([409, 'idempotency_in_progress']);
    expect((await first).status).toBe(200);
  });

  test('of one device is not the key of another', async () => {
    await send(HELLO, key);
    await send(HELLO, { ...key, Authorization: `Bearer ${OTHER_TOKEN}` });
    expect(site.gateway.sent).toHaveLength(2);
  });

  test('longer than 255 characters is refused', async () => {
    const answer = await send(HELLO, { 'Idempotency-Key': 'x'.repeat(256) });
    expect(answer.status).toBe(422);
    expect(answer.json().errors['Idempotency-Key']).toHaveLength(1);
    expect((await send(HELLO, { 'Idempotency-Key': 'x'.repeat(255) })).status).toBe(200);
  });
});

describe('a file that is uploaded', () => {
  const form = (fields: Record<string, string>, bytes = 'hello', name = 'note.txt') => {
    const data = new FormData();
    data.set('file', new Blob([bytes], { type: 'text/plain' }), name);
    for (const [key, value] of Object.entries(fields)) data.set(key, value);
    return data;
  };
  const upload = (body: FormData, headers: Record<string, string> = {}) =>
    site.call('/api/v1/send-media', { method: 'POST', body, headers });

  test('goes to the gateway with its name and type, in the place of media_url, and leaves nothing behind', async () => {
    const answer = await upload(form({ recipient: '628123456789', caption: 'A note', show_typing: 'false', ref: '' }));
    expect(answer.status).toBe(200);
    expect(answer.json().message).toBe('Media message sent successfully');
    expect(site.gateway.uploads).toEqual(['hello']);
    expect(site.gateway.sent[0]?.request).toMatchObject({
      showTyping: false,
      ref: null,
      content: { caption: 'A note', source: { upload: { filename: 'note.txt', mimetype: 'text/plain' } } },
    });
    await site.server.stop();
    expect(await site.uploadsLeft()).toBe(0);
  });

  test('without a recipient is refused, and leaves nothing behind', async () => {
    const answer = await upload(form({ caption: 'A note' }));
    expect([answer.status, answer.json().message]).toEqual([422, 'session_id, recipient, and media_url are required']);
    await site.server.stop();
    expect(await site.uploadsLeft()).toBe(0);
  });

  test('that is no file is a missing media_url', async () => {
    const data = new FormData();
    data.set('recipient', '628123456789');
    const answer = await upload(data);
    expect(answer.json()).toMatchObject({
      code: 'validation_failed',
      errors: { media_url: ['media_url is required'] },
    });
  });

  test('with a key is the same only with the same bytes', async () => {
    const key = { 'Idempotency-Key': 'file-1' };
    await upload(form({ recipient: '628123456789' }), key);
    expect((await upload(form({ recipient: '628123456789' }), key)).headers.get('idempotency-replayed')).toBe('true');
    expect((await upload(form({ recipient: '628123456789' }, 'other'), key)).status).toBe(422);
    expect(site.gateway.sent).toHaveLength(1);
  });

  test('larger than media may be is refused with 413', async () => {
    const small = await startSite({ MEDIA_MAX_MB: 1 });
    const body = form({ recipient: '628123456789' }, 'x'.repeat(1_048_577));
    const answer = await small.call('/api/v1/send-media', { method: 'POST', body });
    await small.stop();
    expect([answer.status, answer.json().message]).toEqual([413, 'The request body is larger than 1 MB.']);
    expect(small.gateway.sent).toHaveLength(0);
  });

  test.each([
    ['two files', 400],
    ['a broken form', 400],
  ])('as %s is refused (%d)', async (what, status) => {
    const two = form({ recipient: '628123456789' });
    two.append('file', new Blob(['x']), 'b.txt');
    const answer =
      what === 'two files'
        ? await upload(two)
        : await site.call('/api/v1/send-media', {
            method: 'POST',
            body: '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
            headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
          });
    expect([answer.status, answer.json().success]).toEqual([status, false]);
    expect(site.gateway.sent).toHaveLength(0);
  });
});
