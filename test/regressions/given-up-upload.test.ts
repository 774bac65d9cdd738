import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { END, formHead, openLine, part } from '../support/raw-form.ts';

/**
 * An upload's file was opened before anybody read it. A client that hung up as its form was complete had the file removed in that moment, and
 * the stream's error, which nobody listened for, ended the process with every device. A form that was refused left the stream open: its
 * descriptor, and the space of the removed file, stayed until a restart.
 */
describe('an upload that is given up', () => {
  let app: TestApp;
  const errors: string[] = [];
  beforeAll(async () => {
    const log = createLog('error', { write: (line) => errors.push(line) });
    app = await startTestApp({ sandbox: true, env: { RATE_LIMIT_PER_MINUTE: '100000' }, hands: { log } });
  });
  afterAll(() => app?.stop());

  const body = `${part('recipient', '628990000001')}${part('file', 'hello', { filename: 'a.txt' })}${END}`;

  async function upload(token = app.token, recipient = '628990000001') {
    const data = new FormData();
    data.set('recipient', recipient);
    data.set('file', new Blob(['hello'], { type: 'text/plain' }), 'note.txt');
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${app.url}/api/v1/send-media`, { method: 'POST', headers, body: data });
    await response.text();
    return response.status;
  }

  const spooled = () => readdirSync(join(app.dataDir, 'http-uploads'));

  test('as it is complete ends nothing, and leaves nothing behind', async () => {
    const heard: unknown[] = [];
    const hear = (error: unknown) => heard.push(error);
    process.on('uncaughtException', hear);
    onTestFinished(() => void process.off('uncaughtException', hear));
    const whole = formHead('/api/v1/send-media', app.token, body.length) + body;
    // The moment is found by trying: 0 to 2 ms after the last byte, by FIN and by RST.
    for (let nth = 0; nth < 300; nth++) {
      const { socket } = openLine(app.url);
      await once(socket, 'connect');
      await new Promise<void>((resolve) => socket.write(whole, () => resolve()));
      if (nth % 6 >= 2) await pause((nth % 6) / 2 - 1);
      const closed = once(socket, 'close');
      if (nth % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
      await closed;
    }
    expect(await upload()).toBe(200);
    expect([heard, errors]).toEqual([[], []]);
    await expect.poll(spooled).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('because it was refused keeps no descriptor', async () => {
    const removed = () =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          const target = readlinkSync(`/proc/self/fd/${fd}`);
          return target.includes('http-uploads') ? [target] : [];
        } catch (error) {
          // The descriptor that this very look had opened.
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
          throw error;
        }
      });
    const offline = await app.devices.create(app.account.id, { name: 'Never linked', kind: 'whatsapp' });
    const token = await app.devices.issueToken(app.account.id, offline.id);
    for (let nth = 0; nth < 20; nth++) expect(await upload(token)).toBe(400);
    expect(await upload(app.token, 'nobody')).toBe(422);
    await expect.poll(spooled).toEqual([]);
    await expect.poll(removed).toEqual([]);
  });
});
