import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { signInAsAdministrator } from '../panel/support/people.ts';
import { startTestApp } from '../support/app.ts';
import { startReceiver } from '../webhooks/receiver.ts';

/** The gateway's patience with what hangs when it stops (8 s); here it passes at once, so that what a stop waits for besides would show. */
const GRACE_MS = 8_000;

test('a stop waits for what is under way no longer than its grace, whoever hangs on, and leaves no socket open', async () => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.stop());
  let graces = 0;
  const soon = (ms: number) => {
    if (ms !== GRACE_MS) return ms;
    graces += 1;
    return 200;
  };
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(soon(ms), signal),
    after: (ms, run) => systemClock.after(soon(ms), run),
  };
  const app = await startTestApp({ sandbox: true, hands: { clock }, env: { EGRESS_PORTS: `80,443,${receiver.port}` } });
  const owner = await signInAsAdministrator(app);

  // A webhook that never answers.
  let hung = 0;
  receiver.behave('/hang', () => {
    hung += 1;
  });
  await app.call('POST', '/webhooks', { url: receiver.url('/hang'), events: ['message.received', 'message.status'] });
  await app.call('POST', '/send-message', { recipient: '628990000006', message: 'Halo' });
  await receiver.until(() => hung > 0, 'a delivery that hangs');
  // Two live streams.
  const headers = { authorization: `Bearer ${app.token}` };
  const streams = await Promise.all([
    fetch(`${app.url}/api/v1/events`, { headers }),
    fetch(`${app.url}/api/panel/live`, { headers: { cookie: owner.cookie } }),
  ]);
  // A send that WhatsApp never acknowledges.
  const accepted = new Promise<void>((resolve) => {
    app.events.on('message.accepted', () => resolve());
  });
  const waiting = app.call('POST', '/send-message', { recipient: '628990000005', message: 'no answer' });
  await accepted;
  // A caller that says half of a request, and one that says nothing.
  const { port } = new URL(app.url);
  const callers = ['POST /api/v1/send-message HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{', ''].map((text) => {
    const socket = connect(Number(port), '127.0.0.1');
    if (text !== '') socket.write(text);
    return socket;
  });
  await Promise.all(callers.map((socket) => once(socket, 'connect')));
  // How it is ended, by a last packet or by a reset, is all the same.
  const closed = callers.map(
    (socket) =>
      new Promise((resolve) =>
        socket
          .on('error', () => undefined)
          .once('close', resolve)
          .resume(),
      ),
  );

  await app.stop();
  // The server's and the outbox's.
  expect(graces).toBeGreaterThanOrEqual(2);
  // It was answered, with what is true: accepted and pending.
  expect((await waiting).status).toBe(202);
  for (const { body } of streams) await body?.pipeTo(new WritableStream()).catch(() => undefined);
  await Promise.all(closed);
  await expect(fetch(`${app.url}/health/live`)).rejects.toThrow();
});
