import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Agent as HttpsAgent } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { getMediaKeys, getWAUploadToServer, type MediaConnInfo, type MediaType, proto } from 'baileys';
import { type Dispatcher, request } from 'undici';
import { asError } from '../base/errors.ts';
import type { RandomBytes } from '../base/ids.ts';
import { contentOf } from './contents.ts';
import { LinkError } from './link.ts';
import { type Ask, childOf, childrenOf } from './queries.ts';
import { linkErrorOf } from './thrown.ts';

/** Where a file lies and how it opens, as it stands in every media message. */
export interface Uploaded {
  readonly url: string;
  readonly directPath: string;
  readonly mediaKey: Uint8Array;
  readonly mediaKeyTimestamp: number;
  readonly fileSha256: Uint8Array;
  readonly fileEncSha256: Uint8Array;
  readonly fileLength: number;
}

export interface Media {
  /** Encrypts a file of ours to a temporary one and uploads that, both as streams. Throws LinkError `media_failed`. */
  upload(path: string, type: 'image' | 'video' | 'audio' | 'document'): Promise<Uploaded>;
  /** The decrypted bytes, as they come. They end with LinkError `media_failed` when the seal or a hash is wrong. */
  fetch(file: MediaFile): Promise<AsyncIterable<Uint8Array>>;
}

export interface MediaFile {
  readonly type: MediaType;
  readonly directPath: string;
  readonly mediaKey: Uint8Array;
  readonly fileSha256: Uint8Array | null;
  readonly fileEncSha256: Uint8Array | null;
}

const MAC = 10;
const UPLOAD_IDLE_MS = 60_000;
const DEFAULT_HOST = 'mmg.whatsapp.net';

type Logger = Parameters<typeof getWAUploadToServer>[0]['logger'];

export function createMedia({
  ask,
  now,
  random,
  logger,
  fetchAgent,
  dispatcher,
}: {
  ask: Ask;
  now: () => number;
  random: RandomBytes;
  logger: Logger;
  /** Both trust only the route's media authority; undefined: the system's authorities. */
  fetchAgent: HttpsAgent | undefined;
  dispatcher: Dispatcher | undefined;
}): Media {
  const hosts = createHosts(ask, now);
  const config = { customUploadHosts: [], fetchAgent, logger, options: {} } as unknown as Parameters<
    typeof getWAUploadToServer
  >[0];
  const post = getWAUploadToServer(config, hosts);

  return {
    async upload(path, type) {
      const sealed = `${path}.${random(8).toString('hex')}.sealed`;
      try {
        const made = await seal(path, sealed, type, random(32));
        await hosts(false);
        const { mediaUrl, directPath } = await post(sealed, {
          mediaType: type,
          fileEncSha256B64: Buffer.from(made.fileEncSha256).toString('base64'),
          timeoutMs: UPLOAD_IDLE_MS,
        });
        return { ...made, url: mediaUrl, directPath, mediaKeyTimestamp: Math.floor(now() / 1000) };
      } catch (thrown) {
        throw linkErrorOf(thrown, `uploading ${type}`);
      } finally {
        await rm(sealed, { force: true });
      }
    },
    async fetch(file) {
      const { hosts: known } = await hosts(false);
      const names = known.map(({ hostname }) => hostname).filter(Boolean);
      const urls = (names.length > 0 ? names : [DEFAULT_HOST]).map((host) => urlOf(host, file.directPath));
      const response = await firstAnswer(urls, (url) =>
        request(url, {
          ...(dispatcher ? { dispatcher } : {}),
          headers: { origin: 'https://web.whatsapp.com', 'accept-encoding': 'identity' },
          headersTimeout: 20_000,
          bodyTimeout: 30_000,
        }),
      );
      return opened(response.body, file);
    },
  };
}

/** Asks one host after the other while they are away or in trouble. What one of them refuses, the others would refuse, too. */
async function firstAnswer(
  urls: readonly string[],
  ask: (url: string) => Promise<Dispatcher.ResponseData>,
): Promise<Dispatcher.ResponseData> {
  let failed: LinkError | undefined;
  for (const url of urls) {
    const answer = await ask(url).catch(
      (thrown) =>
        new LinkError('media_failed', `The media host could not be reached: ${asError(thrown).message}`, {
          cause: thrown,
        }),
    );
    if (answer instanceof LinkError) {
      failed = answer;
      continue;
    }
    const { statusCode, body } = answer;
    if (statusCode === 200) return answer;
    await body.dump();
    failed = new LinkError('media_failed', `The media host answered ${statusCode}.`, { whatsappCode: statusCode });
    if (statusCode < 500) break;
  }
  throw failed ?? new LinkError('media_failed', 'WhatsApp named no media host.');
}

/**
 * The file as it goes over the wire, beside the plain one, where the owner sweeps. Not Baileys' `encryptedStream`: a full disk
 * is an 'error' event there that nobody listens to, and ends the process.
 */
async function seal(path: string, to: string, type: MediaType, mediaKey: Uint8Array) {
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, type);
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const hmac = createHmac('sha256', macKey ?? '').update(iv);
  const plain = createHash('sha256');
  const sealed = createHash('sha256');
  let fileLength = 0;
  await pipeline(
    createReadStream(path),
    async function* (source: AsyncIterable<Buffer>) {
      const give = (bytes: Buffer) => {
        hmac.update(bytes);
        sealed.update(bytes);
        return bytes;
      };
      for await (const chunk of source) {
        fileLength += chunk.length;
        plain.update(chunk);
        yield give(cipher.update(chunk));
      }
      yield give(cipher.final());
      const mac = hmac.digest().subarray(0, MAC);
      sealed.update(mac);
      yield mac;
    },
    createWriteStream(to, { mode: 0o600, flags: 'wx' }),
  );
  return { mediaKey, fileLength, fileSha256: plain.digest(), fileEncSha256: sealed.digest() };
}

/**
 * The media hosts of this connection, asked once an hour. Baileys' own keeps a failed answer for ever: one unanswered query and
 * no upload of that socket works again.
 */
function createHosts(ask: Ask, now: () => number): (again: boolean) => Promise<MediaConnInfo> {
  let known: { info: MediaConnInfo; until: number } | undefined;
  return async (again) => {
    if (known && !again && now() < known.until) return known.info;
    const answer = await ask('asking for the media hosts', {
      attrs: { type: 'set', xmlns: 'w:m', to: '@s.whatsapp.net' },
      content: [{ tag: 'media_conn', attrs: {} }],
    });
    const conn = childOf(answer, 'media_conn');
    const ttl = Number(conn?.attrs.ttl) || 0;
    const info = {
      auth: conn?.attrs.auth ?? '',
      ttl,
      hosts: childrenOf(conn, 'host').map(({ attrs }) => ({
        hostname: attrs.hostname ?? '',
        maxContentLengthBytes: Number(attrs.maxContentLengthBytes) || 0,
      })),
      fetchDate: new Date(now()),
    };
    known = { info, until: now() + ttl * 1000 };
    return info;
  };
}

/** The path comes from a stranger: it may name a file on WhatsApp's host and nothing else. */
export function urlOf(host: string, directPath: string): string {
  const url = URL.canParse(`https://${host}${directPath}`) ? new URL(`https://${host}${directPath}`) : undefined;
  if (!directPath.startsWith('/') || !url || url.host !== new URL(`https://${host}`).host || url.username !== '')
    throw new LinkError('media_failed', 'The message names no file on the media host.');
  return url.href;
}

/** Decrypts while it comes; the seal and the hashes can only be judged at the end, so only a whole read is a good one. */
async function* opened(body: AsyncIterable<Buffer>, file: MediaFile): AsyncIterable<Uint8Array> {
  const { iv, cipherKey, macKey } = await getMediaKeys(file.mediaKey, file.type);
  if (!macKey) throw new LinkError('media_failed', 'The message brings no media key.');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  const hmac = createHmac('sha256', macKey).update(iv);
  const sealed = createHash('sha256');
  const plain = createHash('sha256');
  let tail = Buffer.alloc(0);
  const give = (bytes: Buffer) => {
    plain.update(bytes);
    return bytes;
  };
  for await (const chunk of body) {
    sealed.update(chunk);
    const all = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
    const cut = Math.max(0, all.length - MAC);
    tail = Buffer.from(all.subarray(cut));
    const ready = all.subarray(0, cut);
    hmac.update(ready);
    const bytes = decipher.update(ready);
    if (bytes.length > 0) yield give(bytes);
  }
  const refuse = (what: string, cause?: unknown): never => {
    throw new LinkError('media_failed', `The file was altered or cut short on its way (${what}).`, { cause });
  };
  if (tail.length !== MAC || !timingSafeEqual(hmac.digest().subarray(0, MAC), tail)) refuse('seal');
  if (file.fileEncSha256 && !sealed.digest().equals(file.fileEncSha256)) refuse('hash of the sealed file');
  try {
    const bytes = decipher.final();
    if (bytes.length > 0) yield give(bytes);
  } catch (error) {
    refuse('padding', error);
  }
  if (file.fileSha256 && !plain.digest().equals(file.fileSha256)) refuse('hash of the file');
}

const fields = {
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'video',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
} as const satisfies { [K in keyof proto.IMessage]?: MediaType };

/** The file of a message. Throws LinkError `media_failed` when it has none. */
export function fileOf(message: Uint8Array): MediaFile {
  const content = contentOf(proto.Message.decode(message));
  for (const [field, type] of Object.entries(fields) as [keyof typeof fields, MediaType][]) {
    const found = content[field];
    if (!found) continue;
    const { directPath, mediaKey, fileSha256, fileEncSha256 } = found;
    if (!directPath || !mediaKey || mediaKey.length !== 32) break;
    const hash = (bytes: Uint8Array | null | undefined) => (bytes?.length === 32 ? bytes : null);
    return { type, directPath, mediaKey, fileSha256: hash(fileSha256), fileEncSha256: hash(fileEncSha256) };
  }
  throw new LinkError('media_failed', 'The message holds no file.');
}
