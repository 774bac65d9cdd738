import { join } from 'node:path';
import { runToTheEnd } from './child.mjs';
import { readIfThere, takeTurn } from './turn.mjs';

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
  const release = await takeTurn(join(root, '.install.lock'), 'installing', say);
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
