import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, startApp } from '../../src/app.ts';
import { readConfig } from '../../src/base/config.ts';
import type { EventName } from '../../src/base/events.ts';
import { answerCalls } from './calls.ts';
import { createMeter } from './meter.ts';
import { committed, leaveOut, leftOut, type Part } from './postgres.ts';
import { type Counted, countStatements } from './statements.ts';

/** The whole gateway as `npm start` runs it, on SQLite in a folder of its own, without the sandbox. */
let app: App | undefined;
/** The operator's account. */
let owner = 0;
let endCounting: (() => Counted[]) | undefined;

const running = (): App => {
  if (app === undefined) throw new Error('the gateway was not started');
  return app;
};

/** More than any run asks for. */
const PACKAGE = {
  name: 'Benchmark',
  message_quota: 10_000_000,
  device_limit: 10_000,
  days: 30,
  price_idr: 0,
  is_trial: 0,
  rate_limit_per_minute: null,
} as const;

/** Pacing is what a person's number needs; the bench wants to see what the machine can do. */
const UNPACED = JSON.stringify({ pacing: { enabled: false } });

function until<T>(what: string, look: () => T | undefined, withinMs: number): Promise<T> {
  const { events } = running();
  return new Promise((resolve, reject) => {
    const again = () => {
      const found = look();
      if (found === undefined) return;
      finish();
      resolve(found);
    };
    const offs = (['device.changed', 'message.changed'] satisfies EventName[]).map((name) => events.on(name, again));
    // "Caught up" is a state that no event tells.
    const poll = setInterval(again, 100);
    const timer = setTimeout(() => {
      finish();
      reject(new Error(`waited ${withinMs} ms for ${what}`));
    }, withinMs);
    const finish = () => {
      clearInterval(poll);
      clearTimeout(timer);
      for (const off of offs) off();
    };
    again();
  });
}

const isReady = (id: number) => {
  const state = running().fleet.state(id);
  return state.is === 'connected' && state.caughtUp;
};

const commands = {
  ...createMeter(),
  async start({
    dataDir,
    url,
    authority,
    rootKey,
    env = {},
  }: {
    dataDir: string;
    url: string;
    authority: string;
    rootKey: string;
    env?: Readonly<Record<string, string>>;
  }) {
    mkdirSync(dataDir, { recursive: true });
    const ca = join(dataDir, 'network-ca.pem');
    writeFileSync(ca, authority);
    app = await startApp(
      readConfig({
        NODE_ENV: 'test',
        PORT: '0',
        DATA_DIR: dataDir,
        SANDBOX: 'false',
        LOG_LEVEL: 'info',
        RATE_LIMIT_PER_MINUTE: '1000000',
        WHATSAPP_URL: url,
        WHATSAPP_CA: ca,
        WHATSAPP_ROOT_KEY: rootKey,
        ...env,
      }),
    );
    const fresh = await app.accounts.bootstrap();
    owner = (fresh ?? (await app.accounts.choose(undefined))).id;
    if (fresh !== undefined)
      await app.store.subscriptions.assign(owner, await app.store.packages.create(PACKAGE), app.clock.now());
    return { url: app.url };
  },
  /** Another account; gives its id. `rateLimit`: requests a minute; null: none to speak of. */
  async addTenant({ rateLimit }: { rateLimit: number | null }): Promise<number> {
    const { accounts, store } = running();
    const name = `Tenant, ${rateLimit ?? 'no'} limit`;
    await store.packages.create({ ...PACKAGE, name, rate_limit_per_minute: rateLimit });
    const email = `${rateLimit ?? 'no'}-limit@localhost`;
    return (await accounts.create({ name, email, packageName: name, isAdmin: false })).id;
  },
  async addDevice({ accountId = owner }: { accountId?: number | undefined } = {}): Promise<number> {
    const { devices, store, fleet } = running();
    const { id } = await devices.create(accountId, { name: 'Benchmark', kind: 'whatsapp' });
    await store.devices.update(accountId, id, { settings: UNPACED });
    const station = await fleet.take(await devices.find(accountId, id));
    station.startPairing();
    return id;
  },
  qr: ({ id }: { id: number }): Promise<string> =>
    until(
      `a QR code of device ${id}`,
      () => {
        const state = running().fleet.state(id);
        return state.is === 'pairing' ? state.qr : undefined;
      },
      30_000,
    ),
  async linked({ id }: { id: number }) {
    await until(`device ${id} to be linked`, () => isReady(id) || undefined, 60_000);
  },
  token: ({ id, accountId = owner }: { id: number; accountId?: number }): Promise<string> =>
    running().devices.issueToken(accountId, id),
  /** Resolves when so many devices are connected; gives the ms since the call. */
  async connected({ count, withinMs }: { count: number; withinMs: number }): Promise<number> {
    const from = performance.now();
    const ids = (await running().devices.list(owner)).map(({ id }) => id);
    await until(`${count} devices`, () => ids.filter(isReady).length >= count || undefined, withinMs);
    return performance.now() - from;
  },
  async startCounting() {
    endCounting = await countStatements();
  },
  stopCounting: (): Counted[] => endCounting?.() ?? [],
  leaveOut: ({ part }: { part: Part | undefined }) => leaveOut(part),
  leftOut,
  committed,
  async stop() {
    await app?.stop();
  },
};

export type GatewayCommands = typeof commands;
answerCalls(commands);
