import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { allocator } from '../../scripts/allocator.mjs';
import { readConfig } from '../../src/base/config.ts';
import { builtDashboard } from '../support/dashboard.ts';
import { databaseOf } from '../support/own-database.ts';
import { freePort } from '../support/port.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const manifest = JSON.parse(read('package.json'));

/** What the last stage of the Dockerfile copies from the project: source to place. */
const copied = () => {
  const last =
    read('Dockerfile')
      .split(/^FROM /m)
      .at(-1) ?? '';
  return [...last.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words]) => {
    const names = (words ?? '').split(' ');
    const to = names.pop() ?? '';
    return names.map((from) => ({ from, to: to === './' ? from : to }));
  });
};

/** Our own files that a program needs, from its imports. */
function needs(entry: string, found = new Set<string>()): Set<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  const text = read(entry);
  for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g))
    needs(relative(root, join(root, dirname(entry), name ?? '')), found);
  for (const [, name] of text.matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g))
    found.add(relative(root, join(root, dirname(entry), name ?? '')));
  return found;
}

describe('the image', () => {
  test('runs the Node that package.json pins, as nobody in particular, and says whether it lives', () => {
    const file = read('Dockerfile');
    const bases = [...file.matchAll(/^FROM node:(\S+?)-\S+/gm)].map(([, version]) => version);
    expect(bases).toEqual([manifest.dependencies.node, manifest.dependencies.node, manifest.dependencies.node]);
    const last = file.split(/^FROM /m).at(-1) ?? '';
    expect(last).toMatch(/^USER node$/m);
    expect(last.indexOf('USER node')).toBeGreaterThan(last.lastIndexOf('RUN '));
    expect(last).toMatch(/^HEALTHCHECK .*healthcheck\.mjs/m);
    expect(file).not.toMatch(/npm (ci|install)(?!.*--ignore-scripts)/);
  });

  test('has every file that the gateway and its command line need, and .dockerignore lets them in', () => {
    const places = copied().map(({ from }) => from);
    for (const place of places) expect(existsSync(join(root, place)), place).toBe(true);
    const inside = [...places, 'dashboard/dist'];
    const wanted = [...needs('src/main.ts'), ...needs('src/cli.ts')];
    expect(wanted.length).toBeGreaterThan(150);
    const missing = wanted.filter((name) => !inside.some((place) => name === place || name.startsWith(`${place}/`)));
    expect(missing).toEqual([]);
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const place of [...places, 'package-lock.json', '.npmrc', 'tsconfig.json', 'dashboard', 'scripts'])
      expect(allowed, place).toContain(place);
  });

  test('works: the same files in a plain folder answer, show the dashboard, and stop when they are told to', async () => {
    await builtDashboard();
    const folder = mkdtempSync(join(tmpdir(), 'wagate-image-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const app = join(folder, 'app');
    mkdirSync(app);
    for (const { from, to } of copied())
      if (!to.startsWith('/')) cpSync(join(root, from), join(app, to), { recursive: true });
    cpSync(join(root, 'dashboard/dist'), join(app, 'dashboard/dist'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'));
    const port = await freePort();
    const environment = [...read('Dockerfile').matchAll(/^(?:ENV )?\s*(NODE_ENV|HOST|PORT|DATA_DIR)=(\S+)/gm)];
    expect(environment.map(([, name]) => name)).toEqual(['NODE_ENV', 'HOST', 'PORT', 'DATA_DIR']);
    const env = {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      MASTER_KEY: Buffer.alloc(32, 3).toString('base64'),
      ...(await databaseOf(join(folder, 'data'))),
    };
    const child = spawn(process.execPath, ['src/main.ts'], { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    await Promise.race([
      new Promise<void>((resolve) => child.stdout.on('data', (chunk) => String(chunk).includes('API') && resolve())),
      exited.then(() => Promise.reject(new Error(said))),
    ]);
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toMatch(/<div id="root">/);
    const health = () => spawnSync(process.execPath, [join(root, 'deploy/healthcheck.mjs')], { env, encoding: 'utf8' });
    expect(health().status).toBe(0);
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
    expect(health()).toMatchObject({ status: 1, stderr: expect.stringMatching(/ECONNREFUSED/) });
  });
});

interface Compose {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>> & { image: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe('compose.yaml', () => {
  const alone: Compose = parse(read('compose.yaml'));
  const more: Compose = parse(read('compose.postgres.yaml'));

  test('runs the gateway of this version, hardened, on this machine’s loopback, with its data in a volume', () => {
    const { wagate } = alone.services;
    expect(wagate?.image).toBe(`wagate:${manifest.version}`);
    expect(wagate).toMatchObject({ read_only: true, cap_drop: ['ALL'], ports: ['127.0.0.1:3000:3000'] });
    expect(wagate?.volumes).toEqual(['wagate-data:/data']);
    expect(Object.keys(alone.volumes)).toEqual(['wagate-data']);
    expect(read('compose.yaml')).toMatch(/MASTER_KEY: \$\{MASTER_KEY:\?/);
  });

  test('with the second file runs it on PostgreSQL, whose port nobody else reaches', () => {
    expect(more.services.wagate?.environment).toHaveProperty(
      'DATABASE_URL',
      expect.stringMatching(/@postgres\/wagate$/),
    );
    expect(more.services.postgres?.image).toMatch(/^postgres:1[5-9]-/);
    expect(more.services.postgres).not.toHaveProperty('ports');
    expect(Object.keys(more.volumes)).toEqual(['wagate-postgres']);
  });
});

test('compose.cluster.yaml runs two api nodes and three workers of this version on one PostgreSQL, behind the proxy alone', () => {
  const { services } = parse(read('compose.cluster.yaml'), { merge: true }) as Compose;
  const nodes = Object.entries(services).filter(([, { image }]) => image === `wagate:${manifest.version}`);
  const roles = nodes.map(([name, { environment }]) => [name, (environment as Record<string, string>).WAGATE_ROLE]);
  expect(roles.filter(([, role]) => role === 'api')).toHaveLength(2);
  expect(roles.filter(([, role]) => role === 'worker')).toHaveLength(3);
  for (const [name, { environment }] of nodes)
    expect(environment).toMatchObject({ WAGATE_NODE: name, SHARED_DIR: '/shared' });
  expect(
    Object.entries(services)
      .filter(([, service]) => 'ports' in service)
      .map(([name]) => name),
  ).toEqual(['proxy']);
  for (const [name] of roles.filter(([, role]) => role === 'api'))
    expect(read('deploy/haproxy.cfg')).toContain(`server ${name} ${name}:3000 check`);
});

test('in compose.cluster.yaml the nodes believe the proxy, and it believes one on this machine, by the network that all of them are in', () => {
  const cluster = parse(read('compose.cluster.yaml'), { merge: true });
  const [{ subnet }, ...others] = cluster.networks.default.ipam.config;
  expect(others).toEqual([]);
  for (const [name, { image, environment, ...service }] of Object.entries((cluster as Compose).services)) {
    expect(service, name).not.toHaveProperty('networks');
    if (!image.startsWith('wagate:')) continue;
    const { TRUSTED_PROXIES } = environment as Record<string, string>;
    expect(readConfig({ TRUSTED_PROXIES }).TRUSTED_PROXIES).toEqual([subnet]);
  }
  expect(/^ *acl by_proxy src (.+)$/m.exec(read('deploy/haproxy.cfg'))?.[1]).toBe(`127.0.0.0/8 ::1 ${subnet}`);
});

test('whatever the compose files mount into the gateway belongs to the user of the image', () => {
  const owned = /^RUN mkdir (.+) && chown node:node (.+) && chmod 700 .+$/m.exec(read('Dockerfile'));
  const places = owned?.[1]?.split(' ') ?? [];
  expect(owned?.[2]?.split(' ')).toEqual(places);
  const all = ['compose.yaml', 'compose.cluster.yaml'].flatMap((name) =>
    Object.values((parse(read(name), { merge: true }) as Compose).services),
  );
  const ours = all.filter(({ image }) => image.startsWith('wagate:')) as Readonly<Record<string, readonly string[]>>[];
  expect(ours).toHaveLength(6);
  for (const { volumes = [], tmpfs = [] } of ours) {
    // A new volume takes its owner from the place in the image; a tmpfs is root's, but for the options that it has.
    for (const volume of volumes) expect(places).toContain(volume.split(':')[1]);
    for (const place of tmpfs.filter((one) => one !== '/tmp')) expect(place).toMatch(/:uid=1000,gid=1000,mode=0700$/);
  }
});

test('the image lets SQLite put what is as large as the database beside it, and not into /tmp, which is memory', () => {
  const value = (name: string) => new RegExp(`^\\s*(?:ENV )?${name}=(\\S+)`, 'm').exec(read('Dockerfile'))?.[1];
  expect(value('SQLITE_TMPDIR')).toBe(value('DATA_DIR'));
});

test('the image and the systemd unit set the allocator as npm start does', () => {
  for (const [name, value] of Object.entries(allocator))
    for (const file of ['Dockerfile', 'deploy/wagate.service']) expect(read(file), file).toContain(` ${name}=${value}`);
});

test('the systemd unit starts what is there, and systemd reads it', () => {
  const unit = read('deploy/wagate.service');
  expect(unit).toMatch(/^ExecStart=\/opt\/wagate\/node_modules\/node\/bin\/node src\/main\.ts$/m);
  expect(unit).toMatch(/^User=wagate$/m);
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) return;
  const { stderr } = spawnSync(
    'systemd-analyze',
    ['verify', '--recursive-errors=no', join(root, 'deploy/wagate.service')],
    { encoding: 'utf8' },
  );
  // That nothing is installed in /opt here is no fault of the unit.
  const complaints = stderr
    .split('\n')
    .filter((line) => line.includes('wagate.service') && !/\/opt\/wagate|not executable/.test(line));
  expect(complaints).toEqual([]);
});
