import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until no other process does in this folder what the lock file stands for, and gives what ends the turn. A lock whose process has
 * died is taken over. `doing` is for people: "installing".
 */
export async function takeTurn(file, doing, say) {
  for (let looks = 0; ; looks += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = readIfThere(file);
    // Empty: about to be written. Our own number: from a container that was killed and counts its processes anew.
    const isAbandoned = owner === '' ? looks > 50 : owner === String(process.pid) || !isAlive(Number(owner));
    if (owner === undefined) continue;
    if (isAbandoned) {
      // Not one that somebody else has made meanwhile.
      if (readIfThere(file) === owner) rmSync(file, { force: true });
      continue;
    }
    if (looks === 0)
      say(`Process ${owner} is ${doing} in this folder; waiting for it (if it is not, delete ${file}) …`);
    await sleep(200);
  }
}

export function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
