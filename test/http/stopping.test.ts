import { Agent, request } from 'node:http';
import { expect, test } from 'vitest';
import { TOKEN } from './support/fake-gateway.ts';
import { startSite } from './support/site.ts';

test('a stop answers what waits, with 202 for a message on its way, and only then closes', async () => {
  const site = await startSite();
  const waiting = Promise.withResolvers<void>();
  site.gateway.sending = (_request, signal) =>
    new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve('pending'));
      waiting.resolve();
    });
  const answer = site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
  await waiting.promise;
  const stopped = site.stop();
  expect((await answer).status).toBe(202);
  expect((await answer).headers.get('connection')).toBe('close');
  await stopped;
  await expect(fetch(site.url)).rejects.toThrow();
});

test('a request whose caller was still looked up when the stop began is answered as one that waits', async () => {
  const site = await startSite();
  const { authenticate } = site.gateway.devices;
  const asked = Promise.withResolvers<void>();
  const known = Promise.withResolvers<void>();
  site.gateway.devices.authenticate = async (token) => {
    asked.resolve();
    await known.promise;
    return authenticate(token);
  };
  // As the real one: an outcome that never comes is not waited for by a signal that is over already.
  site.gateway.sending = (_request, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) resolve('pending');
    });
  const answer = site.post('/api/v1/send-message', { recipient: '628123456789', message: 'Hello' });
  await asked.promise;
  const stopped = site.stop();
  known.resolve();
  expect((await answer).status).toBe(202);
  await stopped;
});

test('a request that comes on a connection kept alive while the server stops is sent away with 503 and its envelope', async () => {
  const site = await startSite();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const sent = request(`${site.url}${path}`, { agent, headers: { Authorization: `Bearer ${TOKEN}` } }, (answer) => {
        let body = '';
        answer.on('data', (chunk) => {
          body += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode, body }));
      });
      sent.on('error', reject);
      sent.end();
    });
  const finish = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const { describing } = site.gateway;
  site.gateway.describing = async () => {
    held.resolve();
    await finish.promise;
    return describing();
  };
  const other = site.call('/api/v1/device');
  await held.promise;
  await get('/health/live');
  const stopped = site.server.stop();
  const late = await get('/health/ready').catch((error: NodeJS.ErrnoException) => error.code);
  // The idle connection is closed at once, or still takes one request: both are an answer a client can act on.
  if (typeof late === 'object') {
    expect(late.status).toBe(503);
    expect(JSON.parse(late.body)).toMatchObject({
      code: 'temporarily_unavailable',
      errors: { draining: [expect.any(String)] },
    });
  } else expect(['ECONNRESET', 'ECONNREFUSED']).toContain(late);
  finish.resolve();
  expect((await other).status).toBe(200);
  await stopped;
  agent.destroy();
  await site.stop();
});

test('a stop does not wait for ever for one who never gets an answer', async () => {
  const site = await startSite();
  const held = Promise.withResolvers<void>();
  site.gateway.describing = () => {
    held.resolve();
    return new Promise(() => undefined);
  };
  const lost = site.call('/api/v1/device').catch((error: unknown) => error);
  await held.promise;
  await site.server.stop(50);
  expect(await lost).toBeInstanceOf(Error);
  await site.stop();
});
