import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { databaseOf, onPostgres, placeOf } from '../support/own-database.ts';
import { type Program, run } from '../support/process.ts';
import { rows } from '../support/rows.ts';

let network: Network;
let dataDir: string;
let env: Record<string, string>;
let server: Program;
let token: string;

beforeEach(async () => {
  network = await startNetwork();
  dataDir = mkdtempSync(join(tmpdir(), 'wagate-sigterm-'));
  writeFileSync(join(dataDir, 'ca.pem'), network.mediaAuthority);
  env = {
    PORT: '0',
    DATA_DIR: dataDir,
    SANDBOX: 'false',
    WAGATE_NODE: 'one',
    WHATSAPP_URL: network.url,
    WHATSAPP_CA: join(dataDir, 'ca.pem'),
    WHATSAPP_ROOT_KEY: Buffer.from(network.rootKey).toString('hex'),
    ...(await databaseOf(dataDir)),
  };
});
afterEach(async () => {
  await server.end('SIGKILL');
  await network.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

it('finishes or keeps every message when it is asked to stop in the midst of sending', async () => {
  await linkDevice();
  // Stopping is the subject here, not the pace.
  await rows(placeOf(dataDir), 'update device set settings = ?', JSON.stringify({ pacing: { enabled: false } }));

  server = run('src/main.ts', [], env);
  let address = await api();
  const contact = network.contact('628122000222');
  const texts = Array.from({ length: 30 }, (_, index) => `message ${index}`);
  network.faults.delayAcks(150);
  // One answer first, so that the device is known to be connected; then all at once.
  await post(address, contact.number, 'first');
  const posts = texts.map((text) => post(address, contact.number, text));
  await contact.nextMessage();
  await contact.nextMessage();
  server.child.kill('SIGTERM');
  const answers = await Promise.all(posts);
  expect(await server.ended).toBe(0);
  const accepted = texts.filter((_text, index) => answers[index]?.accepted);
  expect(answers.every((answer) => answer.accepted || answer.status === 503 || answer.status === undefined)).toBe(true);

  network.faults.clear();
  server = run('src/main.ts', [], env);
  address = await api();
  const last = await post(address, contact.number, 'the last');
  expect(last.accepted).toBe(true);
  while ((await contact.nextMessage()).text !== 'the last');
  const received = contact.messages.map((message) => message.text);
  expect(accepted.length).toBeGreaterThan(2);
  expect(received.filter((text) => accepted.includes(text ?? '')).sort()).toEqual([...accepted].sort());
  expect(network.counters.total.undecryptable).toBe(0);
});

it('ends at once at a second signal, and loses nothing by it', async () => {
  await linkDevice();

  server = run('src/main.ts', [], env);
  const address = await api();
  // Neither an acknowledgement nor a receipt.
  const silent = network.contact('628122000222');
  silent.autoReceipts = 'none';
  network.faults.loseAcks();
  const waiting = post(address, silent.number, 'nobody answers it');
  await silent.nextMessage();
  server.child.kill('SIGTERM');
  await server.line(/"stopping"/);
  // A node of several goes on answering until its devices are with others.
  if (!onPostgres())
    await expect.poll(async () => (await post(address, silent.number, 'too late')).status).not.toBe(202);
  // The acknowledgement would be waited for, and the stop end with 0.
  const again = setInterval(() => server.child.kill('SIGTERM'), 100);
  expect(await server.ended.finally(() => clearInterval(again))).toBe(1);
  // Whether it still got its answer, accepted and pending, is a matter of which was faster.
  expect([202, undefined]).toContain((await waiting).status);

  network.faults.clear();
  server = run('src/main.ts', [], env);
  await api();
  await expect.poll(() => silent.messages[0]?.again).toBe(1);
  expect(silent.messages.map(({ text }) => text)).toEqual(['nobody answers it']);
});

async function linkDevice(): Promise<void> {
  const created = run('src/cli.ts', ['device', 'create', '--json'], env);
  await created.ended;
  const device = JSON.parse(created.lines.at(-1) ?? '');
  token = device.token;
  const linking = run('src/cli.ts', ['device', 'link', String(device.id), '--json'], env);
  await network.phone('628111000111').scan(JSON.parse(await linking.line(/"qr"/)).qr);
  await linking.ended;
}

const api = async () => (await server.line(/^ {2}API /)).trim().split(/\s+/)[1] ?? '';

async function post(address: string, recipient: string, message: string) {
  try {
    const response = await fetch(`${address}/send-message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ recipient, message, show_typing: false, when_offline: 'hold' }),
    });
    return { status: response.status, accepted: response.status === 200 || response.status === 202 };
  } catch {
    // The connection was refused or cut: the request may or may not have been read.
    return { status: undefined, accepted: false };
  }
}
