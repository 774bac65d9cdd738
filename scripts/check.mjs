import { spawn } from 'node:child_process';

// The formatter gets code only: prose, and the table that is generated into the README, are not its business.
const code = ['src', 'simulator', 'dashboard', 'test', 'scripts', 'vitest.config.ts'];
const biome = ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '--diagnostic-level=warn'];

/** `npm run check`: what can be known without running the product. All steps run; all failures are told at the end. */
const steps = [
  { name: 'types', run: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'types of the dashboard', run: ['node_modules/typescript/bin/tsc', '-p', 'dashboard/tsconfig.json'] },
  { name: 'lint and format', run: [...biome, '--error-on-warnings', ...code] },
  { name: 'architecture', run: ['node_modules/vitest/vitest.mjs', 'run', 'test/architecture.test.ts'] },
  { name: 'openapi.json up to date', run: ['scripts/openapi.ts', '--check'] },
  { name: 'types of the panel API up to date', run: ['scripts/api-types.ts', '--check'] },
  { name: 'both languages of the dashboard', run: ['dashboard/scripts/texts.ts'] },
  { name: '.env.example and settings table up to date', run: ['scripts/env-example.ts', '--check'] },
];

const failed = [];
for (const { name, run } of steps) {
  const began = performance.now();
  const { code, output } = await collect(run);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${name}\n`);
  if (code !== 0) failed.push({ name, output });
}
for (const { name, output } of failed) process.stdout.write(`\n── ${name} ──\n${output.trim()}\n`);
if (failed.length > 0) {
  process.stdout.write(
    `\n${failed.length} of ${steps.length} checks failed: ${failed.map(({ name }) => name).join(', ')}\n`,
  );
  process.exitCode = 1;
}

function collect(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
