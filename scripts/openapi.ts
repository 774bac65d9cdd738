import { readFileSync, writeFileSync } from 'node:fs';
import { describe } from '../src/http/docs/openapi.ts';
import { routes } from '../src/http/routes.ts';

// Writes openapi.json from the route tables. With --check: writes nothing, and fails when the file that is checked in is stale.

const file = new URL('../openapi.json', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const fresh = `${JSON.stringify(describe(routes, { version, url: '/' }), null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(file, fresh);
else if (read() !== fresh) {
  process.stderr.write('openapi.json is stale. Please run: node scripts/openapi.ts\n');
  process.exitCode = 1;
}

function read(): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
