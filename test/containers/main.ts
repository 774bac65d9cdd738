import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, FormData, fetch } from 'undici';

/**
 * The image and the compose files, as docs/operations.md tells a reader to use them, on a real engine:
 *
 *   npm run test:containers -- [--only alone,postgres,cluster] [--build-network host]
 *
 * Needs Docker with Compose 2.24 or newer, its registry, and port 3000. Prints a line for each thing seen; ends with 1 at the first that
 * is not as promised.
 */
const { values } = parseArgs({
  options: { only: { type: 'string' }, 'build-network': { type: 'string', default: 'default' } },
});

const root = join(import.meta.dirname, '..', '..');
const API = 'http://127.0.0.1:3000/api/v1';
const ECHO = '628990000006';
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** What is in `.env` for each, beside the secrets: no command names a file. */
const settings = {
  alone: '',
  postgres: 'COMPOSE_FILE=compose.yaml:compose.postgres.yaml\n',
  cluster: 'COMPOSE_FILE=compose.cluster.yaml\n',
} as const;

const secrets = `MASTER_KEY=${randomBytes(32).toString('base64')}\nPOSTGRES_PASSWORD=${randomBytes(12).toString('hex')}\n`;

/** A connection for each request: one that is kept would be to a gateway that was killed since. */
const dispatcher = new Agent({ pipelining: 0 });
const say = (line: string) => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'wagate-containers-'));
/** One of the caller's would count before that of `.env`. */
const env = { ...process.env, COMPOSE_FILE: undefined };

/** What the command prints; throws what it says when it fails. */
function docker(args: readonly string[], input?: Buffer): Buffer {
  const { status, stdout, stderr, error } = spawnSync('docker', args, {
    cwd: folder,
    maxBuffer: 1 << 30,
    timeout: 900_000,
    env,
    ...(input !== undefined && { input }),
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`docker ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
  say(`  ${what}`);
}

class Installation {
  token = '';
  /** The service in which commands are given, and the one whose devices are its own. */
  readonly at: string;

  constructor(name: keyof typeof settings) {
    writeFileSync(join(folder, '.env'), `${settings[name]}${secrets}`);
    this.at = name === 'cluster' ? 'api-1' : 'wagate';
  }

  compose(args: readonly string[], input?: Buffer): string {
    return docker(['compose', ...args], input).toString();
  }

  inside(...command: readonly string[]): string {
    return this.compose(['exec', '-T', this.at, ...command]);
  }

  restore(...options: readonly string[]): void {
    const command = ['cat > /data/wagate.backup && wagate restore /data/wagate.backup', ...options].join(' ');
    this.compose(['run', '--rm', '-T', this.at, 'sh', '-c', command], readFileSync(join(folder, 'wagate.backup')));
  }

  /** Waits until every service is healthy, as the engine says. */
  up(): void {
    this.compose(['up', '-d', '--wait', '--wait-timeout', '180']);
  }

  readToken(): void {
    const logs = this.compose(['logs', '--no-log-prefix']);
    this.token = /wag_\w+/.exec(logs)?.[0] ?? '';
    expectThat(this.token !== '', 'the first start shows a token');
    expectThat(/http:\/\/127\.0\.0\.1:3000\/sign-in\/wagl_\w+/.test(logs), 'and the owner’s link');
    expectThat(/docker compose .*exec \S+ wagate device create/.test(logs), 'and commands as they are called here');
  }

  doctor(): readonly { check: string; ok: boolean; told: string }[] {
    const { status, stdout } = spawnSync('docker', ['compose', 'exec', '-T', this.at, 'wagate', 'doctor', '--json'], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    if (status === null) throw new Error('doctor did not end');
    return JSON.parse(stdout);
  }

  async call(method: string, path: string, body?: FormData | string): Promise<{ status: number; answer: never }> {
    const response = await fetch(`${API}${path}`, {
      method,
      dispatcher,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, answer: (await response.json()) as never };
  }

  async send(message: string): Promise<number> {
    const { status } = await this.call('POST', '/send-message', JSON.stringify({ recipient: ECHO, message }));
    return status;
  }

  async upload(): Promise<number> {
    const form = new FormData();
    form.set('recipient', ECHO);
    form.set('file', new Blob([PIXEL], { type: 'image/png' }), 'pixel.png');
    return (await this.call('POST', '/send-media', form)).status;
  }

  async sent(): Promise<number> {
    const { answer } = await this.call('GET', '/messages?limit=50');
    return (answer as { data: { status: string }[] }).data.filter(({ status }) => status === 'sent').length;
  }
}

async function common(it: Installation): Promise<void> {
  it.up();
  it.readToken();
  expectThat((await it.send('one')) === 200, 'the first message: 200');
  expectThat((await it.upload()) === 200, 'an uploaded file: 200');
  expectThat(it.inside('id', '-u').trim() === '1000', 'runs as uid 1000');
  expectThat(
    it.inside('sh', '-c', 'touch /app/x 2>/dev/null || echo refused').trim() === 'refused',
    'its root is read-only',
  );
  const ills = it.doctor().filter(({ ok }) => !ok);
  // A machine without a way to WhatsApp is no fault of the image.
  expectThat(
    ills.every(({ check }) => check === 'whatsapp'),
    'doctor finds nothing wrong',
  );
}

/** A crash, then the loss of everything but the backup. */
async function outlives(it: Installation): Promise<void> {
  it.compose(['kill', '-s', 'KILL', it.at]);
  it.up();
  expectThat((await it.sent()) === 2, 'after SIGKILL both are still there');
  it.inside('wagate', 'backup', '/data/wagate.backup');
  it.compose(['cp', `${it.at}:/data/wagate.backup`, 'wagate.backup']);
  const ids = it.compose(['ps', '-q', it.at]).trim();
  it.compose(['stop', it.at]);
  const code = docker(['inspect', '-f', '{{.State.ExitCode}}', ids]).toString().trim();
  expectThat(code === '0', 'SIGTERM ends it with 0');
  it.compose(['down', '-v']);
  it.restore();
  it.up();
  expectThat((await it.sent()) === 2, 'restored into new volumes, both are there, under the same token');
  expectThat((await it.send('two')) === 200, 'and the device sends without being linked again: 200');
  it.compose(['stop', it.at]);
  it.restore('--overwrite');
  it.up();
  expectThat((await it.sent()) === 2, 'restored in the place of what is there, both are there, and nothing since');
}

async function losesNodes(it: Installation): Promise<void> {
  const holder = /worker-\d(?= \([1-9])/.exec(it.doctor().find(({ check }) => check === 'gateway')?.told ?? '')?.[0];
  expectThat(holder !== undefined, `the device is at ${holder}`);
  for (const node of [holder ?? '', 'api-2']) {
    it.compose(['kill', '-s', 'KILL', node]);
    const began = performance.now();
    const status = await it.send(`after the death of ${node}`);
    expectThat(
      status === 200,
      `${node} is killed: the next message is answered 200 after ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
  }
}

const steps = { alone: [common, outlives], postgres: [common, outlives], cluster: [common, losesNodes] } as const;

try {
  const tracked = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const kept = new Set(tracked.stdout.split('\n'));
  cpSync(root, folder, {
    recursive: true,
    filter: (path) => {
      const name = relative(root, path);
      return name === '' || kept.has(name) || [...kept].some((file) => file.startsWith(`${name}/`));
    },
  });
  writeFileSync(join(folder, '.env'), secrets);
  const image = /image: (wagate:\S+)/.exec(docker(['compose', 'config']).toString())?.[1] ?? '';
  docker(['build', '--network', values['build-network'], '-t', image, '.']);
  say(`${image} is built`);
  for (const name of ['alone', 'postgres', 'cluster'] as const) {
    if (values.only !== undefined && !values.only.split(',').includes(name)) continue;
    say(name);
    const it = new Installation(name);
    try {
      for (const step of steps[name]) await step(it);
    } finally {
      it.compose(['down', '-v']);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
