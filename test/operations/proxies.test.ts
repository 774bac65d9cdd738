import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, FormData, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WRONG_A_MINUTE } from '../../src/gateway/entrance.ts';
import { startTestApp } from '../support/app.ts';
import { freePort } from '../support/port.ts';

/** The examples of `deploy/`, run as they are: only names, ports and the certificate are changed. */
const example = (name: string) => readFileSync(join(import.meta.dirname, '../../deploy', name), 'utf8');
const has = (program: string, arg: string) => spawnSync(program, [arg]).status === 0;

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly gateway: number;
}
type Files = { readonly folder: string; readonly cert: string; readonly key: string };

const proxies = {
  nginx: {
    present: has('nginx', '-v'),
    start(ports: Ports, { folder, cert, key }: Files): ChildProcess {
      const server = example('nginx.conf')
        .replace(/^ *listen \[::\].*\n/gm, '')
        .replace('listen 80;', `listen 127.0.0.1:${ports.http};`)
        .replace('listen 443 ssl', `listen 127.0.0.1:${ports.https} ssl`)
        .replaceAll('wa.example.com;', '127.0.0.1;')
        .replace('127.0.0.1:3000', `127.0.0.1:${ports.gateway}`)
        .replace(/ssl_certificate .*;/, `ssl_certificate ${cert};`)
        .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`);
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${folder}/${name};`,
      );
      const conf = join(folder, 'nginx.conf');
      writeFileSync(
        conf,
        `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${temporary.join(' ')}\n${server}\n}`,
      );
      return spawn('nginx', ['-p', folder, '-c', conf, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] });
    },
  },
  caddy: {
    present: has('caddy', 'version'),
    start(ports: Ports, { folder, cert, key }: Files): ChildProcess {
      const site = example('Caddyfile')
        .replace(/^wa\.example\.com \{/m, `https://127.0.0.1:${ports.https} {\n\ttls ${cert} ${key}`)
        .replace('127.0.0.1:3000', `127.0.0.1:${ports.gateway}`);
      const conf = join(folder, 'Caddyfile');
      writeFileSync(conf, `{\n\tadmin off\n\tauto_https disable_redirects\n\thttp_port ${ports.http}\n}\n${site}`);
      const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
      return spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', conf], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    },
  },
} as const;

for (const [name, proxy] of Object.entries(proxies))
  describe.skipIf(!proxy.present)(`behind ${name}`, () => {
    test('the gateway is reached over TLS, sees who calls, and its live stream passes at once', async () => {
      const files = certified(name);
      const [http, https] = [await freePort(), await freePort()];
      const app = await startTestApp({
        sandbox: true,
        env: {
          PUBLIC_URL: `https://127.0.0.1:${https}`,
          TRUSTED_PROXIES: '127.0.0.1',
          METRICS_TOKEN: 'inside only',
        },
      });
      onTestFinished(() => app.stop());
      const child = proxy.start({ http, https, gateway: Number(new URL(app.app.url).port) }, files);
      const complaints = await runs(child, https);
      const dispatcher = new Agent({ connect: { ca: readFileSync(files.cert) } });
      onTestFinished(() => dispatcher.destroy());
      const site = `https://127.0.0.1:${https}`;
      const call = (path: string, init: Parameters<typeof request>[1] = {}) =>
        request(`${site}${path}`, { dispatcher, ...init });

      const ready = await call('/health/ready');
      expect(ready.statusCode).toBe(200);
      expect(ready.headers['strict-transport-security']).toBeDefined();
      await ready.body.dump();
      const figures = await call('/metrics', { headers: { authorization: 'Bearer inside only' } });
      expect(figures.statusCode).toBe(404);
      await figures.body.dump();
      if (name === 'nginx') {
        const plain = await request(`http://127.0.0.1:${http}/x`);
        expect([plain.statusCode, plain.headers.location]).toEqual([301, 'https://127.0.0.1/x']);
        await plain.body.dump();
      }

      // What a caller says about its own address is not believed.
      const signIn = await call('/api/panel/sign-in', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: site, 'x-forwarded-for': '6.6.6.6' },
        body: JSON.stringify({ email: 'owner@localhost', password: 'wrong wrong wrong' }),
      });
      expect(signIn.statusCode).toBe(401);
      await signIn.body.dump();
      const { rows } = await app.store.audit.all('sign_in.failed', 5, 1);
      expect(rows.find(({ kind }) => kind === 'sign_in.failed')).toMatchObject({ address: '127.0.0.1' });

      const authorization = `Bearer ${app.token}`;
      const stream = await call('/api/v1/events', { headers: { authorization } });
      let seen = '';
      const told = (async () => {
        for await (const chunk of stream.body) {
          seen += chunk;
          if (seen.includes('event: message.status')) return;
        }
        throw new Error(`the stream ended: ${seen}`);
      })();
      const sent = await call('/api/v1/send-message', {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ recipient: '628990000001', message: 'through the proxy' }),
      });
      expect(sent.statusCode).toBe(200);
      await sent.body.dump();
      await told;
      stream.body.destroy();

      // Larger than a proxy takes by itself (1 MB), and streamed on.
      const form = new FormData();
      form.append('recipient', '628990000001');
      form.append('file', new Blob([Buffer.alloc(3_000_000, 7)]), 'large.bin');
      const large = await call('/api/v1/send-media', { method: 'POST', headers: { authorization }, body: form });
      expect([large.statusCode, complaints()]).toEqual([200, expect.any(String)]);
      await large.body.dump();
    });
  });

describe.skipIf(!proxies.nginx.present || !has('haproxy', '-v'))('behind nginx and the HAProxy of a cluster', () => {
  /** The callers of this machine that HAProxy believes are nginx alone, so that a stranger can come from here, too. */
  function startHaproxy(port: number, gateway: number, folder: string): ChildProcess {
    const conf = join(folder, 'haproxy.cfg');
    writeFileSync(
      conf,
      example('haproxy.cfg')
        .replace('bind :3000', `bind 127.0.0.1:${port}`)
        .replace('127.0.0.0/8', '127.0.0.1')
        .replace(/^ *server api-2 .*\n/m, '')
        .replace(/server api-1 .*/, `server api-1 127.0.0.1:${gateway} check`),
    );
    return spawn('haproxy', ['-db', '-f', conf], { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  test('the gateway tells callers apart, and believes nobody else what is said of them', async () => {
    const files = certified('haproxy');
    const [http, https, between] = [await freePort(), await freePort(), await freePort()];
    const site = `https://127.0.0.1:${https}`;
    const app = await startTestApp({ env: { PUBLIC_URL: site, TRUSTED_PROXIES: '127.0.0.1' } });
    onTestFinished(() => app.stop());
    await runs(startHaproxy(between, Number(new URL(app.app.url).port), files.folder), between);
    await runs(proxies.nginx.start({ http, https, gateway: between }, files), https);

    const guess = async (localAddress: string, through = site) => {
      const dispatcher = new Agent({ localAddress, connect: { ca: readFileSync(files.cert) } });
      const { statusCode, body } = await request(`${through}/api/panel/sign-in`, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: site, 'x-forwarded-for': '6.6.6.6' },
        body: JSON.stringify({ email: `at-${localAddress}@example.com`, password: 'wrong wrong wrong' }),
      });
      await body.dump();
      await dispatcher.destroy();
      return statusCode;
    };
    for (let i = 0; i < WRONG_A_MINUTE; i++) expect(await guess('127.0.0.2')).toBe(401);
    expect(await guess('127.0.0.2')).toBe(429);
    expect(await guess('127.0.0.3')).toBe(401);
    expect(await guess('127.0.0.4', `http://127.0.0.1:${between}`)).toBe(401);
    const { rows } = await app.store.audit.all('sign_in.failed', 2, 1);
    expect(rows.map(({ address }) => address)).toEqual(['127.0.0.4', '127.0.0.3']);
  });
});

function certified(name: string): Files {
  const folder = mkdtempSync(join(tmpdir(), `wagate-${name}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = { folder, cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const ours = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', files.key, '-out', files.cert, ...ours], {
    stdio: 'ignore',
  });
  return files;
}

/** Waits until it listens, and ends it with the test. Gives what it complains of. */
async function runs(child: ChildProcess, port: number): Promise<() => string> {
  let complaints = '';
  child.stderr?.on('data', (chunk) => (complaints += chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  await listening(port, () => complaints);
  return () => complaints;
}

async function listening(port: number, complaints: () => string): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    // Only asked: who listened here to find out would take the port from the proxy.
    const open = await new Promise<boolean>((resolve) => {
      const probe = connect(port, '127.0.0.1', () => {
        probe.destroy();
        resolve(true);
      });
      probe.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the proxy does not listen: ${complaints()}`);
}
