import { readFileSync, writeFileSync } from 'node:fs';
import { settings } from '../src/base/config.ts';

/** Makes `.env.example` and the settings table of README.md from the settings. `--check` only compares, and fails when they are stale. */
const begin = '<!-- settings: made by `npm run env-example` -->';
const end = '<!-- /settings -->';
const rows = Object.entries(settings);

const envExample = [
  '# Settings of WAGate. Copy this file to .env and remove the # before what you change.',
  '# Made from src/base/config.ts by `npm run env-example`.',
  ...rows.flatMap(([name, { default: fallback, meaning }]) => ['', `# ${meaning}`, `#${name}=${fallback}`]),
  '',
].join('\n');

const table = [
  '| setting | default | meaning |',
  '|---|---|---|',
  ...rows.map(([name, { default: fallback, meaning }]) => {
    const shown = fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${meaning.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`;
  }),
].join('\n');

function withTable(text: string): string {
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md has lost its marks: ${begin} … ${end}`);
  return `${before}${begin}\n${table}\n${end}${after}`;
}

const readIfThere = (path: URL): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
};

const onlyCheck = process.argv.includes('--check');
const files: [name: string, make: (present: string) => string][] = [
  ['.env.example', () => envExample],
  ['README.md', withTable],
];
for (const [name, make] of files) {
  const path = new URL(`../${name}`, import.meta.url);
  const present = readIfThere(path);
  const wanted = make(present);
  if (present === wanted) continue;
  if (onlyCheck) {
    process.stderr.write(`${name} is stale: the settings have changed. Run: npm run env-example\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, wanted);
    process.stdout.write(`${name} written\n`);
  }
}
