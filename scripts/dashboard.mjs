import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runToTheEnd } from './child.mjs';

const sources = ['index.html', 'package.json', 'vite.config.ts', 'public', 'src'];

/** Whether the built dashboard is missing, or older than what it is built from. */
export function isStale(root) {
  const built = join(root, 'dashboard', 'dist', 'index.html');
  if (!existsSync(built)) return true;
  const { mtimeMs } = statSync(built);
  return sources.some((name) => newest(join(root, 'dashboard', name)) > mtimeMs);
}

/** Builds it with the Node that runs the gateway. Gives the exit code; 0 also where there is no builder, as in an installation without devDependencies. */
export async function build(root, node, say) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  if (!existsSync(vite)) {
    say('The dashboard is not built, and its builder is not installed: run npm ci once with the devDependencies.');
    return 0;
  }
  say('Building the dashboard. This takes about ten seconds, after an installation or a change …');
  return runToTheEnd(node, [vite, 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'dashboard'),
    stdio: 'inherit',
    pathFirst: [],
  });
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
