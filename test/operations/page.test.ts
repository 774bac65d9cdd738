import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

/** What docs/operations.md tells to type, in both languages, held against the files that it speaks of. */
const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const pages = ['docs/operations.md', 'docs/operations.id.md'] as const;

function temporary(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `wagate-${name}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The value of each line `name=value` of the unit. */
const ofUnit = (name: string) =>
  [...read('deploy/wagate.service').matchAll(new RegExp(`^${name}=(.+)$`, 'gm'))].map(([, value]) => value ?? '');

describe('in containers', () => {
  /** What COMPOSE_FILE may be in `.env`, and the services that commands then know. */
  const choices = ['compose.yaml', 'compose.yaml:compose.postgres.yaml', 'compose.cluster.yaml'];
  const servicesOf = (choice: string) =>
    choice.split(':').flatMap((name) => Object.keys(parse(read(name), { merge: true }).services));

  test.each(pages)(
    'the commands of %s name no file, which the next one would forget, and services that are there',
    (page) => {
      const commands = [...read(page).matchAll(/docker compose ([^`\n#&|;<]+)/g)].map(([, words = '']) =>
        words.trim().split(/\s+/),
      );
      expect(commands.length).toBeGreaterThan(8);
      const known = choices.flatMap(servicesOf);
      for (const [verb = '', ...words] of commands) {
        expect(['up', 'logs', 'exec', 'cp', 'stop', 'run', 'build'], verb).toContain(verb);
        const [service, ...others] = words.filter((word) => !word.startsWith('-')).map((word) => word.split(':')[0]);
        if (service !== undefined) expect(known).toContain(service);
        if (verb === 'stop') expect(known).toEqual(expect.arrayContaining(others));
      }
      const stopped = commands.find(([verb, ...words]) => verb === 'stop' && words.length > 1)?.slice(1);
      expect(stopped).toEqual(servicesOf('compose.cluster.yaml').filter((name) => /^(api|worker)-/.test(name)));
    },
  );

  test.each(pages)(
    '%s tells once, and the files with it, what makes every command mean the files of the installation',
    (page) => {
      const told = (name: string) =>
        [...read(name).matchAll(/COMPOSE_FILE=([\w.:]+\.yaml)/g)].map(([, files]) => files);
      expect(told(page)).toEqual(choices.slice(1));
      expect(['compose.yaml', 'compose.postgres.yaml', 'compose.cluster.yaml'].map(told)).toEqual([
        choices.slice(1, 2),
        choices.slice(1, 2),
        choices.slice(2),
      ]);
      // What test/containers/main.ts does on an engine.
      expect(told('test/containers/main.ts')).toEqual(choices.slice(1));
      for (const name of ['compose.yaml', 'compose.postgres.yaml', 'compose.cluster.yaml'])
        expect(read(name)).not.toMatch(/^#.* -f /m);
    },
  );

  test.each(pages)('a restore of %s says that it takes the place of what is there', (page) => {
    expect(read(page)).toMatch(/^docker compose run .*wagate restore \S+ --overwrite/m);
  });
});

describe('with systemd', () => {
  test.each(pages)('no command of %s has the settings among its arguments', (page) => {
    expect(read(page)).toContain(' /etc/wagate.env ');
    expect(read(page)).not.toMatch(/(?:\$\(|`|<|xargs )[^\n]*wagate\.env\)?[^\n]*cli\.ts/);
    expect(read(page)).not.toContain('$(cat');
  });

  test.each(pages)('the command line of %s is in its place, and what is given to it arrives as it is', (page) => {
    const [, script = ''] = /^ln -s \/opt\/wagate\/(\S+) \/usr\/local\/bin\/wagate /m.exec(read(page)) ?? [];
    // In the place of the real one, which needs root and a running systemd: shows each argument in a line.
    const folder = temporary('systemd');
    writeFileSync(join(folder, 'systemd-run'), '#!/bin/sh\nprintf "%s\\n" "$@"\n');
    chmodSync(join(folder, 'systemd-run'), 0o755);
    const given = ['account', 'create', '--name', 'Two words; $HOME'];
    const { stdout, status } = spawnSync(join(root, script), given, {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    const shown = stdout.trimEnd().split('\n');
    expect(shown.slice(-4)).toEqual(given);

    const [start = ''] = ofUnit('ExecStart');
    const node = start.split(' ')[0] ?? '';
    expect(shown.slice(shown.indexOf(node), -4)).toEqual([node, 'src/cli.ts']);
    const options = shown.slice(0, shown.indexOf(node));
    const environment = ofUnit('Environment').flatMap((line) => line.split(' '));
    expect(options.filter((option) => option.startsWith('--setenv='))).toEqual(
      environment.map((pair) => `--setenv=${pair}`),
    );
    expect(options).toEqual(
      expect.arrayContaining([
        ...ofUnit('User').map((user) => `--uid=${user}`),
        ...ofUnit('Group').map((group) => `--gid=${group}`),
        ...['WorkingDirectory', 'UMask', 'EnvironmentFile'].map((name) => `--property=${name}=${ofUnit(name)[0]}`),
        '--wait',
        '--collect',
      ]),
    );
    expect(environment).toContain('WAGATE_COMMAND=wagate');
  });

  /** The commands between two others, in the blocks of a page. */
  function between(page: string, from: RegExp, to: RegExp): readonly string[] {
    const lines = [...read(page).matchAll(/^```sh\n(.+?)^```/gms)].flatMap(([, block = '']) => block.split('\n'));
    const all = lines.flatMap((line) => line.replace(/\s+#.*/, '').split(' && '));
    const begin = all.findIndex((command) => from.test(command));
    const length = all.slice(begin).findIndex((command) => to.test(command));
    expect([begin, length]).not.toContain(-1);
    return all.slice(begin, begin + length);
  }

  test('what the pages do in the folder builds the dashboard, at an upgrade too, and makes no installation', async () => {
    const [english = [], indonesian] = pages.map((page) => between(page, /^npm ci$/, /^install /).slice(1));
    expect(indonesian).toEqual(english);
    for (const page of pages) expect(between(page, /^git pull$/, /^cp /)).toEqual(['git pull', 'npm ci', ...english]);
    const folder = temporary('built');
    const names = ['src', 'simulator', 'scripts', 'dashboard', 'package.json', 'package-lock.json', 'tsconfig.json'];
    const made = new Set(['dist', 'dist.new', 'dist.old'].map((name) => join(root, 'dashboard', name)));
    for (const name of names)
      cpSync(join(root, name), join(folder, name), { recursive: true, filter: (path) => !made.has(path) });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const env = { PATH: process.env.PATH ?? '', HOME: folder };
    for (const step of english) await run('sh', ['-c', step], { cwd: folder, env });
    expect(existsSync(join(folder, 'data'))).toBe(false);
    expect(existsSync(join(folder, 'dashboard/dist/index.html'))).toBe(true);
  });

  test.each(pages)('no block of %s gives a command to another installation than the one that it has made', (page) => {
    const blocks = [...read(page).matchAll(/^```sh\n(.+?)^```/gms)].map(([, block = '']) => block);
    expect(blocks.join('\n')).toMatch(/^wagate backup \S+/m);
    expect(blocks.join('\n')).not.toMatch(/^(?:.*&& )?npm (?:start|run)/m);
  });
});
