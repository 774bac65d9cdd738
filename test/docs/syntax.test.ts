import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fillingOf, operations } from '../../dashboard/src/docs/samples/filling.ts';
import { go } from '../../dashboard/src/docs/samples/go.ts';
import { laravel } from '../../dashboard/src/docs/samples/laravel.ts';
import { said, works } from './programs.ts';

// What can be known of the Go and Laravel samples on a machine that has neither: less than running them.

const filling = fillingOf('https://wagate.example.com');

describe('a Go sample, without Go', () => {
  /** What a Go compiler refuses first: open quotes and brackets, imports that are missing or unused, names declared twice or never used. */
  function faultsOf(code: string): string[] {
    const faults: string[] = [];
    const bare = code.replace(/"(?:[^"\\\n]|\\.)*"|`[^`]*`|\/\/.*$/gm, (piece) => (piece.startsWith('//') ? '' : '""'));
    if (/["'`]/.test(bare.replaceAll('""', ''))) faults.push('a quote is open');
    const open: string[] = [];
    const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
    for (const sign of bare.match(/[()[\]{}]/g) ?? [])
      if (pairs[sign] === undefined) open.push(sign);
      else if (open.pop() !== pairs[sign]) faults.push(`${sign} closes nothing`);
    if (open.length > 0) faults.push(`${open.join('')} stays open`);
    const imported = [...(/import \(([^)]*)\)/.exec(code)?.[1] ?? '').matchAll(/"([\w/]+)"/g)].map((m) => m[1] ?? '');
    if (imported.join() !== imported.toSorted().join()) faults.push('imports are not in gofmt’s order');
    const body = bare.slice(bare.indexOf('func main'));
    const names = imported.map((path) => path.split('/').at(-1) ?? '');
    for (const name of names) if (!new RegExp(`\\b${name}\\.[A-Z]`).test(body)) faults.push(`${name} is not used`);
    for (const [, name = ''] of body.matchAll(/(?<![\w.)])([a-z]\w*)\.[A-Z]/g))
      if (!names.includes(name) && !new RegExp(`(\\b${name}\\b[\\w, ]*:=|var ${name}\\b)`).test(body))
        faults.push(`${name} is not known`);
    for (const [, list = ''] of body.matchAll(/^\s*(?:if |for )?([\w, ]+) :=/gm))
      for (const name of list.split(', '))
        if (name !== '_' && (body.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length < 2)
          faults.push(`${name} is never used`);
    if (/^ +\S/m.test(bare)) faults.push('indented by spaces');
    if (!code.startsWith('package main\n')) faults.push('no package main');
    return faults;
  }

  test.each(operations)('%s: quotes, brackets, imports and names are in order', (operation) => {
    expect(faultsOf(go.write[operation](filling))).toEqual([]);
  });

  const good = go.write.sendText(filling);
  test.each([
    ['a missing brace', good.slice(0, -1), '{ stays open'],
    ['an unused import', good.replace('"bytes"', '"bytes"\n\t"context"'), 'context is not used'],
    ['a missing import', good.replace('\t"log"\n', ''), 'log is not known'],
    ['an unused name', good.replace('defer', 'rest := 1\n\tdefer'), 'rest is never used'],
    ['an open quote', good.replace('"Content-Type"', '"Content-Type'), 'a quote is open'],
  ])('%s would be found', (_what, code, fault) => {
    expect(faultsOf(code)).toContain(fault);
  });
});

describe('a Laravel sample, without Laravel', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wagate-docs-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const hasPhp = await works('php', ['--version']);
  if (!hasPhp) process.stdout.write('SKIPPED: the syntax of the Laravel samples, for there is no PHP here\n');

  test.skipIf(!hasPhp).each(operations)('%s: PHP finds no fault in its syntax', async (operation) => {
    const path = join(folder, `${operation}.php`);
    writeFileSync(path, laravel.write[operation](filling));
    const { code, text } = await said('php', ['-l', path]);
    expect(code, text).toBe(0);
  });
});
