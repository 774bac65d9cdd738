import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToTheEnd } from './child.mjs';

/**
 * `npm run test:offline`: the tests in a network namespace that has a loopback and nothing else, no route and no name server. What would
 * call somebody fails there. Arguments go to vitest. Linux only: as root, or where users may make namespaces.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kinds = process.getuid?.() === 0 ? [['-n']] : [['-r', '-n']];
const kind = kinds.find((flags) => spawnSync('unshare', [...flags, 'true']).status === 0);

if (kind === undefined) {
  process.stderr.write('A network namespace cannot be made here: it needs Linux, and root or user namespaces.\n');
  process.exitCode = 1;
} else {
  const [program, ...args] =
    process.argv[2] === '--run'
      ? process.argv.slice(3)
      : [process.execPath, join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)];
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', program, ...args];
  process.exitCode = await runToTheEnd('unshare', [...kind, ...inside], { cwd: root, stdio: 'inherit' });
}
