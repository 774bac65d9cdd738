import { createReadStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Bucket } from '../../net/s3.ts';

export interface WholeFile {
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Where files of the inbox are kept, by keys such as `12/345`. */
export interface Shelf {
  /** Takes the file over: its path is gone afterwards. */
  keep(key: string, file: WholeFile): Promise<void>;
  /** Undefined when it is gone. */
  open(key: string): Promise<Readable | undefined>;
  /** Gone afterwards, also when it was gone before. */
  remove(key: string): Promise<void>;
}

export const folderShelf = (dir: string): Shelf => ({
  async keep(key, { path }) {
    const to = join(dir, key);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await rename(path, to).catch(async (error: NodeJS.ErrnoException) => {
      // The shelf is on another disk, that of all nodes: nobody may open half a file there.
      if (error.code !== 'EXDEV') throw error;
      await copyFile(path, `${to}.part`);
      await rename(`${to}.part`, to);
      await rm(path);
    });
  },
  async open(key) {
    const path = join(dir, key);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return found && createReadStream(path);
  },
  remove: (key) => rm(join(dir, key), { force: true }),
});

export const bucketShelf = (bucket: Bucket): Shelf => ({
  async keep(key, file) {
    await bucket.put(key, file);
    await rm(file.path, { force: true });
  },
  open: bucket.get,
  remove: bucket.remove,
});
