import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNetwork } from '../../simulator/index.ts';
import { type Hands, startApp } from '../../src/app.ts';
import { readConfig } from '../../src/base/config.ts';
import type { PacingSettings } from '../../src/gateway/pacing.ts';
import type { DeviceKind } from '../../src/store/schema.ts';
import { databaseOf, dropDatabaseOf } from './own-database.ts';

export interface TestAppOptions {
  /** A sandbox device on the app's own simulated network, in the place of a WhatsApp device on the test's. */
  readonly sandbox?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly hands?: Hands;
  /** A data folder that outlives the app, for restarts. */
  readonly dataDir?: string;
  readonly network?: Awaited<ReturnType<typeof startNetwork>>;
  /** The number that the test's handset has. */
  readonly phone?: string;
  /** False: an existing device may be in any state. */
  readonly untilConnected?: boolean;
  readonly quota?: number;
  /** Off unless asked for: a test that is not about pacing does not wait for it. */
  readonly pacing?: Partial<PacingSettings>;
}

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;

export const PHONE = '6281234567890';

/**
 * The whole gateway as `npm start` runs it, on a free port, a database of its own (own-database.ts says which) and a WhatsApp network of its own, with one device
 * linked and its token. Only clock, randomness and the network's manners can be handed in.
 */
export async function startTestApp(options: TestAppOptions = {}) {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'wagate-test-'));
  const ownNetwork = options.network === undefined && !options.sandbox;
  const network = options.network ?? (ownNetwork ? await startNetwork() : undefined);
  const trust: Record<string, string> = {};
  if (network !== undefined) {
    const ca = join(dataDir, 'network-ca.pem');
    writeFileSync(ca, network.mediaAuthority);
    trust.WHATSAPP_URL = network.url;
    trust.WHATSAPP_CA = ca;
    trust.WHATSAPP_ROOT_KEY = Buffer.from(network.rootKey).toString('hex');
  }
  const config = readConfig({
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    SANDBOX: options.sandbox ? 'true' : 'false',
    EGRESS_ALLOW: '127.0.0.0/8',
    LOG_LEVEL: process.env.TEST_LOG ?? 'silent',
    ...trust,
    ...(options.env?.DATABASE_URL === undefined ? await databaseOf(dataDir) : {}),
    ...options.env,
  });
  const app = await startApp(config, options.hands);
  const account = (await app.accounts.bootstrap()) ?? (await app.accounts.choose(undefined));
  if (options.quota !== undefined) {
    const offer = await app.store.packages.create({
      name: `Test ${options.quota}`,
      message_quota: options.quota,
      device_limit: 10,
      days: 30,
      price_idr: 0,
      is_trial: 0,
      rate_limit_per_minute: null,
    });
    await app.store.subscriptions.assign(account.id, offer, app.clock.now());
  }

  const linked = await app.store.devices.list(account.id);
  const device = linked[0] ?? (await addDevice('whatsapp-or-sandbox'));
  const token = await app.devices.issueToken(account.id, device.id);
  if (linked.length > 0 && options.untilConnected !== false) await untilConnected(device.id);

  async function addDevice(_which: 'whatsapp-or-sandbox', phone = options.phone ?? PHONE) {
    const kind: DeviceKind = options.sandbox ? 'sandbox' : 'whatsapp';
    const made = await app.devices.create(account.id, { name: 'My WhatsApp', kind });
    const settings = JSON.stringify({ pacing: { enabled: false, ...options.pacing } });
    await app.store.devices.update(account.id, made.id, { settings });
    if (kind === 'sandbox') await app.fleet.refresh();
    else await link(made.id, phone);
    await untilConnected(made.id);
    return made;
  }

  async function link(deviceId: number, phone: string) {
    const found = await app.devices.find(account.id, deviceId);
    const station = await app.fleet.take(found);
    const handset = network?.phone(phone);
    const scanned = new Set<string>();
    const refused = Promise.withResolvers<never>();
    const off = app.events.on('device.changed', (event) => {
      const { state } = station;
      if (event.deviceId !== deviceId || state.is !== 'pairing' || scanned.has(state.qr)) return;
      scanned.add(state.qr);
      handset?.scan(state.qr).catch(refused.reject);
    });
    station.startPairing();
    await Promise.race([untilConnected(deviceId), refused.promise]).finally(off);
  }

  /** Resolves when the device is connected and what waited is through. */
  async function untilConnected(deviceId: number): Promise<void> {
    await until(() => {
      const state = app.fleet.state(deviceId);
      return state.is === 'connected' && state.caughtUp;
    }, `device ${deviceId} to be connected`);
  }

  /** Looks again at every event of the app, and gives up with the name of what was awaited. */
  function until(condition: () => boolean, what: string, ms = 30_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!condition()) return;
        finish();
        resolve();
      };
      const offs = (['device.changed', 'message.changed', 'message.accepted'] as const).map((name) =>
        app.events.on(name, look),
      );
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`waited ${ms} ms for ${what}`));
      }, ms);
      const finish = () => {
        clearTimeout(timer);
        for (const off of offs) off();
      };
      look();
    });
  }

  return {
    ...app,
    app,
    account,
    device,
    deviceId: device.id,
    token,
    network: present(network ?? app.sandbox.network),
    dataDir,
    addDevice: (phone: string) => addDevice('whatsapp-or-sandbox', phone),
    untilConnected,
    until,
    /** Unlinks a device on the handset that has linked it, and links it with this one. */
    async linkAnew(deviceId: number, before: string, phone: string) {
      network?.phone(before).unlink();
      await until(() => app.fleet.state(deviceId).is === 'down', `device ${deviceId} to be unlinked`);
      await link(deviceId, phone);
    },
    /** An API call with the device's token. */
    async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${app.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Record<string, never> & ApiBody,
      };
    },
    async stop(keep: { data?: boolean; network?: boolean } = {}) {
      await app.stop();
      if (ownNetwork && !keep.network) await network?.stop();
      if (options.dataDir !== undefined || keep.data) return;
      rmSync(dataDir, { recursive: true, force: true });
      await dropDatabaseOf(dataDir);
    },
  };
}

export interface ApiBody {
  readonly success: boolean;
  readonly message: string;
  readonly code?: string;
  readonly request_id?: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  readonly pagination?: { readonly total: number };
}

function present<T>(given: T | undefined): T {
  if (given === undefined) throw new Error('the test has no network');
  return given;
}
