import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatorClient } from '../../simulator/client.ts';
import { startNetwork } from '../../simulator/index.ts';
import { Client, textOf } from './client.ts';

const PHONE = '6281100000001';
const OTHER = '6281200000001';

describe('a network with storage', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulator-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is the same network after a restart', async () => {
    const storage = join(folder, 'network.db');
    const first = await startNetwork({ storage });
    const client = await new Client(first).pair(PHONE);
    const contact = first.contact(OTHER, { name: 'Ani', devices: 1 });
    const group = first.group('Kantor', [contact, PHONE]);
    await client.sock.sendMessage(contact.jid, { text: 'before' });
    await contact.nextMessage();
    await contact.send(PHONE, 'answer');
    await client.message((one) => textOf(one) === 'answer');
    await client.sock.sendMessage(group.jid, { text: 'group before' });
    await contact.nextMessage();
    const document = Buffer.from('kept bytes');
    await client.sock.sendMessage(contact.jid, { document, mimetype: 'text/plain' });
    await contact.nextMessage();
    await client.sock.end(undefined);
    await contact.send(PHONE, 'while you were away');
    const port = Number(new URL(first.url).port);
    await first.stop();

    const second = await startNetwork({ storage, port });
    expect(second.rootKey).toEqual(first.rootKey);
    expect(second.certificate).toEqual(first.certificate);
    expect(second.mediaAuthority).toBe(first.mediaAuthority);
    const again = second.contact(OTHER);
    expect(again.name).toBe('Ani');
    expect(again.messages.map((one) => one.text)).toEqual(['before', 'group before', undefined]);
    expect(await again.media(again.messages[2] as never)).toEqual(document);
    await client.reconnect();
    await client.message((one) => textOf(one) === 'while you were away');
    await client.sock.sendMessage(again.jid, { text: 'after' });
    expect((await again.nextMessage()).copies.size).toBe(2);
    await client.sock.sendMessage(group.jid, { text: 'group after' });
    expect((await again.nextMessage()).text).toBe('group after');
    await again.send(group.jid, 'from the contact');
    await client.message((one) => textOf(one) === 'from the contact');
    expect(second.counters.total.undecryptable).toBe(0);
    expect([...first.errors, ...second.errors]).toEqual([]);
    await client.stop();
    await second.stop();
  });

  it('survives kill -9 as a process of its own, driven over the admin port', async () => {
    const flags = ['--storage', join(folder, 'network.db'), '--ca', join(folder, 'ca.pem')];
    let simulator = await startProcess(flags);
    const { ready } = simulator;
    const target = {
      url: ready.url,
      mediaAuthority: readFileSync(ready.ca, 'utf8'),
      rootKey: Buffer.from(ready.rootKey, 'base64'),
    };
    const admin = new SimulatorClient(ready.adminUrl);
    const client = new Client(target).connect();
    const { phone } = await admin.scanQr(await client.qr());
    await client.closed();
    await client.reconnect();
    await admin.contact(OTHER).create({ name: 'Ani' });
    const jid = `${OTHER}@s.whatsapp.net`;
    await client.sock.sendMessage(jid, { text: 'before' });
    expect(await admin.contact(OTHER).nextMessage()).toMatchObject({ text: 'before', from: phone });
    await admin.contact(OTHER).send(phone, { text: 'answer' });
    await client.message((one) => textOf(one) === 'answer');

    simulator.process.kill('SIGKILL');
    await client.closed();
    const ports = ['--port', new URL(ready.url).port, '--admin-port', new URL(ready.adminUrl).port];
    simulator = await startProcess([...flags, ...ports]);
    await client.reconnect();
    await client.sock.sendMessage(jid, { image: PIXEL, caption: 'after', jpegThumbnail: '' });
    const after = await admin.contact(OTHER).nextMessage();
    expect(after.text).toBe('after');
    expect(await admin.contact(OTHER).media(after.whatsappId)).toEqual(PIXEL);
    expect((await admin.contact(OTHER).messages()).map((one) => one.text)).toEqual(['before', 'after']);
    const fault = await admin.fault('loseAcks', { chat: OTHER });
    await client.sock.sendMessage(jid, { text: 'unacknowledged' });
    await admin.contact(OTHER).nextMessage();
    expect(await fault.end()).toBe(1);
    expect((await admin.counters()).total).toMatchObject({ undecryptable: 0, redelivered: 0 });
    expect(await admin.connected()).toEqual([`${phone}:1`]);
    await admin.disconnect(503);
    expect(await client.closed()).toBe(503);
    expect(await admin.errors()).toEqual([]);
    await expect(admin.contact(OTHER).media('none')).rejects.toThrow('no such message');

    simulator.process.kill('SIGTERM');
    const [code] = await once(simulator.process, 'exit');
    expect(code).toBe(0);
    await client.stop();
  });
});

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

interface Ready {
  readonly url: string;
  readonly adminUrl: string;
  readonly ca: string;
  readonly rootKey: string;
}

async function startProcess(flags: string[]): Promise<{ process: ChildProcess; ready: Ready }> {
  const child = spawn(process.execPath, ['simulator/main.ts', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { process: child, ready: JSON.parse(String(line)) as Ready };
}
