import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WAMessage } from 'baileys';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { Client } from './client.ts';

const PHONE = '6281100000001';
const OTHER = '6281200000001';
// The smallest PNG that an image library will read.
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('media', () => {
  let network: Network;
  let client: Client;

  beforeEach(async () => {
    network = await startNetwork();
    client = await new Client(network).pair(PHONE);
  });
  afterEach(async () => {
    await client.stop();
    await network.stop();
    expect(network.errors).toEqual([]);
  });

  const kinds = [
    ['image', PIXEL, 'image/png'],
    ['video', randomBytes(300_000), 'video/mp4'],
    ['audio', randomBytes(70_000), 'audio/mp4'],
    ['document', randomBytes(1_000_001), 'application/pdf'],
  ] as const;

  it.each(kinds)('brings a %s to the contact, byte for byte', async (kind, bytes, mimetype) => {
    const contact = network.contact(OTHER);
    const content = { [kind]: bytes, mimetype, caption: 'look', fileName: 'file.bin', jpegThumbnail: '' };
    await client.sock.sendMessage(contact.jid, content as never);
    const message = await contact.nextMessage();
    expect(await contact.media(message)).toEqual(bytes);
    if (kind !== 'audio') expect(message.text).toBe('look');
  });

  it.each(kinds)('brings a %s to the client, byte for byte', async (kind, bytes, mimetype) => {
    const contact = network.contact(OTHER);
    await contact.send(PHONE, { [kind]: bytes, mimetype, caption: 'look' });
    const message = await client.message((one) => one.message?.[`${kind}Message`]);
    expect(await client.download(message)).toEqual(bytes);
  });

  it('keeps what it has room for: the oldest go first, also over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulator-room-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const options = { storage: join(folder, 'network.db'), mediaRoom: 41_000, everyoneExists: true };
    const start = async () => {
      const small = await startNetwork(options);
      onTestFinished(() => small.stop());
      return small;
    };
    const paths: string[] = [];
    const keep = async (small: Network) => {
      const { directPath } = await small.media.keep('document', randomBytes(10_000));
      // A clock of files ticks every few milliseconds: too seldom to tell these apart.
      const name = directPath.replace(/^.*\/|\.enc$/g, '');
      utimesSync(join(`${options.storage}-media`, name), 0, paths.push(directPath));
    };
    const first = await start();
    for (let n = 0; n < 4; n += 1) await keep(first);
    const isThere = (small: Network) =>
      Promise.all(paths.map((path) => small.media.blob(path).then(Boolean, () => false)));
    // Of 10,016 bytes each takes three blocks of a disk: three fit.
    expect(await isThere(first)).toEqual([false, true, true, true]);
    first.media.expire(paths[1]);
    await first.stop();
    const second = await start();
    await keep(second);
    expect(await isThere(second)).toEqual([false, false, true, true, true]);
    expect(readdirSync(`${options.storage}-media`)).toHaveLength(3);
    await second.media.keep('document', randomBytes(90_000));
    expect(readdirSync(`${options.storage}-media`)).toHaveLength(1);
  });

  it('serves a range', async () => {
    const contact = network.contact(OTHER);
    const bytes = randomBytes(200_000);
    await contact.send(PHONE, { document: bytes });
    const message = await client.message((one) => one.message?.documentMessage);
    const response = await client.fetch(message.message?.documentMessage?.url ?? '', { Range: 'bytes=16-47' });
    expect(response.status).toBe(206);
    expect((await response.arrayBuffer()).byteLength).toBe(32);
  });

  it('fails uploads and downloads when told so, and forgets what has expired', async () => {
    const contact = network.contact(OTHER);
    network.faults.failUploads(500, { times: 1 });
    await expect(client.sock.sendMessage(contact.jid, { image: PIXEL, jpegThumbnail: '' })).rejects.toThrow(
      'upload failed',
    );
    await client.sock.sendMessage(contact.jid, { image: PIXEL, jpegThumbnail: '' });
    await contact.nextMessage();

    await contact.send(PHONE, { document: randomBytes(1000) });
    const message = await client.message((one) => one.message?.documentMessage);
    network.faults.failDownloads(404, { times: 1 });
    expect(await statusOf(client, message)).toBe(404);
    network.faults.expireMedia();
    expect(await statusOf(client, message)).toBe(410);
  });

  it('refuses bytes that do not match their name', async () => {
    const name = randomBytes(32).toString('base64url');
    const response = await client.fetch(`https://${network.media.hostname}/mms/image/${name}?auth=x`, {}, 'bytes');
    expect(response.status).toBe(400);
  });
});

async function statusOf(client: Client, message: WAMessage): Promise<number | undefined> {
  const failure: unknown = await client.download(message).then(
    () => undefined,
    (error: unknown) => error,
  );
  return (failure as { output?: { statusCode?: number } } | undefined)?.output?.statusCode;
}
