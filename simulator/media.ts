import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MediaAuthority } from './authority.ts';
import type { Faults, HttpFault } from './faults.ts';
import { type MediaKind, sealMedia } from './media-cipher.ts';
import type { Store } from './store.ts';

export type { MediaKind } from './media-cipher.ts';

export interface KeptMedia {
  readonly url: string;
  readonly directPath: string;
  readonly mediaKey: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  readonly fileLength: number;
}

export interface MediaHostOptions {
  readonly host: string;
  readonly port: number;
  readonly authority: MediaAuthority;
  readonly store: Store;
  /** Where blobs live; absent: a temporary folder that goes with stop(). */
  readonly folder: string | undefined;
  /** Bytes of blobs that are kept; the oldest go first, as WhatsApp's own do after some weeks. The newest always stays. */
  readonly room: number;
  readonly faults: () => Faults;
  readonly report: (error: unknown) => void;
}

/**
 * The host of encrypted media: HTTPS with the network's own authority. A blob is named by its SHA-256, which an
 * upload must match; bytes stream to and from files, so that 100 MB never stand in memory.
 */
export class MediaHost {
  readonly #options: MediaHostOptions;
  readonly #folder: string;
  readonly #server: Server;
  readonly #expired = new Set<string>();
  /** Of all blobs, as a disk counts them. A sum alone: the names of a hundred thousand files stay in the folder. */
  #bytes = 0;
  #port = 0;
  #announced: readonly string[] | undefined;

  private constructor(options: MediaHostOptions) {
    this.#options = options;
    this.#folder = options.folder ?? mkdtempSync(join(tmpdir(), 'simulator-media-'));
    mkdirSync(this.#folder, { recursive: true });
    // Uploads that a killed process left half-written.
    for (const name of readdirSync(this.#folder)) if (name.startsWith('upload-')) rmSync(join(this.#folder, name));
    this.#bytes = this.#blobs().reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [hash] of options.store.all<boolean>('expired-media')) this.#expired.add(hash);
    const { cert, key } = options.authority;
    this.#server = createServer({ cert, key }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        // A client that hangs up in mid-transfer is its own business.
        if (!request.destroyed && !response.destroyed) options.report(error);
        response.destroy();
      });
    });
  }

  static async start(options: MediaHostOptions): Promise<MediaHost> {
    const media = new MediaHost(options);
    await new Promise<void>((resolve, reject) => {
      media.#server.once('error', reject);
      media.#server.listen(options.port, options.host, resolve);
    });
    media.#port = (media.#server.address() as AddressInfo).port;
    return media;
  }

  /** `127.0.0.1:PORT`, as `media_conn` names it. */
  get hostname(): string {
    return `${this.#options.host}:${this.#port}`;
  }

  /** The hosts that `media_conn` names, in order. Real networks name several, some of which may be away. */
  get announced(): readonly string[] {
    return this.#announced ?? [this.hostname];
  }

  set announced(hostnames: readonly string[] | undefined) {
    this.#announced = hostnames;
  }

  /** Encrypts and keeps what a simulated phone sends. */
  async keep(kind: MediaKind, plain: Uint8Array): Promise<KeptMedia> {
    const { mediaKey, blob, fileSha256, fileEncSha256 } = sealMedia(kind, plain);
    const hash = fileEncSha256.toString('base64url');
    await writeFile(this.#file(hash), blob);
    await this.#makeRoom(hash, blob.length);
    return { ...this.#names(kind, hash), mediaKey, fileSha256, fileEncSha256, fileLength: plain.length };
  }

  /** The encrypted bytes behind a direct path, for simulated phones. */
  async blob(directPath: string): Promise<Buffer> {
    const hash = hashOf(directPath);
    if (!hash || this.#expired.has(hash)) throw new Error(`media is gone: ${directPath}`);
    return readFile(this.#file(hash));
  }

  /** 410 from now on, for one path or for all that is here. */
  expire(directPath?: string): void {
    const all = directPath === undefined ? this.#known() : [hashOf(directPath)];
    const hashes = all.filter((hash): hash is string => hash !== undefined);
    for (const hash of hashes) this.#expired.add(hash);
    this.#options.store.commit(hashes.map((id) => ({ kind: 'expired-media', id, value: true })));
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.close((error) => (error ? reject(error) : resolve()));
      this.#server.closeAllConnections();
    });
    if (this.#options.folder === undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #known(): string[] {
    return readdirSync(this.#folder).filter((name) => name.length === 43);
  }

  /** The oldest first. */
  #blobs(): { readonly hash: string; readonly bytes: number; readonly at: number }[] {
    const blobs = this.#known().flatMap((hash) => {
      // One that is being removed may be gone by now.
      const facts = statSync(this.#file(hash), { throwIfNoEntry: false });
      return facts === undefined ? [] : { hash, bytes: onDisk(facts.size), at: facts.mtimeMs };
    });
    return blobs.sort((a, b) => a.at - b.at);
  }

  /** After a blob of so many bytes was written, which stays. Reads the folder only when the room is used up, and then makes some to spare. */
  async #makeRoom(newest: string, size: number): Promise<void> {
    const { room, store } = this.#options;
    this.#bytes += onDisk(size);
    if (this.#bytes <= room) return;
    const blobs = this.#blobs();
    // One that was written twice was counted twice.
    this.#bytes = blobs.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#bytes <= room) return;
    for (const { hash, bytes } of blobs) {
      if (this.#bytes <= room * SPARE) return;
      if (hash === newest) continue;
      this.#bytes -= bytes;
      if (this.#expired.delete(hash)) store.commit([{ kind: 'expired-media', id: hash, value: undefined }]);
      // Whoever is reading it reads on: the name goes now, the bytes with the last reader.
      await rm(this.#file(hash), { force: true });
    }
  }

  #names(kind: string, hash: string): { url: string; directPath: string } {
    const directPath = `/v/t62/${kind}/${hash}.enc`;
    return { url: `https://${this.hostname}${directPath}`, directPath };
  }

  #file(hash: string): string {
    return join(this.#folder, hash);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'https://media');
    if (request.method === 'POST') await this.#upload(pathname, request, response);
    else if (request.method === 'GET' || request.method === 'HEAD') await this.#download(pathname, request, response);
    else fail(request, response, 405);
  }

  async #upload(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#options.faults().strike('upload');
    if (fault) return fail(request, response, fault.with);
    const [, kind = '', hash = ''] = /^\/mms\/([a-z-]+)\/([\w-]{43})=?$/.exec(decodeURIComponent(path)) ?? [];
    if (!hash) return fail(request, response, 400);
    const file = join(this.#folder, `upload-${randomUUID()}`);
    const digest = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        digest.update(chunk);
        done(null, chunk);
      },
    });
    try {
      await pipeline(request, hashing, createWriteStream(file));
      if (digest.digest('base64url') !== hash) return json(response, 400, { error: 'the bytes do not match the name' });
      const { size } = statSync(file);
      await rename(file, this.#file(hash));
      await this.#makeRoom(hash, size);
    } finally {
      await rm(file, { force: true });
    }
    const { url, directPath } = this.#names(kind, hash);
    json(response, 200, { url, direct_path: directPath });
  }

  async #download(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#options.faults().strike('download');
    if (fault) return fail(request, response, fault.with);
    const hash = hashOf(path);
    if (!hash || !existsSync(this.#file(hash))) return fail(request, response, 404);
    if (this.#expired.has(hash)) return fail(request, response, 410);
    const size = statSync(this.#file(hash)).size;
    const range = rangeOf(request.headers.range, size);
    if (range === 'unsatisfiable') return fail(request, response, 416);
    const { start, end } = range ?? { start: 0, end: size - 1 };
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(this.#file(hash), { start, end }), response);
  }
}

/** However short, a file takes whole blocks of the disk. */
const onDisk = (size: number): number => Math.ceil(size / 4096) * 4096;
const SPARE = 0.9;

function hashOf(path: string): string | undefined {
  return /\/([\w-]{43})\.enc/.exec(path)?.[1];
}

/** A single range; a start past the end cannot be served. */
function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  const end = Math.min(match[2] ? Number(match[2]) : size - 1, size - 1);
  return start > end ? 'unsatisfiable' : { start, end };
}

function fail(request: IncomingMessage, response: ServerResponse, how: HttpFault): void {
  if (how === 'reset') {
    request.socket.destroy();
    return;
  }
  // The body is read to its end: closing under a client that still writes would look like a reset.
  request.resume();
  json(response, how, { error: how });
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
