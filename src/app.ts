import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNetwork } from '../simulator/index.ts';
import { type Clock, systemClock } from './base/clock.ts';
import type { Config } from './base/config.ts';
import { asError } from './base/errors.ts';
import { createEvents } from './base/events.ts';
import { type Failpoint, noFailpoint } from './base/failpoints.ts';
import { type RandomBytes, systemRandom } from './base/ids.ts';
import { createLog, type Log } from './base/log.ts';
import { createVault, masterKey } from './base/vault.ts';
import { createAccounts } from './gateway/accounts.ts';
import { createDevices } from './gateway/devices.ts';
import { createFleet } from './gateway/fleet.ts';
import { createIdempotency } from './gateway/idempotency.ts';
import { createMediaFetcher } from './gateway/media.ts';
import { createMessages } from './gateway/messages.ts';
import { createServer } from './http/server.ts';
import { createEgress } from './net/egress.ts';
import { openStore, type Store } from './store/index.ts';
import { createOpenLink, type Route, silenceLibsignal } from './whatsapp/index.ts';

/** What a test hands in; a real start takes the system's. */
export interface Hands {
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  readonly log?: Log;
  /** Ends the process at a named instant, for the crash tests. */
  readonly failpoint?: Failpoint;
  /** Lies between the gateway and its database: a slow or failing one. */
  readonly storeManners?: (store: Store) => Store;
  /** This node's name in the leases. */
  readonly node?: string;
}

export type Gateway = Awaited<ReturnType<typeof openGateway>>;
export type App = Awaited<ReturnType<typeof startApp>>;

/** How long a stop waits for messages that are on the wire. */
const GRACE_MS = 8_000;

/**
 * Every object of the gateway, made by hand and in order. Read it and you know the system. Nothing is connected yet: the command line
 * uses it as it is, `startApp` brings it to life.
 */
export async function openGateway(config: Config, hands: Hands = {}) {
  const { clock = systemClock, random = systemRandom, failpoint = noFailpoint, node = 'local' } = hands;
  const log = hands.log ?? createLog(config.LOG_LEVEL);
  silenceLibsignal();

  const vault = createVault(masterKey(config.MASTER_KEY, config.DATA_DIR));
  const opened = await openStore({ url: config.DATABASE_URL, dataDir: config.DATA_DIR, vault, clock });
  const store = hands.storeManners?.(opened) ?? opened;
  const events = createEvents((error, name) => log.error({ err: asError(error), reason: name }, 'a listener failed'));

  const egress = createEgress({
    allowHttp: config.EGRESS_ALLOW_HTTP,
    ports: config.EGRESS_PORTS,
    allow: config.EGRESS_ALLOW,
  });
  const media = createMediaFetcher({
    egress,
    dir: join(config.DATA_DIR, 'media'),
    maxBytes: config.MEDIA_MAX_MB * 1024 * 1024,
    timeoutMs: config.MEDIA_TIMEOUT_SECONDS * 1000,
    clock,
    random,
  });

  const sandbox = createSandbox(config);
  const whatsapp: Route = {
    url: config.WHATSAPP_URL,
    ...(config.WHATSAPP_CA === undefined ? {} : { mediaAuthority: readFileSync(config.WHATSAPP_CA, 'utf8') }),
    ...(config.WHATSAPP_ROOT_KEY === undefined ? {} : { rootKey: config.WHATSAPP_ROOT_KEY }),
    ...(config.WHATSAPP_VERSION === undefined ? {} : { version: config.WHATSAPP_VERSION }),
  };
  const fleet = createFleet({
    store,
    openLink: createOpenLink({ clock, random, log }),
    route: (device) => (device.kind === 'sandbox' ? sandbox.route() : whatsapp),
    scanSandbox: sandbox.scan,
    media,
    events,
    failpoint,
    node,
    clock,
    random,
    log,
  });

  const messages = createMessages({
    store,
    fleet,
    media,
    events,
    clock,
    random,
    failpoint,
    waitMs: config.SEND_WAIT_SECONDS * 1000,
  });
  const devices = createDevices({
    store,
    fleet,
    tokenKey: vault.tokenKey,
    defaultCountry: config.DEFAULT_COUNTRY,
    rateLimit: config.RATE_LIMIT_PER_MINUTE,
    clock,
    random,
  });
  const accounts = createAccounts({ store, tokenKey: vault.tokenKey, timeZone: config.TIME_ZONE, clock, random });
  const idempotency = createIdempotency({ store, clock });

  return {
    config,
    log,
    clock,
    store,
    events,
    media,
    sandbox,
    fleet,
    messages,
    devices,
    accounts,
    idempotency,
    async close() {
      await egress.stop();
      await store.close();
    },
  };
}

/** Starts left to right; `stop` goes right to left, and loses nothing: what had no outcome yet is pending after the next start. */
export async function startApp(config: Config, hands: Hands = {}) {
  const gateway = await openGateway(config, hands);
  const { log, store, media, sandbox, fleet, messages, devices, accounts, idempotency, clock } = gateway;

  await media.sweep();
  await sandbox.start();
  const server = await createServer({
    config,
    log,
    clock,
    random: hands.random ?? systemRandom,
    messages,
    devices,
    accounts,
    idempotency,
    store,
  });
  const url = await server.listen();
  await fleet.start();

  return {
    ...gateway,
    url,
    async stop() {
      // Answers that wait are given while the fleet drains; new requests are refused from here on.
      const closed = server.stop();
      await fleet.stop(GRACE_MS);
      await closed;
      await sandbox.stop();
      await gateway.close();
    },
  };
}

/** The simulated WhatsApp network of sandbox devices, on this machine's loopback. */
function createSandbox(config: Config) {
  let network: Awaited<ReturnType<typeof startNetwork>> | undefined;
  return {
    get network() {
      return network;
    },
    async start() {
      if (!config.SANDBOX) return;
      network = await startNetwork({ storage: join(config.DATA_DIR, 'sandbox.db'), everyoneExists: true });
    },
    async stop() {
      await network?.stop();
      network = undefined;
    },
    route(): Route | undefined {
      return network === undefined
        ? undefined
        : { url: network.url, mediaAuthority: network.mediaAuthority, rootKey: network.rootKey };
    },
    scan: (device: { readonly id: number }, qr: string) => {
      network?.phone(sandboxNumber(device.id)).scan(qr);
    },
  };
}

/** Numbers of sandbox handsets: 62 898 and the device's id, apart from the recipients with fixed manners (62 899 …). */
export const sandboxNumber = (deviceId: number): string => `62898${String(deviceId).padStart(8, '0')}`;
