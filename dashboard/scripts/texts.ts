import { readdirSync, readFileSync } from 'node:fs';

// Fails when a text stands in one language only, or when its {{names}} or plural forms differ.

const folder = new URL('../src/texts/', import.meta.url);
type Texts = { readonly [key: string]: string | Texts };

const flat = (texts: Texts, path = ''): [string, string][] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : flat(value, `${path}${key}.`),
  );
// Indonesian has one plural form, English two.
const withoutPlural = (key: string) => key.replace(/_(one|other)$/, '');
const names = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g) ?? [])].sort().join(' ');

function load(language: string): Map<string, string> {
  const files = readdirSync(new URL(`${language}/`, folder)).filter((file) => file.endsWith('.json'));
  return new Map(
    files.flatMap((file) =>
      flat(JSON.parse(readFileSync(new URL(`${language}/${file}`, folder), 'utf8')) as Texts, `${file}: `).map(
        ([key, value]) => [withoutPlural(key), value] as const,
      ),
    ),
  );
}

const [id, en] = [load('id'), load('en')];
const problems = [
  ...[...id.keys()].filter((key) => !en.has(key)).map((key) => `en lacks ${key}`),
  ...[...en.keys()].filter((key) => !id.has(key)).map((key) => `id lacks ${key}`),
  ...[...id]
    .filter(([key, text]) => en.has(key) && names(text) !== names(en.get(key) ?? ''))
    .map(([key]) => `{{names}} differ: ${key}`),
  ...[...id, ...en].filter(([, text]) => text.trim() === '').map(([key]) => `empty: ${key}`),
];
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
else process.stdout.write(`${id.size} texts, in both languages\n`);
