import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Whom each room may ask; every arrow points right or down. Files beside the rooms (main, app, cli) see everything. */
const rooms: Record<string, readonly string[]> = {
  'src/base': [],
  'src/store': ['src/base'],
  'src/whatsapp': ['src/base'],
  'src/net': ['src/base'],
  'src/gateway': ['src/base', 'src/store', 'src/whatsapp', 'src/net'],
  'src/http': ['src/base', 'src/gateway'],
  simulator: [],
  dashboard: [],
};

/**
 * Who may know what, by what the text of a file says. Only `src/net` opens addresses that users name; `src/whatsapp` uses undici
 * too, for a dispatcher that trusts the sandbox's certificate towards media hosts that WhatsApp names. The simulator speaks
 * WhatsApp's wire and is bound only where it could know us.
 */
const knowledge: readonly { readonly what: string; readonly sign: RegExp; readonly only: readonly string[] }[] = [
  { what: 'Baileys', sign: /from '(baileys|whatsapp-rust-bridge|libsignal)/, only: ['src/whatsapp/'] },
  { what: 'the web framework', sign: /from '(fastify|@fastify\/)/, only: ['src/http/'] },
  { what: 'SQL', sign: /from '(kysely|pg|node:sqlite)['/]/, only: ['src/store/'] },
  { what: 'undici', sign: /from 'undici/, only: ['src/net/', 'src/whatsapp/'] },
  { what: 'the global fetch', sign: /(await|return|[=(?:])\s*(globalThis\.)?fetch\(/, only: ['src/net/'] },
  { what: 'the environment', sign: /process\.env\b|from '(node:)?process'/, only: ['src/base/config.ts'] },
  { what: 'the console', sign: /\bconsole\.\w+\(/, only: [] },
];

const importing =
  /(?:^|\n)\s*(?:import|export)\b(?<names>[^;'"]*?)\bfrom\s*'(?<from>[^']+)'|(?:^|\n)\s*import\s*'(?<bare>[^']+)'|\bimport\(\s*'(?<late>[^']+)'/g;

interface Import {
  readonly target: string;
  /** `import type`: erased before anything runs. */
  readonly isErased: boolean;
}

/** A file's imports of our own files, as paths from the project's root. */
const importsOf = (path: string, text: string): Import[] =>
  [...text.matchAll(importing)].flatMap(({ groups }) => {
    const name = groups?.from ?? groups?.bare ?? groups?.late ?? '';
    const isErased = /^\s+type\b/.test(groups?.names ?? '');
    return name.startsWith('.') ? [{ target: join(dirname(path), name), isErased }] : [];
  });

/** Comments may name what their file may not use. */
const withoutComments = (text: string) => text.replace(/^\s*(\/\*|\*|\/\/).*$/gm, '');
const roomOf = (path: string) => Object.keys(rooms).find((room) => path.startsWith(`${room}/`));

/** Every breach as a sentence, `path: what`. Files by their path from the project's root. */
function breaches(files: ReadonlyMap<string, string>): string[] {
  const arrows = new Map<string, string[]>();
  const found: string[] = [];
  for (const [path, whole] of files) {
    const text = withoutComments(whole);
    const imports = importsOf(path, text);
    // A ring of types alone is erased, and two files that name each other's shapes are not the harm that rings do.
    arrows.set(
      path,
      imports.filter(({ isErased }) => !isErased).map(({ target }) => target),
    );
    const room = roomOf(path);
    for (const { target } of imports) {
      const isOurs = room === undefined || target.startsWith(`${room}/`) || rooms[room]?.includes(roomOf(target) ?? '');
      if (!isOurs) found.push(`${path}: may not know ${target}`);
    }
    for (const { what, sign, only } of knowledge) {
      const isBound = path.startsWith('src/') && !only.some((allowed) => path.startsWith(allowed));
      if (isBound && sign.test(text)) found.push(`${path}: may not know ${what}`);
    }
  }
  return [...found, ...rings(arrows)];
}

function rings(arrows: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const settled = new Set<string>();
  const walk = (path: string, way: readonly string[]) => {
    if (way.includes(path)) found.push(`ring: ${[...way.slice(way.indexOf(path)), path].join(' → ')}`);
    else if (!settled.has(path)) for (const next of arrows.get(path) ?? []) walk(next, [...way, path]);
    settled.add(path);
  };
  for (const path of arrows.keys()) walk(path, []);
  return found;
}

const tree = new Map(
  globSync(['src/**/*.ts', 'simulator/**/*.ts', 'dashboard/src/**/*.{ts,tsx}'], { cwd: root }).map((path) => [
    relative(root, join(root, path)),
    readFileSync(join(root, path), 'utf8'),
  ]),
);

describe('the rooms of the house', () => {
  test('no arrow points against the direction, there is no ring, and everybody knows only what is his', () => {
    expect(tree.size).toBeGreaterThan(20);
    expect(breaches(tree)).toEqual([]);
  });

  test.each([
    ['src/store/a.ts', "import { x } from '../whatsapp/link.ts';", 'may not know src/whatsapp/link.ts'],
    ['src/whatsapp/a.ts', "import type { X } from '../store/schema.ts';", 'may not know src/store/schema.ts'],
    ['src/http/v1/a.ts', "import {\n  x,\n} from '../../store/messages.ts';", 'may not know src/store/messages.ts'],
    ['src/http/a.ts', "export { x } from '../net/egress.ts';", 'may not know src/net/egress.ts'],
    ['src/gateway/a.ts', "const { x } = await import('../http/server.ts');", 'may not know src/http/server.ts'],
    ['src/gateway/a.ts', "import { x } from '../../simulator/network.ts';", 'may not know simulator/network.ts'],
    ['src/base/a.ts', "import '../app.ts';", 'may not know src/app.ts'],
    ['simulator/a.ts', "import { x } from '../src/base/clock.ts';", 'may not know src/base/clock.ts'],
    ['src/gateway/a.ts', "import { proto } from 'baileys/WAProto/index.js';", 'may not know Baileys'],
    ['src/gateway/a.ts', "import type { FastifyRequest } from 'fastify';", 'may not know the web framework'],
    ['src/app.ts', "import { sql } from 'kysely';", 'may not know SQL'],
    ['src/gateway/a.ts', "import { request } from 'undici';", 'may not know undici'],
    ['src/gateway/a.ts', 'const answer = await fetch(url);', 'may not know the global fetch'],
    ['src/http/a.ts', 'const port = process.env.PORT;', 'may not know the environment'],
    ['src/store/a.ts', "// why\nconsole.log('here');", 'may not know the console'],
  ])('a breach is seen: %s, where it says %j', (path, text, expected) => {
    expect(breaches(new Map([[path, text]]))).toEqual([`${path}: ${expected}`]);
  });

  test('what a comment says is no breach', () => {
    expect(
      breaches(new Map([['src/store/a.ts', '/**\n * `console.info(x)`, process.env\n */\n// await fetch(url)']])),
    ).toEqual([]);
  });

  test('a ring is seen', () => {
    const ring = new Map([
      ['src/base/a.ts', "import { b } from './b.ts';"],
      ['src/base/b.ts', "import { c } from './c.ts';"],
      ['src/base/c.ts', "import { a } from './a.ts';"],
    ]);
    expect(breaches(ring)).toEqual(['ring: src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts']);
  });
});
