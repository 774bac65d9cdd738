import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runToTheEnd } from './child.mjs';

/**
 * Whether node_modules holds what the lockfile names, by npm's own list of what it installed. Contents and not times are compared:
 * a checkout, a copy or a container layer changes times. Packages for other systems are optional and may be absent.
 */
export function isInstalled(root, { developer = false }) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return wanted === undefined;
  return Object.entries(wanted)
    .filter(([path, it]) => path.includes('node_modules/') && !it.optional && !it.devOptional && (developer || !it.dev))
    .every(([path, it]) => present[path]?.version === it.version && present[path]?.integrity === it.integrity);
}

function readPackages(file) {
  const text = readIfThere(file);
  return text === undefined ? undefined : JSON.parse(text).packages;
}

/** Runs `npm ci`, one process at a time, and gives its exit code. */
export async function install(root, script, say) {
  const release = await takeTurn(join(root, '.install.lock'), say);
  try {
    if (isInstalled(root, script)) return 0;
    say('Installing what WAGate needs. This takes about half a minute, the first time only …');
    // Warnings are left out: they are about the host's Node, and nothing will run on it.
    const args = ['ci', '--loglevel=error', '--no-fund', '--no-audit', ...(script.developer ? ['--include=dev'] : [])];
    // npm talks on stderr: stdout belongs to the script (`npm run -s wagate -- device list --json`).
    const code = await runToTheEnd('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
    const wasStopped = code > 128;
    if (code !== 0 && !wasStopped)
      say(
        'npm could not install the packages; its reason stands above. Please check network and disk, and repeat the command.',
      );
    return code;
  } finally {
    release();
  }
}

/** Waits until no other process installs in this folder. A lock whose process has died is taken over. */
async function takeTurn(file, say) {
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
      rmSync(file, { force: true });
      continue;
    }
    if (looks === 0)
      say(`Process ${owner} is installing in this folder; waiting for it (if it is not, delete ${file}) …`);
    await sleep(200);
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

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
