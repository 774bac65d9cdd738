import { fileURLToPath } from 'node:url';
import { buildWhenStale } from '../../scripts/dashboard.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Resolves when the dashboard that the gateway serves is built from the sources as they are. The test files that open it in a browser
 * call this, so that a fresh clone needs no step before `npm test`, and tests without a browser wait for no build.
 */
export async function builtDashboard(): Promise<void> {
  const code = await buildWhenStale(root, process.execPath, (sentence) => process.stderr.write(`${sentence}\n`));
  if (code !== 0) throw new Error(`the dashboard could not be built: vite ended with ${code}`);
}
