import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { TestDevice } from './device.ts';

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network.stop());

describe('linking a device', () => {
  it('shows a QR code, is paired by the phone that scans it, and is open after the restart', async () => {
    const device = new TestDevice(network, '628110000001');
    await device.open();
    const { qr, expiresAt } = await device.next('qr');
    expect(expiresAt - Date.now()).toBeGreaterThan(50_000);
    await device.phone.scan(qr);

    const paired = await device.next('paired');
    expect(paired).toMatchObject({ phone: '628110000001', lid: device.phone.lid });
    expect(device.memory.creds).toBeDefined();
    const closed = await device.next('closed');
    expect(closed.code).toBe(515);
    expect(device.events.at(-1)).toBe(closed);

    await device.open();
    expect(await device.next('open')).toMatchObject({ phone: '628110000001', lid: device.phone.lid });
    await device.next('caught_up');
    expect(device.all('qr')).toEqual([]);
    await device.close();
  });

  it('is paired by a code typed on the phone', async () => {
    const device = new TestDevice(network, '628110000002');
    await device.open();
    await device.next('qr');
    const code = await device.link.pairing.request('628110000002');
    expect(code).toMatch(/^[0-9A-Z]{8}$/);
    await device.phone.enterCode(code);
    await device.next('paired');
    await device.next('closed', (event) => event.code === 515);
    await device.connect();
    await device.close();
  });

  it('gives no code before a QR code is shown', async () => {
    const device = new TestDevice(network, '628110000003');
    await device.open();
    await expect(device.link.pairing.request('628110000003')).rejects.toMatchObject({ code: 'rejected' });
    expect((await device.next('qr')).qr).toContain(',');
    await device.close();
  });

  it('shows a QR code again after a pairing by code that nobody finished', async () => {
    const device = new TestDevice(network, '628110000004');
    await device.open();
    await device.next('qr');
    await device.link.pairing.request('628110000004');
    await device.close();
    await device.open();
    await device.next('qr');
    await device.close();
  });

  it('does not call itself paired before its credentials are kept', async () => {
    const device = new TestDevice(network, '628110000008');
    await device.open();
    const { qr } = await device.next('qr');
    device.memory.fail('throws');
    await Promise.allSettled([device.phone.scan(qr), device.next('closed')]);
    expect(device.all('paired')).toEqual([]);
    expect(device.memory.creds).toBeUndefined();
  });

  it('is told when it is unlinked on the phone, and unlinks itself', async () => {
    const device = await new TestDevice(network, '628110000005').pair();
    device.phone.unlink();
    expect((await device.next('closed')).code).toBe(401);

    const other = await new TestDevice(network, '628110000006').pair();
    await other.link.logOut();
    expect((await other.next('closed')).code).toBe(401);
    await expect.poll(() => other.phone.devices()).toEqual([]);
  });

  it('knows its own name after the first login', async () => {
    const device = new TestDevice(network, '628110000007');
    network.phone('628110000007', { name: 'Toko Maju' });
    await device.pair();
    await expect.poll(() => Buffer.from(device.memory.creds ?? []).toString()).toContain('Toko Maju');
    await device.close();
    await device.connect();
    expect((await device.next('open')).name).toBe('Toko Maju');
    await device.close();
  });
});
