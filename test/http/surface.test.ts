import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOKEN } from './support/fake-gateway.ts';
import { type Site, startSite } from './support/site.ts';

describe('the HTTP surface', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterAll(() => site.stop());

  const envelope = (answer: Awaited<ReturnType<Site['call']>>) => {
    const body = answer.json();
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(body.success).toBe(false);
    expect(body.request_id).toBe(answer.headers.get('x-request-id'));
    expect(answer.text).not.toMatch(/FST_|stack|node_modules|\.ts:/);
    return [answer.status, body.code];
  };

  test('gives every answer a request id of its own, and takes none from outside', async () => {
    const first = await site.call('/api/v1/device', { headers: { 'X-Request-Id': 'mine', 'Request-Id': 'mine' } });
    const second = await site.call('/nowhere');
    for (const { headers } of [first, second]) expect(headers.get('x-request-id')).toMatch(/^req_[\w-]{16}$/);
    expect(first.headers.get('x-request-id')).not.toBe(second.headers.get('x-request-id'));
  });

  test('tells a caller the rate and what is left of the quota', async () => {
    const { headers } = await site.call('/api/v1/device');
    expect(headers.get('ratelimit-limit')).toBe('120');
    expect(Number(headers.get('ratelimit-remaining'))).toBeLessThan(120);
    expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(0);
    expect(headers.get('x-quota-remaining')).toBe('50');
    expect(headers.get('cache-control')).toBe('no-store');
    const sent = await site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
    expect(sent.headers.get('x-quota-remaining')).toBe('49');
  });

  test('says nothing of a quota to a device that uses none', async () => {
    site.gateway.quota = null;
    const { headers, status } = await site.call('/api/v1/device');
    site.gateway.quota = 50;
    expect([status, headers.get('x-quota-remaining')]).toEqual([200, null]);
  });

  test('answers all the same when the quota can not be read for the header', async () => {
    const { quotaRemaining } = site.gateway.devices;
    site.gateway.devices.quotaRemaining = () => Promise.reject(new Error('the disk is gone'));
    const { status } = await site.call('/api/v1/messages');
    site.gateway.devices.quotaRemaining = quotaRemaining;
    expect(status).toBe(200);
  });

  test('wears the headers of a server that allows no foreign script, frame or sniffing', async () => {
    for (const path of ['/', '/docs/reference', '/api/v1/device', '/nowhere']) {
      const { headers } = await site.call(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('strict-transport-security')).toBeNull();
    }
  });

  test.each<[what: string, path: string, init: RequestInit, expected: [number, string]]>([
    ['an unknown address', '/api/v1/nothing', {}, [404, 'not_found']],
    ['an unknown address, whatever is sent to it', '/nothing', { method: 'POST', body: '{' }, [404, 'not_found']],
    ['an unknown version', '/api/v2/send-message', { method: 'POST' }, [404, 'not_found']],
    ['a message that is no number', '/api/v1/messages/abc', {}, [404, 'not_found']],
    ['a message of a number too great', '/api/v1/messages/99999999999999999999', {}, [404, 'not_found']],
    ['a message of nobody', '/api/v1/messages/2', {}, [404, 'not_found']],
    ['a broken escape', '/api/v1/messages/%zz', {}, [400, 'bad_request']],
    ['a path out of the folder', '/assets/..%2fserver.ts', {}, [404, 'not_found']],
    ['no token', '/api/v1/device', { headers: { Authorization: '' } }, [401, 'invalid_token']],
    ['a wrong token', '/api/v1/device', { headers: { Authorization: 'Bearer wag_wrong' } }, [401, 'invalid_token']],
    ['another scheme', '/api/v1/device', { headers: { Authorization: `Basic ${TOKEN}` } }, [401, 'invalid_token']],
    [
      'a token in the address',
      `/api/v1/device?token=${TOKEN}&api_token=${TOKEN}`,
      { headers: { Authorization: '' } },
      [401, 'invalid_token'],
    ],
  ])('answers %s (%s) in the envelope', async (_what, path, init, expected) => {
    expect(envelope(await site.call(path, init))).toEqual(expected);
  });

  test.each([
    ['GET', '/api/v1/send-message', 'POST'],
    ['DELETE', '/api/v1/send-media', 'POST'],
    ['POST', '/api/v1/device', 'GET, HEAD'],
    ['PUT', '/api/v1/messages', 'GET, HEAD'],
    ['PATCH', '/api/v1/messages/1', 'GET, HEAD, DELETE'],
    ['PROPFIND', '/health/live', 'GET, HEAD'],
  ])('answers %s %s with 405 and what is allowed', async (method, path, allowed) => {
    const answer = await site.call(path, { method });
    expect(envelope(answer)).toEqual([405, 'method_not_allowed']);
    expect(answer.headers.get('allow')).toBe(allowed);
  });

  test.each<[what: string, body: string, type: string | undefined, expected: [number, string]]>([
    ['JSON that is none', '{"recipient": ', 'application/json', [400, 'malformed_json']],
    ['JSON with a prototype', '{"__proto__": {"admin": true}}', 'application/json', [400, 'malformed_json']],
    ['a form of a web page', 'recipient=62812', 'application/x-www-form-urlencoded', [415, 'unsupported_media_type']],
    ['plain text', 'hello', 'text/plain', [415, 'unsupported_media_type']],
    [
      'a multipart form where there is no file',
      '--x--',
      'multipart/form-data; boundary=x',
      [415, 'unsupported_media_type'],
    ],
    ['more than 1 MB', JSON.stringify({ message: 'x'.repeat(1_048_577) }), 'application/json', [413, 'body_too_large']],
  ])('answers a body of %s in the envelope', async (_what, body, type, expected) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
    expect(envelope(await site.call('/api/v1/send-message', { method: 'POST', body, headers }))).toEqual(expected);
  });

  test('checks the token before the body', async () => {
    const answer = await site.post('/api/v1/send-message', '{', { Authorization: 'Bearer wag_wrong' });
    expect(envelope(answer)).toEqual([401, 'invalid_token']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('answers what is no HTTP at all in the envelope, too', async () => {
    const { port, hostname } = new URL(site.url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk;
      });
      socket.on('end', () => resolve(received));
      socket.on('error', reject);
    });
    const [head, body] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(head).toMatch(/X-Request-Id: req_/);
    expect(JSON.parse(body ?? '')).toMatchObject({ success: false, code: 'bad_request' });
  });

  test('says whether it lives and whether its store answers', async () => {
    expect(await site.call('/health/live')).toMatchObject({
      status: 200,
      text: '{"success":true,"data":{"status":"live"}}',
    });
    expect((await site.call('/health/ready')).json()).toMatchObject({ data: { status: 'ready', store: 'ok' } });
    site.clock.advance(1_000);
    site.gateway.readiness = () => Promise.reject(new Error('SQLITE_IOERR'));
    const answer = await site.call('/health/ready');
    expect(envelope(answer)).toEqual([503, 'temporarily_unavailable']);
    expect(answer.json().errors).toEqual({ store: [expect.stringContaining('does not answer')] });
    expect(answer.text).not.toMatch(/SQLITE/);
    site.clock.advance(1_000);
    site.gateway.readiness = async () => ['0009_later'];
    expect((await site.call('/health/ready')).json().errors).toEqual({
      migrations: [expect.stringContaining('0009_later')],
    });
    expect((await site.call('/health/live')).status).toBe(200);
  });

  test('logs neither tokens nor bodies nor queries', async () => {
    await site.post('/api/v1/send-message?token=canary1', { recipient: '628123456789', message: 'canary2' });
    await site.call('/api/v1/device', { headers: { Authorization: 'Bearer wag_canary3' } });
    expect(site.lines.join('')).not.toMatch(/canary|wag_/);
    expect(site.lines.join('')).toContain('"route":"/api/v1/send-message"');
  });
});

describe('behind a proxy', () => {
  test.each([
    ['trusted', ['127.0.0.1'], 401],
    ['not trusted', [], 429],
  ])('that is %s, addresses are told apart by X-Forwarded-For or not', async (_what, TRUSTED_PROXIES, expected) => {
    const site = await startSite({ TRUSTED_PROXIES });
    const guess = (from: string) =>
      site.call('/api/v1/device', { headers: { Authorization: 'Bearer wag_guess', 'X-Forwarded-For': from } });
    for (let i = 0; i < 30; i++) await guess('203.0.113.5');
    expect((await guess('203.0.113.9')).status).toBe(expected);
    await site.stop();
  });

  test('with TLS the browser is told to stay with TLS', async () => {
    const site = await startSite({ PUBLIC_URL: 'https://wa.example.com' });
    expect((await site.call('/')).headers.get('strict-transport-security')).toMatch(/max-age=\d+/);
    await site.stop();
  });
});
