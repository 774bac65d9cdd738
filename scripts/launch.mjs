import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allocator } from './allocator.mjs';
import { runToTheEnd } from './child.mjs';
import { buildWhenStale } from './dashboard.mjs';
import { install, isInstalled } from './install.mjs';
import { findNode } from './node24.mjs';

/**
 * What the names in package.json's `scripts` run, on Node 24. `developer` needs the devDependencies. `settings` reads
 * `.env`: the tests do not, so that nobody's settings decide whether they pass. `dashboard`: it is built first, when it is missing or
 * stale. The tests that open it in a browser do the same themselves (test/support/dashboard.ts), so that others do not wait for it.
 */
const scripts = {
  start: { run: ['src/main.ts'], settings: true, dashboard: true },
  wagate: { run: ['src/cli.ts'], settings: true },
  dev: { run: ['--watch', 'src/main.ts'], developer: true, settings: true, dashboard: true },
  test: { run: ['node_modules/vitest/vitest.mjs', 'run'], developer: true },
  'test:postgres': {
    run: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.postgres.config.ts'],
    developer: true,
  },
  check: { run: ['scripts/check.mjs'], developer: true },
  bench: { run: ['test/bench/main.ts'], developer: true },
  'bench:cluster': { run: ['test/bench/cluster/main.ts'], developer: true },
  openapi: { run: ['scripts/openapi.ts'] },
  screenshots: { run: ['test/dashboard/screenshots.ts'], developer: true },
  'test:fuzz': { run: ['test/security/fuzz/main.ts'], developer: true },
  'test:cluster': { run: ['test/cluster/main.ts'], developer: true },
  'test:containers': { run: ['test/containers/main.ts'], developer: true },
  'test:crash': { run: ['test/crash/main.ts'], developer: true },
  'test:storm': { run: ['test/webhooks/storm.ts'], developer: true },
  'test:soak': { run: ['test/soak/main.ts'], developer: true },
  'test:weather': { run: ['test/weather/main.ts'], developer: true },
  'test:offline': { run: ['scripts/offline.mjs'], developer: true },
  sbom: { run: ['scripts/sbom.mjs'] },
  'env-example': { run: ['scripts/env-example.ts'] },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/**
 * Node keeps there what V8 made of the sources: a start takes three quarters of the time. Whoever can write there can write the sources,
 * too, other than in the folder for temporary files; where that is nobody (an image, a systemd unit) nothing is kept, and nothing said.
 */
const compiled = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node') };

const say = (sentence) => process.stderr.write(`${sentence}\n`);

/** Runs one script by its name with the arguments that follow, and ends this process as the script ended. */
export async function launch([name = 'start', ...args]) {
  process.exitCode = await run(name, args);
}

async function run(name, args) {
  const script = scripts[name];
  if (script === undefined)
    return refuse(`There is no script "${name}". There are: ${Object.keys(scripts).join(', ')}.`);
  if (!isInstalled(root, script)) {
    const code = await install(root, script, say);
    if (code !== 0) return code;
  }
  const node = findNode(root);
  if (node.problem !== undefined) return refuse(node.problem);
  if (script.dashboard) {
    const code = await buildWhenStale(root, node.path, say);
    if (code !== 0) return code;
  }
  const settings = script.settings && existsSync(join(root, '.env')) ? ['--env-file=.env'] : [];
  return runToTheEnd(node.path, [...settings, ...script.run, ...args], {
    cwd: root,
    stdio: 'inherit',
    pathFirst: [dirname(node.path), join(root, 'node_modules', '.bin')],
    env: { ...allocator, ...compiled, ...process.env },
  });
}

function refuse(sentence) {
  say(sentence);
  return 1;
}
