import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// Prints the compressed size of what the first page loads, and of each other script. Fails above the budget.

const BUDGET_KB = 250;
const dist = new URL('../dist/', import.meta.url);

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8')) as Record<string, Chunk>;
const kilobytes = (file: string): number => gzipSync(readFileSync(new URL(file, dist))).length / 1000;

/** A chunk's own files and those that it cannot run without. */
function needed(name: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[name];
  if (chunk === undefined || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const imported of chunk.imports ?? []) needed(imported, seen);
  return seen;
}

const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry) ?? '';
// What the first visit loads: the entry, the language, the shell of the signed-in pages and the home page.
const first = new Set<string>();
for (const name of Object.keys(manifest))
  if (name === entry || /texts\/en\/index|shell\/Shell|pages\/home\/HomePage/.test(name))
    for (const file of needed(name)) first.add(file);
for (const file of readdirSync(new URL('assets/', dist))) if (file.startsWith('boot-')) first.add(`assets/${file}`);

const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + kilobytes(file), 0);
const scripts = [...first].filter((file) => file.endsWith('.js'));
const styles = [...first].filter((file) => file.endsWith('.css'));
const script = sum(scripts);
const say = (line: string) => process.stdout.write(`${line}\n`);
const row = (name: string, kb: number) => say(`${kb.toFixed(1).padStart(8)} kB  ${name}`);

say('First load (gzip):');
for (const file of scripts) row(file, kilobytes(file));
row(`JavaScript in all, budget ${BUDGET_KB} kB`, script);
row('styles in all', sum(styles));
say('Later, when asked for (gzip):');
const later = readdirSync(new URL('assets/', dist)).map((file) => `assets/${file}`);
for (const file of later.filter((name) => name.endsWith('.js') && !first.has(name))) row(file, kilobytes(file));

if (script > BUDGET_KB) {
  process.stderr.write(`The first load is ${script.toFixed(1)} kB of JavaScript; the budget is ${BUDGET_KB} kB.\n`);
  process.exitCode = 1;
}
