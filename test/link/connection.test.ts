import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mediaAuthority } from '../../simulator/authority.ts';
import { type Connection, type Network, type Stanza, startNetwork } from '../../simulator/index.ts';
import { openStore } from '../../simulator/store.ts';
import { judgeDisconnect } from '../../src/whatsapp/index.ts';
import { TestDevice } from './device.ts';
import { textFile } from './files.ts';

let network: Network;
let strays: unknown[] = [];
const stray = (reason: unknown) => strays.push(reason);
beforeAll(async () => {
  network = await startNetwork();
  process.on('unhandledRejection', stray);
});
afterAll(async () => {
  await network.stop();
  process.off('unhandledRejection', stray);
});
afterEach(() => {
  network.faults.clear();
  const seen = strays;
  strays = [];
  expect(seen, 'nothing may be rejected without anybody listening').toEqual([]);
});

/** Does something to the device's connection the next time that it says something. */
function onConnection(device: TestDevice, act: (connection: Connection) => void): Promise<void> {
  return new Promise((resolve) => {
    const off = network.onStanza((connection) => {
      if (!connection.device?.startsWith(device.phone.number)) return undefined;
      off();
      act(connection);
      resolve();
      return undefined;
    });
  });
}

describe('the end of a connection', () => {
  it.each([402, 403, 405, 406, 408, 409, 411, 428, 440, 500, 501, 503])('is told with the code %i', async (code) => {
    const device = await new TestDevice(network, `628110001${code}`).pair();
    network.faults.disconnect(code, device.phone.number);
    const closed = await device.next('closed');
    expect(closed.code).toBe(code);
    expect(device.events.at(-1)).toBe(closed);
    if (code === 402) expect(closed.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
    await expect(device.send(device.jid, 'halo')).rejects.toMatchObject({ code: 'closed' });
    await device.close();
  });

  it.each([401, 402, 403, 405, 406, 503])('is told when the login is refused with %i', async (code) => {
    const device = await new TestDevice(network, `628110002${code}`).pair();
    await device.close();
    network.faults.failLogin(code, { account: device.phone.number });
    await device.open();
    expect((await device.next('closed')).code).toBe(code);
  });

  it.each([403, 429, 503])('is told when the upgrade is answered with HTTP %i', async (status) => {
    const device = new TestDevice(network, '628110003001');
    network.faults.refuseUpgrade(status);
    await device.open();
    const closed = await device.next('closed');
    expect(closed).toMatchObject({ code: 503, error: { message: expect.stringContaining(String(status)) } });
  });

  it('is told when nobody listens there, and while pairing that is not a used-up QR code', async () => {
    const device = new TestDevice(network, '628110003002');
    device.route = { ...device.route, url: 'ws://127.0.0.1:1/ws/chat' };
    await device.open();
    expect((await device.next('closed')).code).toBe(408);

    device.route = { ...device.route, url: network.url };
    await device.open();
    await device.next('qr');
    network.cut();
    expect((await device.next('closed')).code).toBe(428);
  });

  it('is told when the login is never answered', async () => {
    const paired = await new TestDevice(network, '628110003003').pair();
    await paired.close();
    network.faults.withholdSuccess({ account: paired.phone.number });
    const device = new TestDevice(network, paired.phone.number, { loginTimeoutMs: 300 }, paired.memory);
    await device.open();
    expect((await device.next('closed')).code).toBe(428);
  });

  it('is told when the peer falls silent', async () => {
    const device = await new TestDevice(network, '628110003004', { keepAliveMs: 200 }).pair();
    network.faults.silence({ account: device.phone.number });
    const closed = await device.next('closed');
    expect(closed.code).toBe(408);
    expect(judgeDisconnect(closed.code, { pairing: false, recent: 1 }).action).toBe('back_off');
  });

  it('is told when the stream breaks: a frame that does not open', async () => {
    const device = await new TestDevice(network, '628110003005').pair();
    const done = onConnection(device, (connection) => connection.sendGarbage(randomBytes(40)));
    await device.link.showPresence(device.jid, 'composing');
    await done;
    expect((await device.next('closed')).code).toBe(500);
  });

  it('does not come from a stanza that makes no sense', async () => {
    const device = await new TestDevice(network, '628110003006').pair();
    const contact = network.contact('628140000001');
    const hostile: Stanza[] = [
      { tag: 'message', attrs: {} },
      { tag: 'message', attrs: { id: 'x', from: 'nowhere' } },
      { tag: 'notification', attrs: { type: 'encrypt', from: 's.whatsapp.net', id: '1' } },
      { tag: 'notification', attrs: { type: 'mediaretry', from: contact.jid, id: '2' } },
      { tag: 'notification', attrs: { type: 'account_sync', from: contact.jid, id: '3' } },
      { tag: 'receipt', attrs: {} },
      { tag: 'receipt', attrs: { type: 'retry', from: contact.jid, id: 'x' } },
      { tag: 'call', attrs: { from: contact.jid, id: '4' }, content: [{ tag: 'offer', attrs: {} }] },
      {
        tag: 'ib',
        attrs: {},
        content: [
          { tag: 'dirty', attrs: {} },
          { tag: 'edge_routing', attrs: {} },
        ],
      },
      { tag: 'presence', attrs: {} },
      { tag: 'ack', attrs: { class: 'message' } },
    ];
    const done = onConnection(device, (connection) => {
      for (const stanza of hostile) connection.send(stanza);
    });
    await device.link.showPresence(device.jid, 'composing');
    await done;
    await device.send(contact.jid, 'masih hidup');
    expect((await contact.nextMessage()).text).toBe('masih hidup');
    await contact.send(device.phone.number, 'dan mendengar');
    await device.next('message', ({ text }) => text === 'dan mendengar');
    expect(device.all('closed')).toEqual([]);
    await device.close();
  });

  it('rejects what is still asked, as closed', async () => {
    const device = await new TestDevice(network, '628110003007').pair();
    const swallow = network.onStanza((_connection, node) => (node.attrs.xmlns === 'usync' ? 'swallow' : undefined));
    const asked = expect(device.link.lookUp(['628140000001'])).rejects.toMatchObject({ code: 'closed' });
    const sent = expect(device.send('628140000002@s.whatsapp.net', 'halo')).rejects.toMatchObject({
      name: 'LinkError',
    });
    network.faults.disconnect(503, device.phone.number);
    await Promise.all([asked, sent, device.next('closed')]);
    swallow();
  });

  it('is not told to who closes the link himself, and nothing is after it', async () => {
    const device = await new TestDevice(network, '628110003008').pair();
    const before = device.events.length;
    await device.close();
    await device.close();
    await network.contact('628140000003').send(device.phone.number, 'terlambat');
    expect(device.events.length).toBe(before);
    await expect(device.link.lookUp(['628140000001'])).rejects.toMatchObject({ code: 'closed' });
  });

  it('says that a passkey is wanted', async () => {
    const device = await new TestDevice(network, '628110003009').pair();
    const done = onConnection(device, (connection) =>
      connection.send({
        tag: 'notification',
        attrs: { type: 'passkey_prologue_request', from: 's.whatsapp.net', id: '9' },
      }),
    );
    await device.link.showPresence(device.jid, 'composing');
    await done;
    const closed = await device.next('closed');
    expect(judgeDisconnect(closed.code, { pairing: true, recent: 1 }).reason).toBe('passkey_required');
  });
});

describe('notices of the account', () => {
  it('are told: the lock on new conversations with its end, its lifting, and the cap on messages', async () => {
    const device = await new TestDevice(network, '628110003020').pair();
    const mex = (id: string, name: string, data: object): Stanza => ({
      tag: 'notification',
      attrs: { type: 'mex', from: 's.whatsapp.net', id },
      content: [{ tag: 'update', attrs: { op_name: name }, content: Buffer.from(JSON.stringify({ data })) }],
    });
    const end = Math.floor(Date.now() / 1000) + 3600;
    const lock = 'NotificationUserReachoutTimelockUpdate';
    const done = onConnection(device, (connection) => {
      connection.send(
        mex('1', lock, {
          xwa2_notify_account_reachout_timelock: { is_active: true, time_enforcement_ends: String(end) },
        }),
      );
      connection.send(mex('2', lock, { xwa2_notify_account_reachout_timelock: { is_active: false } }));
      connection.send(
        mex('3', 'MessageCappingInfoNotification', {
          xwa2_notify_new_chat_messages_capping_info_update: { total_quota: '1000' },
        }),
      );
    });
    await device.link.showPresence(device.jid, 'composing');
    await done;
    expect((await device.next('capping')).notice).toEqual({ total_quota: '1000' });
    const [locked, lifted] = device.all('time_lock');
    expect(locked?.until).toBe(end * 1000);
    expect(lifted?.until).toBeLessThanOrEqual(Date.now());
    await device.close();
  });
});

describe('whom a link trusts', () => {
  it('is no server whose certificate another root has signed', async () => {
    const device = new TestDevice(network, '628110003030');
    device.route = { ...device.route, rootKey: randomBytes(32) };
    await device.open();
    expect((await device.next('closed')).error.message).toMatch(/certificate/);
    expect(device.all('qr')).toEqual([]);
  });

  it('is no address without TLS, but for a network that brings its own root', async () => {
    const device = new TestDevice(network, '628110003031');
    device.route = { url: network.url };
    await expect(device.open()).rejects.toThrow(/wss/);
  });

  it('is no media host of another authority', async () => {
    const device = await new TestDevice(network, '628110003032').pair();
    const contact = network.contact('628140000005');
    const { whatsappId } = await contact.send(device.phone.number, { document: randomBytes(100) });
    const { message } = await device.next('message', (event) => event.whatsappId === whatsappId);
    await device.close();

    for (const authority of [mediaAuthority(openStore(undefined)).ca, undefined]) {
      const { mediaAuthority: _, ...bare } = device.route;
      device.route = authority === undefined ? bare : { ...bare, mediaAuthority: authority };
      await device.connect();
      await expect(device.link.download(message)).rejects.toMatchObject({ code: 'media_failed' });
      await expect(device.send(contact.jid, await textFile())).rejects.toMatchObject({ code: 'media_failed' });
      await device.close();
    }
  });
});
