import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MANNERS } from '../../simulator/manners.ts';
import { settings } from '../../src/base/config.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8');
const scripts = Object.keys(JSON.parse(read('package.json')).scripts);

describe.each(['README.md', 'README.id.md'])('%s', (name) => {
  const text = read(name);

  test('promises every number of the sandbox that behaves in its own way', () => {
    expect(Object.keys(MANNERS).filter((number) => !text.includes(`| \`${number}\` |`))).toEqual([]);
  });

  test('names no setting and no script that does not exist', () => {
    const named = [...text.matchAll(/^\| `([A-Z][A-Z_]+)`/gm)].map(([, setting]) => setting);
    expect(named.filter((setting) => setting === undefined || !(setting in settings))).toEqual([]);
    const run = [...text.matchAll(/npm (?:run (?:-s )?)?(start|test|(?<=run (?:-s )?)[a-z-]+)/g)].map(
      ([, script]) => script,
    );
    expect(run.length).toBeGreaterThan(4);
    expect(run.filter((script) => script === undefined || !scripts.includes(script))).toEqual([]);
  });
});
