import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { type Failure, failure, invalid } from '../base/errors.ts';
import type { RandomBytes } from '../base/ids.ts';
import type { Egress } from '../net/egress.ts';
import { type Arrival, createArrivals } from './media/arrivals.ts';
import { extensionOf, fileNameOf } from './media/names.ts';
import { createPictures } from './media/pictures.ts';
import { createShares, type ShareLimits } from './media/shares.ts';
import { judge, lookAt, type MediaKind } from './media/types.ts';

/** Gets the files that are to be sent, from a URL or an upload, and says what they are. A file is never held in memory whole. */
export interface MediaFetcher {
  /** Whether a URL may be fetched at all, by its looks: nothing is accepted for one that may not. Throws `validation_failed` (media_url). */
  check(url: string): void;
  /** Throws `media_unreachable`, `validation_failed` (media_url), `rate_limited`, `temporarily_unavailable`, or the signal's reason. */
  fetch(url: string, options: MediaOptions): Promise<FetchedMedia>;
  /**
   * A place for an upload that comes in, when it is its turn, and the count of its bytes. Throws `rate_limited`, or the signal's
   * reason.
   */
  receive(accountId: number, signal?: AbortSignal): Promise<Arrival>;
  /**
   * An upload's stream, read to its end. Kept beyond a restart until `remove()`: it can not be fetched again. Throws
   * `body_too_large`, `validation_failed` (file), `rate_limited`, `temporarily_unavailable`, or the signal's reason.
   */
  accept(stream: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<FetchedMedia>;
  /** An upload as a message's row remembers it. Throws `media_unreachable` when its file is gone. */
  claimUpload(stored: StoredMedia): FetchedMedia;
  /** Removes an upload that nobody will send any more, by what its row remembers. */
  discard(stored: Pick<StoredMedia, 'path'>): Promise<void>;
  /** At start: removes what an earlier run left. Uploads stay until nobody can be waiting for them any more. */
  sweep(): Promise<void>;
}

export interface MediaOptions {
  readonly accountId: number;
  readonly declaredType?: MediaKind | undefined;
  /** As the recipient shall see it; else from the header, else from the URL. */
  readonly filename?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadOptions extends MediaOptions {
  /** As the upload's part has it. */
  readonly mimetype?: string | undefined;
  /** Unix ms: until then its message may wait. */
  readonly until?: number | undefined;
  /** What had counted its bytes as they came: they are not counted again. */
  readonly arrival?: Arrival | undefined;
}

export interface StoredMedia {
  readonly path: string;
  readonly bytes: number;
  readonly mimetype: string;
  readonly kind: MediaKind;
  /** Never empty, no path, at most 255 characters. */
  readonly fileName: string;
}

export interface FetchedMedia extends StoredMedia {
  /** The file is no longer needed. May be called again. */
  remove(): Promise<void>;
}

export interface MediaNeeds {
  readonly egress: Pick<Egress, 'fetch' | 'check'>;
  /** A folder that nothing else uses. */
  readonly dir: string;
  /** For uploads, which another node may send; empty: in `dir`. */
  readonly uploads?: string;
  readonly maxBytes: number;
  /** For a whole download; and how long one waits for its turn. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly limits?: Partial<ShareLimits>;
}

/** A month after its message could still be waiting for it an upload has no owner. */
const UPLOADS_KEPT_MS = 31 * 86_400_000;
/** How often is looked which uploads others have sent. */
const SETTLED_EVERY_MS = 60_000;

interface Named {
  readonly declaredType: MediaKind | undefined;
  readonly header: string | null;
  readonly fileName: string;
}

export function createMediaFetcher({
  egress,
  dir,
  uploads = join(dir, 'uploads'),
  maxBytes,
  timeoutMs,
  clock,
  random,
  limits,
}: MediaNeeds): MediaFetcher {
  const folders = { downloads: join(dir, 'downloads'), uploads };
  const pictures = createPictures();
  const shareLimits = { running: 4, waiting: 64, bytes: maxBytes * 10, ...limits };
  const shares = createShares(shareLimits, timeoutMs, clock);
  const receive = createArrivals(shares, createShares(shareLimits, timeoutMs, clock));

  /** Uploads of this run by file name: their weight is given back when they go, whoever lets them go. */
  const held = new Map<string, () => Promise<void>>();

  let settledAt = Number.NEGATIVE_INFINITY;
  /** Another node may have sent an upload of ours, another process may have erased it: then it weighs nothing here any more. */
  async function settle(): Promise<void> {
    const now = clock.monotonic();
    if (held.size === 0 || now - settledAt < SETTLED_EVERY_MS) return;
    settledAt = now;
    const ours = [...held];
    const there = new Set(await onDisk(readdir(folders.uploads)));
    for (const [name, remove] of ours) {
      if (there.has(name)) continue;
      held.delete(name);
      await remove();
    }
  }

  async function discard({ path }: Pick<StoredMedia, 'path'>): Promise<void> {
    const name = basename(path);
    const remove = held.get(name);
    held.delete(name);
    await (remove ? remove() : rm(join(folders.uploads, name), { force: true }));
  }

  /** One temporary file, from its first byte to its removal; what it weighs is its account's. */
  async function keep(
    folder: keyof typeof folders,
    accountId: number,
    fill: (write: (chunk: Uint8Array) => Promise<void>) => Promise<Named>,
    unsupported: () => Failure,
    arrival?: Arrival,
  ): Promise<FetchedMedia> {
    const first = join(folders[folder], random(16).toString('hex'));
    const paths = [first, `${first}.picture`] as const;
    let taken = 0;
    const take = (bytes: number) => {
      const handed = arrival?.handOver(bytes) ?? 0;
      taken += handed;
      shares.take(accountId, bytes - handed);
      taken += bytes - handed;
    };
    const remove = async () => {
      shares.giveBack(accountId, taken);
      taken = 0;
      await onDisk(Promise.all(paths.map((path) => rm(path, { force: true }))));
    };
    try {
      const file = await onDisk(
        mkdir(folders[folder], { recursive: true, mode: 0o700 }).then(() => open(first, 'wx', 0o600)),
      );
      const named = await written(file, (chunk) => {
        take(chunk.length);
        return onDisk(file.appendFile(chunk));
      });
      const bytes = taken;
      const look = await identify(first, paths[1], named, bytes, unsupported);
      if (look.path !== first) {
        take(look.bytes);
        await rm(first);
        shares.giveBack(accountId, bytes);
        taken -= bytes;
      }
      return { ...look, remove };
    } catch (error) {
      await remove();
      throw error;
    }

    async function written(file: FileHandle, write: (chunk: Uint8Array) => Promise<void>): Promise<Named> {
      try {
        return await fill(write);
      } finally {
        await file.close();
      }
    }
  }

  async function identify(
    path: string,
    spare: string,
    { declaredType, header, fileName }: Named,
    bytes: number,
    unsupported: () => Failure,
  ): Promise<StoredMedia> {
    const found = await lookAt(path);
    const verdict = judge({ declared: declaredType, header, bytes: found, extension: extensionOf(fileName) });
    if (verdict === undefined) throw unsupported();
    const name = (extension: string | null) =>
      extension === null || extensionOf(fileName) !== '' ? fileName || 'file' : `${fileName || 'file'}.${extension}`;
    const file = { path, bytes, ...verdict, fileName: name(found.extension) };
    if (verdict.kind !== 'image') return file;
    const picture = await pictures.prepare(path, verdict.mimetype, spare);
    if (picture === null || (picture.converted ?? 0) > maxBytes) return { ...file, kind: 'document' };
    if (picture.converted === null) return file;
    const extension = picture.mimetype === 'image/png' ? 'png' : 'jpg';
    const renamed = `${file.fileName.replace(/\.[^.]+$/, '')}.${extension}`;
    return { ...file, path: spare, bytes: picture.converted, mimetype: picture.mimetype, fileName: renamed };
  }

  async function inTurn<T>({ accountId, signal }: MediaOptions, work: () => Promise<T>): Promise<T> {
    const leave = await shares.enter(accountId, signal);
    try {
      await settle();
      return await work();
    } finally {
      leave();
    }
  }

  return {
    check(url) {
      egress.check(url, 'media_url');
    },

    receive,

    fetch: (url, options) =>
      inTurn(options, async () => {
        const { accountId, declaredType, filename, signal } = options;
        const download = await egress.fetch(url, { maxBytes, timeoutMs, signal });
        const unreachable = (reason: string) => failure('media_unreachable', { reason });
        try {
          return await keep(
            'downloads',
            accountId,
            async (write) => {
              let empty = true;
              for await (const chunk of download.body) {
                await write(chunk);
                empty = false;
              }
              if (empty) throw unreachable('empty file');
              const { contentDisposition, contentType } = download;
              return { declaredType, header: contentType, fileName: fileNameOf({ filename, contentDisposition, url }) };
            },
            () => unreachable('unsupported type'),
          );
        } finally {
          download.cancel();
        }
      }),

    accept: (stream, options) =>
      inTurn(options, async () => {
        const { accountId, declaredType, filename, mimetype = null, signal, until, arrival } = options;
        const file = await keep(
          'uploads',
          accountId,
          async (write) => {
            let bytes = 0;
            for await (const chunk of stream) {
              signal?.throwIfAborted();
              bytes += chunk.length;
              if (bytes > maxBytes) throw failure('body_too_large', { limit: `${Math.round(maxBytes / 2 ** 20)} MB` });
              await write(chunk);
            }
            if (bytes === 0) throw invalid('file', 'file must not be empty');
            return { declaredType, header: mimetype, fileName: fileNameOf({ filename }) };
          },
          () => invalid('file', `file is a web page and can not be sent as ${declaredType}`),
          arrival,
        );
        if (until !== undefined) await onDisk(utimes(file.path, until / 1000, until / 1000));
        held.set(basename(file.path), file.remove);
        return { ...file, remove: () => discard(file) };
      }),

    claimUpload(stored) {
      // The data folder may have moved since; and whatever the row says, no other folder is meant.
      const path = join(folders.uploads, basename(stored.path));
      if (!existsSync(path)) throw failure('media_unreachable', { reason: 'the uploaded file is gone' });
      return { ...stored, path, remove: () => discard(stored) };
    },

    discard,

    async sweep() {
      await rm(folders.downloads, { recursive: true, force: true });
      for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const name of await readdir(folders.uploads)) {
        const path = join(folders.uploads, name);
        const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
          // Another node has sent it at this very moment.
          if (error.code !== 'ENOENT') throw error;
          return undefined;
        });
        if (found !== undefined && found.mtimeMs < clock.now() - UPLOADS_KEPT_MS) await rm(path, { force: true });
      }
    },
  };
}

/** A full disk or a folder that is not ours is the server's trouble and not the caller's. */
async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw failure('temporarily_unavailable', {}, { retryAfter: 30, cause: thrown });
  }
}
