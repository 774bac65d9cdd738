import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const project = join(import.meta.dirname, '../..');
let folder: string;
const running = new Set<ChildProcessWithoutNullStreams>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wagate-run-'));
  await cp(join(project, 'scripts'), join(folder, 'scripts'), { recursive: true });
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'package-lock.json'), lockfile('1.0.0'));
});

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    // What its scripts wait for: none outlives a test that failed.
    child.stdin.destroy();
  }
  running.clear();
  await rm(folder, { recursive: true, force: true });
});

const lockfile = (version: string) => JSON.stringify({ packages: { '': {}, 'node_modules/thing': { version } } });

async function installThings() {
  await mkdir(join(folder, 'node_modules/node/bin'), { recursive: true });
  await writeFile(join(folder, 'node_modules/.package-lock.json'), lockfile('1.0.0'));
  await symlink(process.execPath, join(folder, 'node_modules/node/bin/node'));
}

/** An `npm` that counts its calls in npm-calls.txt and installs by linking. It ends with the given exit code. */
async function putNpm(code = 0) {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const lines = [
    '#!/bin/sh',
    'echo "$@" >> npm-calls.txt',
    'echo npm talks',
    'mkdir -p node_modules/node/bin',
    `ln -sf ${process.execPath} node_modules/node/bin/node`,
    ...(code === 0 ? ['cp package-lock.json node_modules/.package-lock.json'] : [`exit ${code}`]),
  ];
  await writeFile(join(bin, 'npm'), `${lines.join('\n')}\n`, { mode: 0o755 });
  return { PATH: [bin, process.env.PATH].join(delimiter) };
}

const npmCalls = async () => (await readFile(join(folder, 'npm-calls.txt'), 'utf8')).trim().split('\n');

/** What a host with this version of Node does: only the version is another. */
const hostNode = (version: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`,
];

function start(args: string[], { node = [] as string[], env = {} } = {}) {
  const child = spawn(process.execPath, [...node, join(folder, 'scripts/run.mjs'), ...args], {
    env: { ...process.env, ...env },
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
  return { child, ended };
}

const says = (child: ChildProcessWithoutNullStreams, word: string) =>
  new Promise<void>((resolve, reject) => {
    let heard = '';
    child.stdout.on('data', (text: string) => {
      heard += text;
      if (heard.includes(word)) resolve();
    });
    child.once('close', () => reject(new Error(`ended without saying "${word}", but: ${heard}`)));
  });

describe('scripts/run.mjs', () => {
  test('tells a host with an old Node one sentence and does nothing else', async () => {
    await writeFile(join(folder, 'src/main.ts'), "console.log('started');");
    const { code, stdout, stderr } = await start(['start'], { node: hostNode('18.20.8') }).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^WAGate needs Node\.js 20 or newer, and this is Node\.js 18\.20\.8: .+\n$/);
  });

  test('runs the script on the pinned Node with its arguments, and ends with its exit code', async () => {
    await installThings();
    await writeFile(
      join(folder, 'src/cli.ts'),
      'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;',
    );
    const { code, stdout } = await start(['wagate', 'device', 'list', '--json'], { node: hostNode('20.20.2') }).ended;
    expect({ code, said: JSON.parse(stdout) }).toEqual({ code: 7, said: ['device', 'list', '--json'] });
  });

  test('reads .env, and what the environment says wins', async () => {
    await installThings();
    await writeFile(join(folder, '.env'), 'PORT=3333\nHOST=from-file\n');
    await writeFile(join(folder, 'src/main.ts'), 'console.log(process.env.PORT, process.env.HOST);');
    const { stdout } = await start(['start'], { env: { HOST: 'from-environment' } }).ended;
    expect(stdout).toBe('3333 from-environment\n');
  });

  test('starts it with two arenas of the allocator, if the environment says nothing else', async () => {
    await installThings();
    await writeFile(join(folder, 'src/main.ts'), 'console.log(process.env.MALLOC_ARENA_MAX);');
    expect((await start(['start'], { env: { MALLOC_ARENA_MAX: undefined } }).ended).stdout).toBe('2\n');
    expect((await start(['start'], { env: { MALLOC_ARENA_MAX: '7' } }).ended).stdout).toBe('7\n');
  });

  test('keeps what was compiled beside the packages, for the next start', async () => {
    await installThings();
    await writeFile(join(folder, 'src/kept.ts'), 'export const kept: number = 1;');
    await writeFile(
      join(folder, 'src/main.ts'),
      "await import('./kept.ts'); console.log(process.env.NODE_COMPILE_CACHE);",
    );
    const said = (await start(['start'], { env: { NODE_COMPILE_CACHE: undefined } }).ended).stdout.trim();
    expect(said).toBe(join(folder, 'node_modules/.cache/node'));
    expect((await readdir(said, { recursive: true })).length).toBeGreaterThan(0);
    expect((await start(['start'], { env: { NODE_COMPILE_CACHE: '' } }).ended).stdout).toBe('\n');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'passes %s on once, even when told twice, and waits for the end',
    async (signal) => {
      await installThings();
      await writeFile(
        join(folder, 'src/main.ts'),
        `process.on('${signal}', () => console.log('told'));
         process.on('SIGHUP', () => console.log('told something else'));
         process.stdin.once('data', () => setImmediate(() => setImmediate(() => process.exit(5))));
         console.log('ready');`,
      );
      const { child, ended } = start(['start']);
      await says(child, 'ready');
      const told = says(child, 'told');
      child.kill(signal);
      // Within the breath that counts as one key press, however long the first takes to be told here.
      await pause(100);
      child.kill(signal);
      await told;
      const toldMore = says(child, 'told something else');
      child.kill('SIGHUP');
      await toldMore;
      expect(child.exitCode).toBeNull();
      child.stdin.write('leave\n');
      const { code, stdout } = await ended;
      expect({ code, stdout }).toEqual({ code: 5, stdout: 'ready\ntold\ntold something else\n' });
    },
  );

  test('stands between its child and the terminal, so that Ctrl-C is not heard twice', async () => {
    await installThings();
    await writeFile(
      join(folder, 'src/main.ts'),
      "process.stdin.once('data', () => process.exit(0)); console.log(process.pid, 'ready');",
    );
    const { child, ended } = start(['start']);
    let said = '';
    child.stdout.on('data', (text: string) => {
      said += text;
    });
    await says(child, 'ready');
    const pid = Number(said.split(' ')[0]);
    // A process group that exists under the child's own number is one that it leads.
    expect(() => process.kill(-pid, 0)).not.toThrow();
    child.stdin.write('leave\n');
    await ended;
  });

  test('tells its child to stop when npm was told and the shell between them died of it', async () => {
    await installThings();
    await writeFile(
      join(folder, 'src/main.ts'),
      "process.once('SIGTERM', () => { console.log('told'); process.exit(0); }); setTimeout(() => process.exit(9), 60_000); console.log('ready');",
    );
    // As dash does it: the command is a child, and the shell passes no signal on.
    const shell = spawn('sh', ['-c', `"${process.execPath}" "${join(folder, 'scripts/run.mjs')}" start; exit`], {
      env: { ...process.env, npm_lifecycle_event: 'start' },
    });
    running.add(shell);
    await says(shell, 'ready');
    let said = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const everyoneEnded = once(shell.stdout, 'close');
    shell.kill('SIGTERM');
    await everyoneEnded;
    expect(said).toBe('told\n');
  });

  test('counts as shells do when the script died of a signal', async () => {
    await installThings();
    await writeFile(join(folder, 'src/main.ts'), "process.kill(process.pid, 'SIGKILL');");
    expect((await start(['start']).ended).code).toBe(137);
  });

  test('installs once when two are started at once, and keeps stdout for the script', async () => {
    await writeFile(join(folder, 'src/cli.ts'), "console.log('[]');");
    const env = await putNpm();
    const both = await Promise.all([start(['wagate'], { env }).ended, start(['wagate'], { env }).ended]);
    expect(both.map(({ code, stdout }) => ({ code, stdout }))).toEqual(Array(2).fill({ code: 0, stdout: '[]\n' }));
    expect(both.map(({ stderr }) => stderr).join('')).toContain('Installing what WAGate needs');
    expect(await npmCalls()).toHaveLength(1);
  });

  test('installs again when the lockfile names another version', async () => {
    await installThings();
    await writeFile(join(folder, 'package-lock.json'), lockfile('1.0.1'));
    await writeFile(join(folder, 'src/main.ts'), '');
    const env = await putNpm();
    expect((await start(['start'], { env }).ended).code).toBe(0);
    expect(await npmCalls()).toEqual(['ci --loglevel=error --no-fund --no-audit']);
  });

  test('takes over from an install that was killed', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'close');
    await writeFile(join(folder, '.install.lock'), String(dead.pid));
    await writeFile(join(folder, 'src/main.ts'), '');
    expect((await start(['start'], { env: await putNpm() }).ended).code).toBe(0);
  });

  test('says so when npm fails, and ends with its exit code', async () => {
    const { code, stderr } = await start(['start'], { env: await putNpm(3) }).ended;
    expect(code).toBe(3);
    expect(stderr).toContain('npm could not install the packages');
  });

  test('says what to do when npm skipped the install script that brings Node 24', async () => {
    await installThings();
    await rm(join(folder, 'node_modules/node'), { recursive: true });
    const { code, stderr } = await start(['start'], { node: hostNode('22.1.0') }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('npm rebuild node --ignore-scripts=false');
  });

  test("uses the host's own Node 24 when the pinned one does not start", async () => {
    await installThings();
    await rm(join(folder, 'node_modules/node'), { recursive: true });
    await writeFile(join(folder, 'src/main.ts'), 'console.log(process.execPath);');
    expect((await start(['start']).ended).stdout).toBe(`${process.execPath}\n`);
  });

  describe('the dashboard', () => {
    /** A builder that counts its calls, and builds a page that says which sources it was made from. */
    async function putBuilder() {
      await installThings();
      await mkdir(join(folder, 'node_modules/vite/bin'), { recursive: true });
      await writeFile(
        join(folder, 'node_modules/vite/bin/vite.js'),
        `const { appendFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
         appendFileSync('../builds.txt', process.env.NODE_ENV + '\\n');
         console.log('vite talks');
         if (readFileSync('src/main.tsx', 'utf8') === 'broken') process.exit(3);
         const to = process.argv[process.argv.indexOf('--outDir') + 1];
         mkdirSync(to, { recursive: true });
         writeFileSync(to + '/index.html', readFileSync('src/main.tsx'));`,
      );
      await mkdir(join(folder, 'dashboard/src'), { recursive: true });
      await writeFile(join(folder, 'dashboard/index.html'), 'page');
      await writeFile(join(folder, 'dashboard/src/main.tsx'), 'first');
      await writeFile(join(folder, 'src/main.ts'), "console.log('started');");
    }
    const builds = async () => (await readFile(join(folder, 'builds.txt'), 'utf8')).trim().split('\n');
    const page = () => readFile(join(folder, 'dashboard/dist/index.html'), 'utf8');

    test('is built once when it is missing, for production whatever the environment says, and by one process', async () => {
      await putBuilder();
      const env = { NODE_ENV: 'test' };
      const both = await Promise.all([start(['start'], { env }).ended, start(['start'], { env }).ended]);
      expect(both.map(({ code, stdout }) => ({ code, stdout }))).toEqual(
        Array(2).fill({ code: 0, stdout: 'started\n' }),
      );
      expect(await builds()).toEqual(['production']);
      expect(await page()).toBe('first');
    });

    test('is built again when a source says something else, and not when it only looks newer', async () => {
      await putBuilder();
      await start(['start']).ended;
      const later = new Date(Date.now() + 60_000);
      await utimes(join(folder, 'dashboard/src/main.tsx'), later, later);
      await start(['start']).ended;
      expect(await builds()).toHaveLength(1);
      await writeFile(join(folder, 'dashboard/src/main.tsx'), 'second');
      await start(['start']).ended;
      expect(await builds()).toHaveLength(2);
      expect(await page()).toBe('second');
    });

    test('that was built before stays when a build fails, and the exit code tells of it', async () => {
      await putBuilder();
      await start(['start']).ended;
      await writeFile(join(folder, 'dashboard/src/main.tsx'), 'broken');
      const { code, stdout } = await start(['start']).ended;
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(await page()).toBe('first');
    });

    test('that cannot be built, for want of the builder, keeps nobody from starting', async () => {
      await putBuilder();
      await rm(join(folder, 'node_modules/vite'), { recursive: true });
      const { code, stderr } = await start(['start']).ended;
      expect(code).toBe(0);
      expect(stderr).toContain('The dashboard is not built, and its builder is not installed: run npm ci once');
    });
  });

  test('names the scripts that there are', async () => {
    const { code, stderr } = await start(['strat']).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('There is no script "strat". There are: start, wagate,');
  });
});
