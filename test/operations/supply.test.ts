import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../weather/traffic.ts';

const root = join(import.meta.dirname, '..', '..');
const readJson = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'));

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

describe('what is installed', () => {
  const manifest = readJson('package.json');
  const locked: Readonly<Record<string, LockedPackage>> = readJson('package-lock.json').packages;

  test('is named to the exact version, and locked with its checksum', () => {
    for (const file of ['package.json', 'dashboard/package.json']) {
      const { dependencies = {}, devDependencies = {} } = readJson(file);
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
        expect(version, `${name} in ${file}`).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^save-exact=true$/m);
    const foreign = Object.entries(locked).filter(([path, it]) => path.includes('node_modules/') && !it.link);
    expect(foreign.length).toBeGreaterThan(200);
    expect(foreign.filter(([, it]) => !it.integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  });

  test('runs no script at its installation but those that are listed, with a reason', () => {
    const scripted = Object.entries(locked).filter(([, it]) => it.hasInstallScript);
    const names = scripted.map(([path]) => path.split('node_modules/').at(-1) ?? '');
    expect(names).toContain('node');
    const guide = readFileSync(join(root, 'docs/operations.md'), 'utf8');
    for (const name of names) {
      expect(manifest.allowScripts, `${name} has an install script`).toHaveProperty([name]);
      expect(guide, `the reason for ${name}`).toMatch(new RegExp(`^\\| \`${name}\` \\| `, 'm'));
    }
    const allowed = Object.entries(manifest.allowScripts).filter(([, is]) => is);
    expect(allowed.map(([name]) => name)).toEqual(['node']);
  });

  test('is listed by npm run sbom, in CycloneDX, with versions and checksums', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wagate-sbom-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'sbom.json');
    const { stdout, stderr } = spawnSync(process.execPath, ['scripts/sbom.mjs', file], { cwd: root, encoding: 'utf8' });
    expect(stdout, stderr).toMatch(/: \d+ packages/);
    const bom = JSON.parse(readFileSync(file, 'utf8'));
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: manifest.name } } });
    const baileys = bom.components.find(({ name }: { name: string }) => name === 'baileys');
    expect(baileys).toMatchObject({ version: manifest.dependencies.baileys, hashes: [{ alg: 'SHA-512' }] });
    expect(bom.components.map(({ name }: { name: string }) => name)).not.toContain('vitest');
  });
});

/** A program in a network namespace with a loopback and nothing else; whom it tried to call is noted. */
function startAlone(args: readonly string[], env: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'wagate-alone-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const record = join(folder, 'record');
  writeFileSync(record, '');
  const program = [process.execPath, '--import', join(import.meta.dirname, 'recorder.mjs'), ...args];
  const child = spawn(process.execPath, ['scripts/offline.mjs', '--run', ...program], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'test', DATA_DIR: join(folder, 'data'), RECORD: record, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const called = () =>
    new Set(
      readFileSync(record, 'utf8')
        .split('\n')
        .filter((host) => host !== ''),
    );
  return { child, exited, said: () => said, called };
}

const isLoopback = (host: string) => /^(localhost|127\.0\.0\.1|::1)$/.test(host);
const canBeAlone = spawnSync('unshare', [process.getuid?.() === 0 ? '-n' : '-rn', 'true']).status === 0;

describe.skipIf(!canBeAlone)('a fresh installation, in a network without a way out', () => {
  test('calls nobody with the sandbox alone: it starts, links its sandbox device, and stops', async () => {
    const { child, exited, said, called } = startAlone(['src/main.ts'], { PORT: '0' });
    await eventually('the first start', () => /Sandbox token: \S+/.test(said()), 60_000);
    child.kill('SIGTERM');
    expect((await exited)[0], said()).toBe(0);
    expect([...called()].filter((host) => !isLoopback(host))).toEqual([]);
    expect(called().size).toBeGreaterThan(0);
  });

  test('calls web.whatsapp.com, and nobody else, to link a real device', async () => {
    const { said, called } = startAlone(['test/operations/linking.ts'], { PORT: '0', SANDBOX: 'false' });
    await eventually('the third try to reach WhatsApp', () => said().split('trying').length > 3, 90_000);
    expect([...called()].filter((host) => !isLoopback(host))).toEqual(['web.whatsapp.com']);
  });
});

test('a test that calls another machine fails, and says whom it would have called', () => {
  expect(() => connect({ host: '192.0.2.1', port: 443 })).toThrow(/would have called 192\.0\.2\.1/);
});
