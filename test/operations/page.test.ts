import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

/** What docs/operations.md tells to type, in both languages, held against the files that it speaks of. */
const root = join(import.meta.dirname, '..', '..');
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
});
