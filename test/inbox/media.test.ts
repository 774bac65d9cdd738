import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { mediaLink, readMediaLink } from '../../src/gateway/inbox-media/links.ts';
import { openBucket, sign } from '../../src/net/s3.ts';
import { startTestApp, type TestAppOptions } from '../support/app.ts';
import { startBucket } from './bucket.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A phone that is off is asked for a lost file, and waited for 20 s: a moment is enough here. */
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms === 20_000 ? 200 : ms, signal) };

async function world(env: TestAppOptions['env'] = {}) {
  const app = await startTestApp({ env: { RATE_LIMIT_PER_MINUTE: '100000', ...env }, hands: { clock } });
  onTestFinished(() => app.stop());
  const sender = app.network.contact('6281300000011');
  const hear = async (said: Parameters<typeof sender.send>[1]) => {
    const told = new Promise<number>((resolve) => {
      const off = app.events.on('message.received', ({ inboxId }) => {
        off();
        resolve(inboxId);
      });
    });
    await sender.send('6281234567890', said);
    return told;
  };
  const link = async (id: number) => {
    const { status, body } = await app.call('GET', `/inbox/${id}/media`);
    return { status, body, url: String(body.data?.url) };
  };
  return { app, sender, hear, link };
}

describe('files of incoming messages', () => {
  it('are fetched when they are asked for, and opened by a link without a token', async () => {
    const { app, hear, link } = await world();
    const bytes = randomBytes(300_000);
    const id = await hear({ document: bytes, mimetype: 'application/pdf', fileName: 'Faktur №1 "März".pdf' });
    const { status, url, body } = await link(id);
    expect([status, body.data.mimetype, body.data.bytes]).toEqual([200, 'application/pdf', bytes.length]);
    expect(url.startsWith(`${app.url}/media/`)).toBe(true);
    const answer = await fetch(url);
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(bytes));
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': String(bytes.length),
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent('Faktur №1 "März".pdf')}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect(answer.headers.get('set-cookie')).toBeNull();
    // From the shelf now, not from WhatsApp.
    app.network.faults.failDownloads(410);
    const again = await fetch((await link(id)).url);
    app.network.faults.clear();
    expect([again.status, (await again.bytes()).length]).toEqual([200, bytes.length]);
  });

  it('are never shown as a page, whatever their sender calls them', async () => {
    const { hear, link } = await world();
    const id = await hear({
      document: Buffer.from('<script>alert(1)</script>'),
      mimetype: 'text/html',
      fileName: 'a.html',
    });
    const answer = await fetch((await link(id)).url);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
  });

  it('can be opened whatever their sender calls them', async () => {
    const { hear, link } = await world();
    for (const fileName of [
      'half \ud83d a pair.pdf',
      'line\r\nX-Header: no.pdf',
      '"/../\0.pdf',
      'ف'.repeat(300),
      `${'a'.repeat(199)}😀.pdf`,
    ]) {
      const answer = await fetch((await link(await hear({ document: randomBytes(10), fileName }))).url);
      expect([answer.status, answer.headers.get('x-header')]).toEqual([200, null]);
    }
  });

  it('are refused without a file, when they are too large, and when WhatsApp has them no more', async () => {
    const { app, hear, link } = await world({ MEDIA_MAX_MB: '1' });
    expect((await link(await hear('no file here'))).status).toBe(404);
    expect((await link(await hear({ image: randomBytes(1_500_000) }))).body).toMatchObject({
      code: 'media_gone',
      message: expect.stringContaining('larger than 1 MB'),
    });
    const id = await hear({ image: randomBytes(100) });
    app.network.faults.failDownloads(404);
    const gone = await link(id);
    app.network.faults.clear();
    expect([gone.status, gone.body.code]).toEqual([409, 'media_gone']);
    expect(readdirSync(join(app.dataDir, 'inbox-parts'))).toEqual([]);
  });

  it('are fetched as they come, where the setting says so, also those that a stopped gateway missed', async () => {
    const { app, hear } = await world({ MEDIA_DOWNLOAD: 'always' });
    const id = await hear({ image: randomBytes(1000) });
    for (let tries = 0; tries < 400; tries++) {
      if ((await app.store.inbox.find(app.account.id, app.deviceId, id))?.media_key) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(await app.store.inbox.find(app.account.id, app.deviceId, id)).toMatchObject({ media_bytes: 1000 });
    expect(readdirSync(join(app.dataDir, 'inbox', String(app.deviceId)))).toEqual([String(id)]);
  });

  it('are kept in a bucket, where one is named', async () => {
    const access = { key: 'AKIA', secret: 'shh', region: 'ap-southeast-3' };
    const bucket = await startBucket(access);
    onTestFinished(() => bucket.stop());
    const { app, hear, link } = await world({
      S3_ENDPOINT: bucket.url,
      S3_BUCKET: 'wa',
      S3_KEY: access.key,
      S3_SECRET: access.secret,
      S3_REGION: access.region,
    });
    const bytes = randomBytes(50_000);
    const id = await hear({ image: bytes });
    const answer = await fetch((await link(id)).url);
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(bytes));
    expect([...bucket.objects.keys()]).toEqual([`/wa/${app.deviceId}/${id}`]);
    expect(bucket.refused).toEqual([]);
  });
});

describe('links to files', () => {
  const key = randomBytes(32);
  const file = { accountId: 3, deviceId: 12, inboxId: 4711 };

  it('open what they were made for until they end', () => {
    const link = mediaLink(key, file, 1_800_000_000_000);
    expect(readMediaLink(key, link, 1_799_999_999_000)).toEqual(file);
    expect(readMediaLink(key, link, 1_800_000_001_000)).toBeUndefined();
  });

  it('open nothing when a letter of them was changed, or with another key', () => {
    const link = mediaLink(key, file, 1_800_000_000_000);
    for (let at = 0; at < link.length; at++) {
      const other = link[at] === 'a' ? 'b' : 'a';
      expect(readMediaLink(key, link.slice(0, at) + other + link.slice(at + 1), 0)).toBeUndefined();
    }
    expect(readMediaLink(randomBytes(32), link, 0)).toBeUndefined();
    expect(readMediaLink(key, '', 0)).toBeUndefined();
  });

  it('that are forged answer 404', async () => {
    const { app } = await world();
    for (const path of ['/media/1.1.1.zzzzzz.aaaaaaaaaaaaaaaaaaaaaaaa', '/media/x', '/media/..%2f..%2fwagate.db'])
      expect((await fetch(`${app.url}${path}`)).status).toBe(404);
  });
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html: the documented examples. */
describe('requests to a bucket', () => {
  const access = {
    key: 'AKIAIOSFODNN7EXAMPLE',
    secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
    now: () => Date.UTC(2013, 4, 24),
  };

  it.each([
    ['GET', 'https://examplebucket.s3.amazonaws.com/test.txt', { range: 'bytes=0-9' }, '', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'],
    ['PUT', 'https://examplebucket.s3.amazonaws.com/test%24file.text', { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' }, 'Welcome to Amazon S3.', '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd'],
    ['GET', 'https://examplebucket.s3.amazonaws.com/?lifecycle=', {}, '', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['GET', 'https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J', {}, '', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ])('are signed as the documentation has it: %s %s', (method, url, headers, body, signature) => {
    const signed = sign({ ...access, method, url: new URL(url), headers: { ...headers }, sha256: sha256(Buffer.from(body)) });
    expect(signed.authorization).toMatch(new RegExp(`Signature=${signature}$`));
  }); // biome-ignore format: a table to be read as one

  it('fail with a wrong secret, and find nothing where there is nothing', async () => {
    const real = { key: 'k', secret: 's', region: 'r' };
    const server = await startBucket(real);
    onTestFinished(() => server.stop());
    const folder = mkdtempSync(join(tmpdir(), 'wagate-s3-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'file');
    writeFileSync(path, 'hello');
    const file = { path, bytes: 5, sha256: sha256(Buffer.from('hello')) };
    const options = { endpoint: server.url, bucket: 'b', now: Date.now };
    const good = openBucket({ ...options, ...real });
    const bad = openBucket({ ...options, ...real, secret: 'wrong' });
    onTestFinished(async () => {
      await good.stop();
      await bad.stop();
    });
    await good.put('1/2 (3)', file);
    expect((await (await good.get('1/2 (3)'))?.toArray())?.join('')).toBe('hello');
    expect(await good.get('1/3')).toBeUndefined();
    await expect(bad.put('1/2', file)).rejects.toThrow('answered 403 to PUT');
    await expect(bad.get('1/2')).rejects.toThrow('answered 403 to GET');
  });
});
