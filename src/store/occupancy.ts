import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../base/config.ts';
import { explainFile } from './database.ts';
import { resultCode } from './sqlite.ts';

/** An empty file of SQLite, which has the locks of the operating system for each of them. */
const LOCK = 'gateway.lock';
const BUSY = 5;

/**
 * Keeps a data folder for this process alone until the function that it gives is called, or the process ends, however it does: the lock is
 * the kernel's. Two gateways on one file would both hold every device. Throws ConfigError when another is there, with `advice` at its end.
 */
export function occupy(dataDir: string, advice: string): () => void {
  const path = join(dataDir, LOCK);
  let file: DatabaseSync | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    file = new DatabaseSync(path);
    file.exec('begin exclusive');
    return file.close.bind(file);
  } catch (error) {
    file?.close();
    if (resultCode(error) !== BUSY) throw explainFile(path, error);
    throw new ConfigError(`A gateway is at work in ${dataDir}. ${advice}`);
  }
}
