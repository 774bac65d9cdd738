import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';

const SIZE = 100 * 1024 * 1024;
const CHUNK = 1024 * 1024;

interface Result {
  readonly qr?: string;
  readonly error?: string;
  readonly uploadMb?: number;
  readonly totalMb?: number;
  readonly downloaded?: number;
  readonly alive?: readonly string[];
}

// The one slow test of the link: 100 MB through AES twice, in a process of its own so that its memory is its own.
it('sends and downloads 100 MB without holding it in memory, and leaves nothing running behind', async () => {
  const network = await startNetwork();
  const folder = await mkdtemp(join(tmpdir(), 'wagate-large-'));
  const path = join(folder, 'large.pdf');
  const hash = createHash('sha256');
  await pipeline(function* () {
    for (let i = 0; i < SIZE / CHUNK; i++) {
      const chunk = randomBytes(CHUNK);
      hash.update(chunk);
      yield chunk;
    }
  }, createWriteStream(path));
  const phone = network.phone('628110005001');
  const contact = network.contact('628160000001');

  const child = fork(new URL('./large-child.ts', import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  try {
    const done = new Promise<Result>((resolve, reject) => {
      child.on('message', (message: Result) => {
        if (message.qr) phone.scan(message.qr).catch(reject);
        else resolve(message);
      });
      child.on('exit', (code) => reject(new Error(`the child ended with ${code}`)));
    });
    child.send({
      url: network.url,
      mediaAuthority: network.mediaAuthority,
      rootKey: Buffer.from(network.rootKey).toString('base64'),
      chat: contact.jid,
      path,
      bytes: SIZE,
    });
    const result = await done;
    expect(result.error).toBeUndefined();
    const message = await contact.nextMessage();
    expect(
      createHash('sha256')
        .update(await contact.media(message))
        .digest('hex'),
    ).toBe(hash.digest('hex'));
    expect(result.downloaded).toBe(SIZE);
    // 69 MB for 100 MB and 82 MB for 300 MB: what Node takes for the streams, not the file.
    expect(result.totalMb, JSON.stringify(result)).toBeLessThan(100);
    // The 30 s guard of Baileys' first upload of pre-keys (lib/Socket/socket.js: UPLOAD_TIMEOUT) is the only timer left, or over as well.
    expect([[], ['Timeout']], JSON.stringify(result)).toContainEqual(result.alive);
  } finally {
    child.kill('SIGKILL');
    await network.stop();
    await rm(folder, { recursive: true });
  }
});
