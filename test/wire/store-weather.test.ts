import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { failure } from '../../src/base/errors.ts';
import type { DeviceMemory, Owner, Store } from '../../src/store/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { placeOf } from '../support/own-database.ts';
import { rows } from '../support/rows.ts';

/** What the store does with the keys of one device; all others have good weather. */
type Weather = 'good' | 'fails' | 'hangs';

describe('when the store has trouble with one device', () => {
  let app: TestApp;
  let weather: Weather = 'good';
  let struck = 0;
  const held: (() => void)[] = [];
  let refusals = 0;

  const storeManners = (store: Store): Store => ({
    ...store,
    messages: {
      ...store.messages,
      async markFailed(...which) {
        if (refusals > 0) {
          refusals -= 1;
          throw failure('temporarily_unavailable');
        }
        return store.messages.markFailed(...which);
      },
    },
    deviceMemory(owner: Owner): DeviceMemory {
      const memory = store.deviceMemory(owner);
      return {
        ...memory,
        async writeKeys(changes, journal) {
          if (owner.device_id === struck && weather === 'fails') throw new Error('disk I/O error');
          if (owner.device_id === struck && weather === 'hangs')
            await new Promise<void>((resolve) => held.push(resolve));
          return memory.writeKeys(changes, journal);
        },
      };
    },
  });

  afterEach(async () => {
    weather = 'good';
    for (const release of held.splice(0)) release();
    await app.stop();
  });

  const post = (token: string, recipient: string, message: string, more: object = {}) =>
    fetch(`${app.url}/api/v1/send-message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ recipient, message, show_typing: false, ...more }),
    }).then(({ status }) => ({ status }));

  it.each(['fails', 'hangs'] as const)(
    'a store that %s holds up that device alone, loses nothing, and says so',
    async (manner) => {
      app = await startTestApp({ hands: { storeManners }, env: { SEND_WAIT_SECONDS: '30' } });
      const other = await app.addDevice('6281234567891');
      const otherToken = await app.app.devices.issueToken(app.account.id, other.id);
      const contact = app.network.contact('6281400000001');
      await post(app.token, contact.number, 'before');
      await contact.nextMessage();

      struck = app.deviceId;
      weather = manner;
      const troubled = new Promise<void>((resolve) => {
        const off = app.events.on('device.health', ({ deviceId }) => {
          if (deviceId !== struck) return;
          off();
          resolve();
        });
      });
      const waiting = post(app.token, contact.number, 'through the storm');
      await troubled;
      const device = await app.call('GET', '/device');
      expect(device.body.data.health).toMatchObject({ status: 'critical', notices: [{ code: 'store' }] });
      // A neighbour notices nothing.
      expect((await post(otherToken, '6281400000001', 'from the neighbour')).status).toBe(200);
      expect((await contact.nextMessage()).text).toBe('from the neighbour');

      weather = 'good';
      for (const release of held.splice(0)) release();
      expect((await waiting).status).toBe(200);
      expect((await contact.nextMessage()).text).toBe('through the storm');
      expect((await app.call('GET', '/device')).body.data).toMatchObject({
        device: { status: 'connected' },
        health: { status: 'ok' },
      });
      expect(app.network.counters.total).toMatchObject({ undecryptable: 0, reusedIds: 0, reusedRatchetSteps: 0 });
    },
  );

  it('a refusal by WhatsApp is kept although the database was away for a moment: it goes out no second time', async () => {
    app = await startTestApp({ hands: { storeManners }, env: { SEND_WAIT_SECONDS: '30' } });
    const stranger = app.network.contact('6281400000003');
    app.network.faults.refuse(463, { chat: stranger.number, times: 1 });
    let stanzas = 0;
    app.network.onStanza((_connection, { tag, attrs }) => {
      if (tag === 'message' && attrs.to?.startsWith(stranger.number)) stanzas += 1;
      return undefined;
    });
    refusals = 1;
    const answer = await app.call('POST', '/send-message', {
      recipient: stranger.number,
      message: 'may I?',
      show_typing: false,
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'refused_by_whatsapp']);
    const { body } = await app.call('GET', '/messages?limit=1');
    expect(body.data).toMatchObject([{ state: 'failed', error_code: 'refused_by_whatsapp' }]);
    expect([refusals, stanzas, stranger.messages.length]).toEqual([0, 1, 0]);
  });

  it('a key that can not be read sets the device apart, asks for no new QR, and keeps what waits', async () => {
    const network = await startNetwork();
    onTestFinished(() => network.stop());
    app = await startTestApp({ network });
    const contact = app.network.contact('6281400000002');
    await post(app.token, contact.number, 'before');
    await contact.nextMessage();
    await app.app.stop();

    const database = placeOf(app.dataDir);
    const sound = await rows<{ key_id: string; sealed_value: Uint8Array }>(
      database,
      "select key_id, sealed_value from device_key where type = 'session'",
    );
    expect(sound.length).toBeGreaterThan(0);
    await rows(database, "update device_key set sealed_value = ? where type = 'session'", Buffer.alloc(1));

    const again = await startTestApp({ dataDir: app.dataDir, network, untilConnected: false });
    await again.until(() => again.fleet.state(again.deviceId).is === 'connected', 'the connection', 20_000);
    const sent = await again.call('POST', '/send-message', {
      recipient: contact.number,
      message: 'kept',
      show_typing: false,
      async: true,
      when_offline: 'hold',
    });
    await again.until(() => again.fleet.state(again.deviceId).is === 'down', 'the device to be set apart', 20_000);
    expect(again.fleet.state(again.deviceId)).toMatchObject({ is: 'down', reason: 'unreadable' });
    const described = await again.call('GET', '/device');
    expect(described.body.data).toMatchObject({
      device: { status: 'disconnected' },
      health: { status: 'critical', notices: [{ code: 'down' }] },
    });
    expect((await again.call('GET', `/messages/${sent.body.data.id}`)).body.data).toMatchObject({ status: 'pending' });
    await again.app.stop();

    // The administrator restores the keys: the device goes on as if nothing had been.
    const restore = "update device_key set sealed_value = ? where type = 'session' and key_id = ?";
    for (const { key_id, sealed_value } of sound) await rows(database, restore, sealed_value, key_id);
    app = await startTestApp({ dataDir: app.dataDir, network });
    expect((await contact.nextMessage({ timeoutMs: 20_000 })).text).toBe('kept');
    expect(app.network.phone('6281234567890').devices().length).toBe(1);
  });
});
