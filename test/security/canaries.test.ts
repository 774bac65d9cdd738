import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOTP } from 'otpauth';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { createLog } from '../../src/base/log.ts';
import { createBrowser } from '../panel/support/browser.ts';
import { listen } from '../panel/support/live.ts';
import { databaseOf } from '../support/own-database.ts';
import { run } from '../support/process.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { tell } from './figures.ts';

/**
 * The program itself, at its most talkative level, with everything that it says on either stream kept. What must never be said is planted
 * in all that goes through it, and looked for in the log, in the figures for Prometheus, and in what others are answered and told.
 */
/** Not the number that the sentences name as an example. */
const OWN = '6281299887766';

const planted: { readonly what: string; readonly word: string }[] = [];
function plant(what: string, word = `${what.replace(/\W/g, '')}${randomBytes(6).toString('hex')}`): string {
  planted.push({ what, word });
  return word;
}

test('100 canaries and more go through the whole program, and none is in its log, figures, errors or others’ webhooks', async () => {
  const network = await startNetwork();
  const receiver = await startReceiver();
  const dataDir = mkdtempSync(join(tmpdir(), 'wagate-canaries-'));
  writeFileSync(join(dataDir, 'ca.pem'), network.mediaAuthority);
  const program = run('src/main.ts', [], {
    PORT: '0',
    DATA_DIR: dataDir,
    ...(await databaseOf(dataDir)),
    LOG_LEVEL: 'trace',
    SANDBOX: 'false',
    NODE_ENV: 'production',
    SEND_WAIT_SECONDS: '1',
    MASTER_KEY: plant('master key', randomBytes(32).toString('hex')),
    METRICS_TOKEN: plant('metrics token'),
    SMTP_URL: `smtp://user:${plant('mail password')}@127.0.0.1:1`,
    S3_ENDPOINT: 'http://127.0.0.1:1',
    S3_BUCKET: 'b',
    S3_KEY: 'k',
    S3_SECRET: plant('bucket secret'),
    EGRESS_ALLOW: '127.0.0.0/8',
    EGRESS_PORTS: `80,443,${receiver.port}`,
    WHATSAPP_URL: network.url,
    WHATSAPP_CA: join(dataDir, 'ca.pem'),
    WHATSAPP_ROOT_KEY: Buffer.from(network.rootKey).toString('hex'),
  });
  onTestFinished(async () => {
    await program.end('SIGKILL');
    await receiver.stop();
    await network.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const url = /https?:\S+(?=\/api\/v1)/.exec(await program.line(/^ {2}API /))?.[0] ?? '';
  const signIn = /wagl_\w+/.exec(await program.line(/\/sign-in\/wagl_/))?.[0] ?? '';
  const owner = createBrowser({ url });
  const answers: string[] = [];

  // People: passwords, a second factor, links, sessions.
  await owner.post('/sign-in/link', { token: signIn });
  const email = 'pemilik@example.com';
  await owner.ok('PUT', '/me/email', { email });
  const password = plant('password');
  await owner.ok('PUT', '/me/password', { password });
  for (let n = 0; n < 6; n++) answers.push((await createBrowser({ url }).signIn(email, plant('wrong password'))).text);
  const { secret } = await owner.post<{ secret: string }>('/me/totp');
  plant('totp secret', secret);
  const code = () => new TOTP({ secret, algorithm: 'SHA1', digits: 6, period: 30 }).generate();
  const { recovery_codes: codes } = await owner.post<{ recovery_codes: string[] }>('/me/totp/confirm', {
    code: code(),
  });
  for (const one of codes) plant('recovery code', one);
  expect((await owner.call('POST', '/sign-in', { body: { email, password, code: codes[0] } })).status).toBe(200);
  plant('session', owner.cookie.split('=')[1]);
  const { link } = await owner.post<{ link: string }>('/invitations', { email: 'tamu@example.com', role: 'viewer' });
  plant('invitation', link.split('/').at(-1));
  await createBrowser({ url }).call('POST', '/password/forgot', { body: { email } });

  // A device: QR texts, a pairing code, tokens.
  const { id } = await owner.post<{ id: number }>('/devices', { name: 'Toko', kind: 'whatsapp' });
  const live = await listen({ url } as never, owner);
  await owner.post(`/devices/${id}/link`);
  const isOf = ({ data, name }: { data: Record<string, unknown>; name: string }) => name === 'device' && data.id === id;
  const liveOf = (data: unknown) =>
    (data as { live: { status: string; qr: { text: string } | null; caught_up: boolean } }).live;
  const { data } = await live.next('a QR code', (event) => isOf(event) && liveOf(event.data).qr !== null, 60_000);
  const qr = plant('QR text', liveOf(data).qr?.text);
  for (const part of qr.split(',').filter((one) => one.length >= 16)) plant('part of the QR text', part);
  await network.phone(plant('own number', OWN)).scan(qr);
  await live.next('the connection', (event) => isOf(event) && liveOf(event.data).caught_up, 60_000);
  const { token: first } = await owner.post<{ token: string }>(`/devices/${id}/token`);
  plant('old token', first);
  const { token } = await owner.post<{ token: string }>(`/devices/${id}/token`);
  plant('token', token);
  const api = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };

  // A webhook whose address and answers hold secrets.
  const key = plant('webhook key');
  receiver.behave(`/hook?key=${key}`, (response) =>
    response.writeHead(500, { 'x-a': plant('answer header') }).end(plant('answer body')),
  );
  const hook = await api('POST', '/api/v1/webhooks', {
    url: receiver.url(`/hook?key=${key}`),
    events: ['message.received', 'message.status'],
  });
  plant('webhook secret', JSON.parse(hook.text).data.secret);

  // Messages to twenty people, and from ten.
  for (let n = 0; n < 20; n++) {
    const recipient = plant('number', `62813${randomBytes(4).readUInt32BE().toString().padStart(10, '1').slice(0, 8)}`);
    network.contact(recipient);
    await api('POST', '/api/v1/send-message', { recipient, message: plant('text'), async: n > 3 });
  }
  const form = new FormData();
  form.append('recipient', planted.at(-2)?.word ?? '');
  form.append('caption', plant('caption'));
  form.append('file', new Blob([plant('file')]), `${plant('file name')}.txt`);
  await fetch(`${url}/api/v1/send-media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  for (let n = 0; n < 10; n++) {
    const sender = network.contact(
      plant('sender', `62812${randomBytes(4).readUInt32BE().toString().padStart(10, '1').slice(0, 8)}`),
      {
        name: plant('push name'),
      },
    );
    await sender.send(OWN, plant('received text'));
  }
  await receiver.until(
    () => receiver.received.length >= 5 && receiver.received.some(({ json }) => json.type === 'message.received'),
    'deliveries',
  );

  // Requests that fail, with what must not be said where it should not be.
  const bad: [string, string, unknown?, Record<string, string>?][] = [
    ['POST', '/api/v1/send-message', `{"message": "${plant('broken JSON')}"`],
    ['POST', '/api/v1/send-message', { recipient: 'huruf', message: plant('refused text') }],
    ['POST', '/api/v1/send-message', { message: `${plant('large text')}${'x'.repeat(1_100_000)}` }],
    [
      'POST',
      '/api/v1/send-media',
      { recipient: '62812', media_url: `https://u:${plant('URL password')}@example.com/` },
    ],
    ['GET', `/api/v1/${plant('unknown path')}`],
    ['GET', `/api/v1/messages?ref=${plant('query')}&page=x`],
    ['GET', `/api/v1/device?token=${plant('token in a query')}`, undefined, { authorization: '' }],
    ['GET', '/api/v1/device', undefined, { authorization: `Bearer ${plant('made-up token')}` }],
    ['GET', '/api/v1/device', undefined, { authorization: `Bearer ${first}`, cookie: `a=${plant('cookie')}` }],
    ['POST', '/api/v1/messages', 'x', { 'content-type': plant('content type') }],
    ['GET', `/media/${plant('media link')}`],
    ['GET', `/sign-in/${plant('sign-in path')}`],
    ['POST', '/api/panel/sign-in/link', { token: plant('sign-in link') }, { 'sec-fetch-site': 'same-origin' }],
    [
      'POST',
      '/api/v1/send-message',
      { recipient: '6281300000099', message: 'x' },
      { 'idempotency-key': plant('idempotency key') },
    ],
  ];
  for (const [method, path, body, headers] of bad) answers.push((await api(method, path, body, headers)).text);
  await owner.post('/people/export', { person: '6281300000099' });
  await owner.post('/people/erase', { person: '6281300000099', confirm: '6281300000099' });

  const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${planted[1]?.word}` } });
  const figures = await metrics.text();
  expect([metrics.status, figures.includes('wagate')]).toEqual([200, true]);
  await live.stop();
  expect(await program.end('SIGTERM')).toBe(0);

  const log = program.lines.join('\n');
  // It was talkative: each request, at the least, stands in it.
  expect(program.lines.filter((line) => line.includes('"answered"')).length).toBeGreaterThan(50);
  expect(log).toContain('/api/v1/send-message');
  expect(planted.length).toBeGreaterThanOrEqual(100);
  expect(planted.every(({ word }) => word !== undefined && word.length >= 8)).toBe(true);
  const isIn = (text: string) => planted.filter(({ word }) => text.includes(word)).map(({ what }) => what);
  expect(isIn(log)).toEqual([]);
  // Said once, at the first start, for whoever starts it.
  expect(log.split(signIn).length - 1).toBe(1);
  expect(isIn(figures)).toEqual([]);
  // An error repeats nothing but what the caller may read: a field's own words never come back.
  expect(isIn(answers.join('\n'))).toEqual([]);
  // What the endpoint was told has no token and no secret in it; the texts are its own.
  const told = receiver.received.map(({ body, headers }) => body + JSON.stringify(headers)).join('\n');
  const secrets = /token|secret|password|session|QR|key|code|invitation/i;
  expect(isIn(told).filter((what) => secrets.test(what))).toEqual([]);
  expect(isIn(told)).toContain('received text');
  tell('canaries planted', planted.length);
  tell('canaries found', 0);
});

test('the log writes what is on its list and nothing else; without the list it would', () => {
  const said: string[] = [];
  const destination = { write: (line: string) => said.push(line) };
  const secret = { body: 'isi-rahasia', token: 'wag_rahasia', qr: '2@rahasia', headers: { authorization: 'rahasia' } };
  createLog('trace', destination).info({ ...secret, phone: '6281234567789', status: 200 }, 'answered');
  expect(said.join('')).not.toContain('rahasia');
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ msg: 'answered', phone: '6281***789', status: 200 });
  pino({ level: 'trace' }, destination).info(secret, 'answered');
  expect(said[1]).toContain('isi-rahasia');
});
