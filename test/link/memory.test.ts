import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { SealBroken } from '../../src/base/vault.ts';
import { closeCodes } from '../../src/whatsapp/index.ts';
import { createMemory } from '../support/memory.ts';
import { TestDevice } from './device.ts';

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network.stop());

/** The same device in a new process: nothing is kept but what its memory holds. */
const restarted = (device: TestDevice) => new TestDevice(network, device.phone.number, {}, device.memory);

const bundlesAsked = (device: TestDevice) =>
  network.transcript.find(
    ({ direction, device: address, node }) =>
      direction === 'in' &&
      address.startsWith(device.phone.number) &&
      node.attrs.xmlns === 'encrypt' &&
      Array.isArray(node.content) &&
      node.content.some(({ tag }) => tag === 'key'),
  ).length;

describe('what a device remembers', () => {
  it('keeps it the same over a restart: no QR code, no new session, no pre-key of anybody burnt', async () => {
    const device = await new TestDevice(network, '628110004001').pair();
    const contact = network.contact('628150000001', { devices: 1 });
    await device.send(contact.jid, 'satu');
    await contact.nextMessage();
    const before = bundlesAsked(device);
    expect(before).toBeGreaterThan(0);
    await device.close();

    const again = await restarted(device).connect();
    await again.send(contact.jid, 'dua');
    expect((await contact.nextMessage()).text).toBe('dua');
    expect(bundlesAsked(device)).toBe(before);
    expect(again.all('qr')).toEqual([]);
    await again.close();
  });

  it('is told as unreadable when the credentials are broken, and no QR code is shown', async () => {
    const device = await new TestDevice(network, '628110004002').pair();
    await device.close();
    device.memory.spoil('creds');
    const again = restarted(device);
    await expect(again.open()).rejects.toMatchObject({ name: 'UnreadableKeyError' });
    expect(again.events.map(({ type }) => type)).toEqual(['unreadable']);
  });

  it('is told as unreadable when the vault cannot open the credentials', async () => {
    const memory = { ...createMemory(), readCreds: () => Promise.reject(new SealBroken('altered')) };
    const device = new TestDevice(network, '628110004003', {}, memory);
    await expect(device.open()).rejects.toMatchObject({ name: 'UnreadableKeyError' });
    expect(device.events.map(({ type }) => type)).toEqual(['unreadable']);
  });

  it.each(['session ', 'lid-mapping '])('is quarantined over unreadable rows of %s', async (prefix) => {
    const device = await new TestDevice(network, `62811000401${prefix.length}`).pair();
    const contact = network.contact('628150000002');
    await device.send(contact.jid, 'satu');
    await contact.nextMessage();
    await device.close();
    device.memory.spoil(prefix);

    const again = await restarted(device).connect();
    await expect(again.send(contact.jid, 'dua')).rejects.toMatchObject({ code: 'unreadable' });
    await again.next('unreadable');
    expect((await again.next('closed')).code).toBe(closeCodes.unreadable);
    expect(again.all('qr')).toEqual([]);
    expect(contact.messages.map(({ text }) => text)).not.toContain('dua');
  });

  it('takes an unreadable cache of device lists for an empty one', async () => {
    const device = await new TestDevice(network, '628110004019').pair();
    const contact = network.contact('628150000003');
    await device.send(contact.jid, 'satu');
    await contact.nextMessage();
    await device.close();
    device.memory.spoil('device-list list|');
    const again = await restarted(device).connect();
    await again.send(contact.jid, 'dua');
    expect((await contact.nextMessage()).text).toBe('dua');
    await again.close();
  });

  it.each(['throws', 'hangs'] as const)(
    'fails a send when the store %s, before anything is on the wire',
    async (how) => {
      const device = await new TestDevice(network, `62811000402${how.length}`, { storeTimeoutMs: 200 }).pair();
      const contact = network.contact(`62815000003${how.length}`);
      await device.send(contact.jid, 'satu');
      await contact.nextMessage();
      device.memory.fail(how);
      await expect(device.send(contact.jid, 'dua')).rejects.toMatchObject({ code: 'store' });
      device.memory.fail(undefined);
      await device.send(contact.jid, 'tiga');
      expect((await contact.nextMessage()).text).toBe('tiga');
      expect(network.counters.of(contact.number)).toMatchObject({ undecryptable: 0, reusedRatchetSteps: 0 });
      await device.close();
    },
  );

  it('does not call a message unsent whose bookkeeping failed after it was on the wire', async () => {
    const plain = createMemory();
    const memory: typeof plain = Object.create(plain, {
      writeKeys: {
        value: (...[changes, entry]: Parameters<typeof plain.writeKeys>) =>
          changes.some(({ type }) => type === 'sender-key-memory')
            ? Promise.reject(new Error('the disk is full'))
            : plain.writeKeys(changes, entry),
      },
    });
    const device = await new TestDevice(network, '628110004033', {}, memory).pair();
    const contact = network.contact('628150000006');
    const group = network.group('Gudang', [device.phone, contact]);
    await device.send(group.jid, 'sampai');
    expect((await contact.nextMessage()).text).toBe('sampai');
    await device.close();
  });

  it('rejects the opening when the store fails, without taking the device for a new one', async () => {
    const device = await new TestDevice(network, '628110004030').pair();
    await device.close();
    device.memory.fail('throws');
    const again = restarted(device);
    await expect(again.open()).rejects.toMatchObject({ code: 'store' });
    expect(again.events).toEqual([]);
  });

  it('holds the advanced session before the server reads the message', async () => {
    const device = await new TestDevice(network, '628110004031').pair();
    const contact = network.contact('628150000004');
    await device.send(contact.jid, 'satu');
    await contact.nextMessage();
    const session = () =>
      Buffer.concat([...device.memory.rows].filter(([name]) => name.startsWith('session ')).map(([, row]) => row));
    const before = session();
    let atTheServer: Buffer | undefined;
    const off = network.onStanza((_connection, node) => {
      if (node.tag === 'message') atTheServer = session();
      return undefined;
    });
    await device.send(contact.jid, 'dua');
    await contact.nextMessage();
    off();
    expect(atTheServer?.equals(before)).toBe(false);
    expect(atTheServer?.equals(session())).toBe(true);
    await device.close();
  });

  it('stays in time with a contact who writes and is written to at once', async () => {
    const device = await new TestDevice(network, '628110004032').pair();
    const contact = network.contact('628150000005');
    const out = Array.from({ length: 40 }, (_, i) => `keluar ${i}`);
    const into = Array.from({ length: 40 }, (_, i) => `masuk ${i}`);
    const sending = (async () => {
      for (const text of out) await device.send(contact.jid, text);
    })();
    for (const text of into) await contact.send(device.phone.number, text);
    await sending;
    await expect.poll(() => contact.messages.map(({ text }) => text)).toEqual(out);
    await device.until('all messages', () => (device.all('message').length === into.length ? true : undefined));
    expect(device.all('message').map(({ text }) => text)).toEqual(into);
    expect(network.counters.total.undecryptable).toBe(0);
    await device.close();
  });
});
