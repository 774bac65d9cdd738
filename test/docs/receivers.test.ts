import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReceiverSample, receivers } from '../../dashboard/src/docs/samples/receivers.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/port.ts';
import { works } from './programs.ts';

// The receivers of the documentation page, run as they stand there with the secret filled in: the gateway posts to them.

const programs: Readonly<
  Record<string, (file: string, port: number) => readonly [program: string, ...args: string[]]>
> = {
  php: (file, port) => ['php', '-S', `127.0.0.1:${port}`, file],
  javascript: (file) => [process.execPath, file],
  python: (file) => ['python3', file],
};
const probes: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  php: ['php', '--version'],
  javascript: [process.execPath, '--version'],
  python: ['python3', '--version'],
};

const here = new Set<string>();
for (const { id, label } of receivers) {
  const [program = '', ...args] = probes[id] ?? [];
  if (await works(program, args)) here.add(id);
  else process.stdout.write(`SKIPPED: the documentation's receiver in ${label}, for nothing here can run it\n`);
}

interface Delivery {
  readonly id: number;
  readonly type: string;
  readonly state: string;
  readonly status: number | null;
  readonly answer: string | null;
  readonly request: string;
  readonly event_id: string;
}

describe('the receiver of the documentation page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wagate-receivers-'));
  const ports = new Map<string, number>();
  let app: TestApp;
  beforeAll(async () => {
    for (const { id } of receivers) ports.set(id, await freePort());
    app = await startTestApp({ sandbox: true, env: { EGRESS_PORTS: [...ports.values()].join() } });
  });
  afterAll(async () => {
    await app?.stop();
    rmSync(folder, { recursive: true });
  });

  describe.each(receivers)('in $label', (sample) => {
    const it = test.skipIf(!here.has(sample.id));

    it('takes what the gateway signed, also by either secret during a rotation, and nothing else', async () => {
      const port = ports.get(sample.id) ?? 0;
      const url = `http://127.0.0.1:${port}/`;
      const made = await post<{ id: number; secret: string }>('/webhooks', { url, events: ['message.received'] });
      const path = `/webhooks/${made.id}`;
      let running = await start(sample, made.secret, port);
      const contact = app.network.contact(`62813111${port}`);
      try {
        await contact.send(handset(), 'Halo "dunia" é 🙏');
        const received = await settled(path, 'message.received', 1);
        expect(received).toMatchObject({ state: 'delivered', status: 204 });
        await running.until(`${contact.number}: Halo "dunia" é 🙏`);
        await post(`${path}/test`);
        expect(await settled(path, 'webhook.test', 1)).toMatchObject({ state: 'delivered', status: 204 });
        await running.until('webhook.test');

        const rotated = await post<{ secret: string }>(`${path}/rotate-secret`);
        await post(`${path}/test`);
        expect(await settled(path, 'webhook.test', 2)).toMatchObject({ state: 'delivered', status: 204 });
        await running.stop();
        running = await start(sample, rotated.secret, port);
        await post(`${path}/test`);
        expect(await settled(path, 'webhook.test', 3)).toMatchObject({ state: 'delivered', status: 204 });

        const forge = signer(url, rotated.secret, received.request);
        expect(await forge({})).toBe('204');
        expect(await forge({ body: received.request.replace('dunia', 'bulan') })).toBe('400 bad signature');
        expect(await forge({ id: 'evt_another' })).toBe('400 bad signature');
        expect(await forge({ secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })).toBe('400 bad signature');
        expect(await forge({ at: Date.now() / 1000 - 301 })).toBe('400 bad signature');
        // Time goes on while it is under way.
        expect(await forge({ at: Date.now() / 1000 + 330 })).toBe('400 bad signature');
        expect(await forge({ signature: '' })).toBe('400 bad signature');
        expect(await forge({ headers: false })).toBe('400 bad signature');
        expect(await forge({ signature: (genuine) => `v1,AAAA v2,x ${genuine}` })).toBe('204');
        await running.stop();

        running = await start(sample, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', port);
        await post(`${path}/test`);
        expect(await settled(path, 'webhook.test', 4)).toMatchObject({
          state: 'pending',
          status: 400,
          answer: 'bad signature',
        });
      } finally {
        await running.stop();
      }
    });
  });

  const handset = () => `62898${String(app.deviceId).padStart(8, '0')}`;

  async function post<T = unknown>(path: string, body?: object): Promise<T> {
    const { body: answer } = await app.call('POST', path, body ?? {});
    expect(answer.success, JSON.stringify(answer)).toBe(true);
    return answer.data as T;
  }

  /** The n-th delivery of a type, once it was tried. */
  async function settled(path: string, type: string, nth: number): Promise<Delivery> {
    let found: Delivery | undefined;
    await expect
      .poll(
        async () => {
          const { body } = await app.call('GET', `${path}/deliveries?type=${type}`);
          found = (body.data as unknown as Delivery[]).at(-nth);
          return found !== undefined && (found.status !== null || found.state !== 'pending');
        },
        { timeout: 30_000, interval: 250 },
      )
      .toBe(true);
    if (found === undefined) throw new Error(`no delivery ${nth} of ${type}`);
    return found;
  }

  async function start(sample: ReceiverSample, secret: string, port: number) {
    const file = join(folder, sample.title);
    writeFileSync(file, sample.write(secret));
    const [program, ...args] = programs[sample.id]?.(file, port) ?? [''];
    const child = spawn(program, args, {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = watch(child);
    await running.answers(port);
    return running;
  }
});

/** What a program says, and its end. */
function watch(child: ChildProcess) {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    until: (words: string) => expect.poll(() => text, { timeout: 30_000 }).toContain(words),
    answers: (port: number) =>
      expect
        .poll(
          () =>
            fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' }).then(
              ({ status }) => status,
              () => text,
            ),
          { timeout: 30_000, interval: 100 },
        )
        .toBe(400),
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

interface Forgery {
  readonly body?: string;
  readonly id?: string;
  readonly secret?: string;
  /** Unix seconds. */
  readonly at?: number;
  readonly signature?: string | ((genuine: string) => string);
  readonly headers?: boolean;
}

/** Posts as the gateway does, but for what is said; gives status and answer. The signature is over what was sent at first. */
const signer = (url: string, secret: string, first: string) => async (forgery: Forgery) => {
  const at = String(Math.floor(forgery.at ?? Date.now() / 1000));
  const key = Buffer.from((forgery.secret ?? secret).replace('whsec_', ''), 'base64');
  const genuine = `v1,${createHmac('sha256', key).update(`evt_1.${at}.${first}`).digest('base64')}`;
  const { signature = genuine } = forgery;
  const headers = {
    'webhook-id': forgery.id ?? 'evt_1',
    'webhook-timestamp': at,
    'webhook-signature': typeof signature === 'function' ? signature(genuine) : signature,
  };
  const response = await fetch(url, {
    method: 'POST',
    body: forgery.body ?? first,
    headers: forgery.headers === false ? {} : headers,
  });
  return `${response.status} ${await response.text()}`.trim();
};
