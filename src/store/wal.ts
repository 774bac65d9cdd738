import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure } from '../base/errors.ts';
import { coalesced } from './durable.ts';

export interface Wal {
  readonly sync: () => Promise<void>;
  close(): Promise<void>;
}

/**
 * Syncs the `-wal` file through a handle of our own. That is safe beside SQLite's: its POSIX locks live on the main file and the
 * `-shm` file, and closing any handle of *those* would drop them. The file stays the same one as long as our connection is open.
 */
export function createWal(path: string | undefined, datasync: (file: FileHandle) => Promise<void>): Wal {
  let file: FileHandle | undefined;
  const sync = coalesced(async () => {
    if (path === undefined) return;
    try {
      file ??= await openWal(path);
      // No file: nothing was written since the database was opened.
      if (file) await datasync(file);
    } catch (error) {
      throw failure('temporarily_unavailable', {}, { cause: error });
    }
  });
  return {
    sync,
    async close() {
      await sync().finally(() => file?.close());
    },
  };
}

/** Opens the file, and makes its name durable: SQLite does that with its own first sync, which NORMAL leaves out. */
async function openWal(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, 'r+');
    if (process.platform !== 'win32') {
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
    }
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
