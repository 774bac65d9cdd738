import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToTheEnd } from './child.mjs';
import { readIfThere, takeTurn } from './turn.mjs';

/** What it is built from, and by which packages. */
const sources = [
  'package-lock.json',
  ...['index.html', 'package.json', 'vite.config.ts', 'public', 'src'].map(inDashboard),
];
const built = inDashboard('dist');
/** Beside the built pages: what they were built from. Its name begins with a dot, so it is not served. */
const mark = join(built, '.built-from');

/** Whether the built dashboard is missing, or made from other sources. Contents and not times are compared: a checkout changes times. */
export const isStale = (root) => readIfThere(join(root, mark)) !== fingerprint(root);

/**
 * Builds it where it is stale, one process at a time, with the Node that runs the gateway. Gives the exit code; 0 also where there is no
 * builder, as in an installation without devDependencies: the gateway then serves what was built before, or a page that says so.
 */
export async function buildWhenStale(root, node, say) {
  if (!existsSync(join(root, inDashboard('index.html'))) || !isStale(root)) return 0;
  const release = await takeTurn(join(root, '.build.lock'), 'building the dashboard', say);
  try {
    return isStale(root) ? await build(root, node, say) : 0;
  } finally {
    release();
  }
}

async function build(root, node, say) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  if (!existsSync(vite)) {
    const is = existsSync(join(root, built)) ? 'from older sources' : 'not built';
    say(`The dashboard is ${is}, and its builder is not installed: run npm ci once with the devDependencies.`);
    return 0;
  }
  say('Building the dashboard. This takes about ten seconds, after an installation or a change …');
  const from = fingerprint(root);
  // Beside the old one, which is served until the new one is whole.
  const fresh = join(root, inDashboard('dist.new'));
  const code = await runToTheEnd(node, [vite, 'build', '--logLevel', 'warn', '--outDir', fresh, '--emptyOutDir'], {
    cwd: join(root, 'dashboard'),
    // stdout belongs to the script.
    stdio: ['ignore', 2, 2],
    // Whatever the host's environment says: a development build is three times the size.
    env: { NODE_ENV: 'production' },
  });
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    return code;
  }
  writeFileSync(join(fresh, '.built-from'), from);
  const old = join(root, inDashboard('dist.old'));
  rmSync(old, { recursive: true, force: true });
  if (existsSync(join(root, built))) renameSync(join(root, built), old);
  renameSync(fresh, join(root, built));
  rmSync(old, { recursive: true, force: true });
  return 0;
}

function fingerprint(root) {
  const hash = createHash('sha256');
  const add = (path) => {
    const whole = join(root, path);
    if (!existsSync(whole)) return;
    if (statSync(whole).isDirectory()) for (const name of readdirSync(whole).sort()) add(join(path, name));
    else hash.update(`${path}\0`).update(readFileSync(whole)).update('\0');
  };
  for (const path of sources) add(path);
  return hash.digest('hex');
}

function inDashboard(name) {
  return join('dashboard', name);
}
