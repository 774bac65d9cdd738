import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const needed = 24;

/**
 * The Node that everything runs on: the one that the npm package `node` pins in this project, else the host's own where that is new
 * enough. `problem` is for people, when there is neither.
 */
export function findNode(root) {
  const pinned = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const trial = spawnSync(pinned, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  if (trial.status === 0) return { path: pinned };
  if (Number(process.versions.node.split('.')[0]) >= needed) return { path: process.execPath };
  return {
    problem: [
      `WAGate runs on Node.js ${needed}, which npm should have put into this folder, but it does not start (${reason(trial)}).`,
      'npm may be set to skip install scripts: run "npm rebuild node --ignore-scripts=false" and repeat the command.',
      `Or install Node.js ${needed} or newer yourself; it is used then.`,
    ].join('\n'),
  };
}

function reason({ error, signal, stderr, status }) {
  // Also when the file is there but its C library is not, as on Alpine.
  if (error?.code === 'ENOENT') return 'node_modules/node/bin/node is missing, or made for another system';
  return error?.message ?? signal ?? (stderr.trim().split('\n')[0] || `exit code ${status}`);
}
