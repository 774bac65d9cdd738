import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { TOKEN } from '../http/support/fake-gateway.ts';
import { startSite } from '../http/support/site.ts';
import { formHead, openLine, part } from '../support/raw-form.ts';

/** A connection that a client opens and never closes is closed by the server, not only its own half. */
async function start() {
  const site = await startSite();
  onTestFinished(() => site.stop());
  const server = site.server.fastify.server;
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  server.once('connection', resolve);
  const line = openLine(site.url);
  onTestFinished(() => void line.socket.destroy());
  return { site, server, line, theirs: await accepted };
}

test('what is no HTTP is answered, and the connection closed', { timeout: 20_000 }, async () => {
  const { line, theirs } = await start();
  const closed = once(theirs, 'close');
  line.socket.write('NONSENSE\r\n\r\n');
  expect(await line.answer).toMatchObject({ status: 400, body: { code: 'bad_request' } });
  await closed;
});

test('a form that has not arrived in time is answered with 408, and nothing more of it is taken', {
  timeout: 20_000,
}, async () => {
  const { site, server, line, theirs } = await start();
  line.socket.write(formHead('/api/v1/send-media', TOKEN, 1_000_000));
  line.socket.write(part('file', 'x'.repeat(1_000), { filename: 'a.txt' }));
  await expect.poll(site.uploadsLeft).toBe(1);
  const closed = once(theirs, 'close');
  // As node does it after 300 s; it looks every 30 s.
  const late = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  server.emit('clientError', late, theirs);
  expect(await line.answer).toMatchObject({ status: 408, body: { success: false, code: 'request_timeout' } });
  await closed;
  await expect.poll(site.uploadsLeft).toBe(0);
});

test('a connection whose answer is over already is closed all the same', { timeout: 20_000 }, async () => {
  const { server, theirs } = await start();
  const closed = once(theirs, 'close');
  theirs.end();
  server.emit('clientError', new Error('Parse Error'), theirs);
  await closed;
});
