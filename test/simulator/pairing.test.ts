import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { Client } from './client.ts';

const PHONE = '6281100000001';

describe('linking a client', () => {
  let network: Network;
  let client: Client;

  beforeEach(async () => {
    network = await startNetwork();
    client = new Client(network);
  });
  afterEach(async () => {
    await client.stop();
    await network.stop();
    expect(network.errors).toEqual([]);
  });

  it('links by QR and opens', async () => {
    await client.pair(PHONE);
    expect(client.auth.creds.me?.id).toBe(`${PHONE}:1@s.whatsapp.net`);
    expect(client.auth.creds.me?.lid).toBe(network.phone(PHONE).lid.replace('@', ':1@'));
    expect(network.phone(PHONE).devices()).toEqual([{ id: 1, address: `${PHONE}:1`, isConnected: true }]);
  });

  it('tells the client its own name and gives it the history, so that no start waits twenty seconds', async () => {
    network.phone(PHONE, { name: 'Budi' });
    await client.pair(PHONE);
    await client.until('the name', () => client.auth.creds.me?.name === 'Budi' || undefined);
    await client.until('the first sync', () => (client.auth.creds.accountSyncCounter ?? 0) > 0 || undefined);
    expect(client.auth.creds.myAppStateKeyId).toBeTruthy();
  });

  it('passes a new name on through the app state', async () => {
    await client.pair(PHONE);
    await client.until('the first sync', () => (client.auth.creds.accountSyncCounter ?? 0) > 0 || undefined);
    await network.phone(PHONE).rename('Siti');
    await client.until('the new name', () => client.auth.creds.me?.name === 'Siti' || undefined);
  });

  it('links by code, after a wrong one was refused', async () => {
    const phone = network.phone(PHONE);
    client.connect();
    await client.qr();
    const code = await client.sock.requestPairingCode(PHONE);
    await expect(phone.enterCode('WRONGCOD')).rejects.toThrow('wrong pairing code');
    const device = await phone.enterCode(code);
    expect(device.id).toBe(2);
    expect(await client.closed()).toBe(515);
    await client.reconnect();
    expect(client.auth.creds.registered).toBe(true);
  });

  it('refuses a QR code that no client shows', async () => {
    client.connect();
    const qr = await client.qr();
    await client.sock.end(undefined);
    await expect(network.phone(PHONE).scan(qr.replace('2@', '2@x'))).rejects.toThrow('no connected client');
    await expect(network.phone(PHONE).scan('hello')).rejects.toThrow('no WhatsApp QR code');
  });

  it('unlinks from the phone with 401, and the device cannot come back', async () => {
    await client.pair(PHONE);
    network.phone(PHONE).unlink();
    expect(await client.closed()).toBe(401);
    client.connect();
    expect(await client.closed()).toBe(401);
    expect(network.phone(PHONE).devices()).toEqual([]);
  });

  it('lets the client log out', async () => {
    await client.pair(PHONE);
    await client.sock.logout();
    expect(await client.closed()).toBe(401);
    client.connect();
    expect(await client.closed()).toBe(401);
    expect(network.phone(PHONE).devices()).toEqual([]);
  });

  it('replaces the older of two connections of one device with 440', async () => {
    await client.pair(PHONE);
    const second = new Client(network, {}, client.auth);
    await second.reconnect();
    expect(await client.closed()).toBe(440);
    await second.stop();
  });
});
