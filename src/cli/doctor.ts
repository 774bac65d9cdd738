import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { type Config, ConfigError } from '../base/config.ts';
import { asError } from '../base/errors.ts';
import { masterKeys } from '../base/vault.ts';
import { openStore, type Store } from '../store/index.ts';
import { shippedVersion } from '../whatsapp/index.ts';
import type { CommandAnswer, CommandEnvironment } from './commands.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly told: string;
  /** What to do about it; null when it is well. */
  readonly todo: string | null;
}

const MIN_FREE_MB = 512;
/** Every message waits for the disk once or twice. */
const SLOW_SYNC_MS = 50;
const CLOCK_OFF_MS = 30_000;
const CONNECT_MS = 5_000;

const well = (check: string, told: string): Finding => ({ check, ok: true, told, todo: null });
const ill = (check: string, told: string, todo: string): Finding => ({ check, ok: false, told, todo });

/**
 * What an operator would look at first, each with what to do about it. It looks and changes nothing: no migration, no key, no row; so it
 * may run beside a gateway, and with settings that a gateway refuses.
 */
export async function doctor({ config }: Pick<CommandEnvironment, 'config'>): Promise<CommandAnswer> {
  const findings = [
    runtime(),
    settings(config),
    key(config),
    ...(await disk(config)),
    ...(await database(config)),
    version(config),
    await egress(config),
  ];
  const text = findings.flatMap(({ check, ok, told, todo }) => [
    `${ok ? 'ok  ' : 'FAIL'}  ${check.padEnd(10)}  ${told}`,
    ...(todo === null ? [] : [`${' '.repeat(18)}→ ${todo}`]),
  ]);
  return { text: text.join('\n'), data: findings, ok: findings.every(({ ok }) => ok) };
}

function runtime(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const told = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  return major >= 24 ? well('node', told) : ill('node', told, 'Start with npm start, which brings Node 24.');
}

const isOpen = ({ HOST }: Config) => HOST !== '127.0.0.1' && HOST !== 'localhost' && HOST !== '::1';

function settings(config: Config): Finding {
  const told = `listening on ${config.HOST}:${config.PORT}, ${config.PUBLIC_URL ?? 'no PUBLIC_URL'}`;
  if (isOpen(config) && !config.PUBLIC_URL?.startsWith('https:'))
    return ill(
      'settings',
      told,
      'Other machines reach this address: put a proxy with TLS in front (docs/operations.md) and set PUBLIC_URL to its https address.',
    );
  if (config.PUBLIC_URL?.startsWith('https:') && config.TRUSTED_PROXIES.length === 0)
    return ill(
      'settings',
      told,
      'PUBLIC_URL names a proxy, and TRUSTED_PROXIES does not: all callers look like the proxy, and share its rate limits. Set it to the proxy’s address.',
    );
  return well('settings', told);
}

function key(config: Config): Finding {
  if (config.MASTER_KEY !== undefined)
    return well('key', 'MASTER_KEY is set; keep a copy of it apart from the backups');
  const told = `the key is ${join(config.DATA_DIR, 'development.key')}, beside what it encrypts`;
  if (config.NODE_ENV === 'production' || isOpen(config))
    return ill(
      'key',
      told,
      'Set MASTER_KEY to the content of that file, and delete the file: whoever copies the folder reads everything.',
    );
  return well('key', `${told}: good for development, and for backups only when it is copied, too`);
}

async function disk({ DATA_DIR: folder }: Config): Promise<Finding[]> {
  if (!existsSync(folder))
    return [ill('disk', `${folder} is not there yet`, 'Start the gateway once, or check DATA_DIR.')];
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  const room =
    free >= MIN_FREE_MB
      ? well('disk', `${free} MB free in ${folder}`)
      : ill('disk', `${free} MB free in ${folder}`, 'Make room: messages are refused when the disk is full.');
  try {
    const ms = await syncTime(folder);
    const told = `a write is on the disk after ${ms.toFixed(1)} ms`;
    return [
      room,
      ms <= SLOW_SYNC_MS
        ? well('sync', told)
        : ill('sync', told, 'Every message waits for this. Use a local disk (SSD), not a network folder.'),
    ];
  } catch (error) {
    return [
      room,
      ill(
        'sync',
        `${folder} cannot be written: ${asError(error).message}`,
        'Check its owner, its rights and the disk.',
      ),
    ];
  }
}

/** Median ms of a few small writes that are made durable. */
async function syncTime(folder: string): Promise<number> {
  const path = join(folder, `doctor-${process.pid}`);
  const file = await open(path, 'wx', 0o600);
  const times: number[] = [];
  try {
    for (let n = 0; n < 7; n += 1) {
      const began = performance.now();
      await file.write(Buffer.alloc(4096, n));
      await file.datasync();
      times.push(performance.now() - began);
    }
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
  return times.sort((a, b) => a - b)[3] ?? 0;
}

async function database(config: Config): Promise<Finding[]> {
  const { DATABASE_URL: url, DATA_DIR: dataDir } = config;
  const kind = url === undefined ? 'SQLite' : 'PostgreSQL';
  if (url === undefined && !existsSync(join(dataDir, 'wagate.db')))
    return [well('store', 'there is no database yet: the first start makes it'), clock(0)];
  const hasKey = config.MASTER_KEY !== undefined || existsSync(join(dataDir, 'development.key'));
  if (!hasKey)
    return [
      ill(
        'store',
        `${kind} cannot be opened without its key`,
        `Set MASTER_KEY, or put the development.key that it was made with into ${dataDir}.`,
      ),
    ];
  let store: Store;
  try {
    store = await openStore({ url, dataDir, vault: masterKeys(config, dataDir), clock: systemClock, asItIs: true });
  } catch (error) {
    const reason = asError(error).message;
    return [
      ill(
        'store',
        reason,
        error instanceof ConfigError
          ? 'See the sentence before.'
          : `Check that ${kind} runs, DATABASE_URL, and whether the first start has been.`,
      ),
    ];
  }
  try {
    const began = performance.now();
    await store.ready();
    const ms = performance.now() - began;
    const missing = await store.missing();
    const told = `${kind} answers in ${ms.toFixed(1)} ms, version ${await store.version()}`;
    if (missing.length > 0)
      return [
        ill('store', `${told}; it lacks ${missing.join(', ')}`, 'Start the gateway, or run npm run wagate -- migrate.'),
      ];
    return [well('store', told), clock((await store.databaseTime()) - systemClock.now()), ...(await fleet(store))];
  } catch (error) {
    return [
      ill(
        'store',
        `${kind} does not answer: ${asError(asError(error).cause ?? error).message}`,
        'Check that it runs, and DATABASE_URL.',
      ),
    ];
  } finally {
    await store.close();
  }
}

function clock(offByMs: number): Finding {
  const now = new Date(systemClock.now());
  const told = `${now.toISOString()}${Math.abs(offByMs) >= 1_000 ? `, the database’s is ${Math.round(offByMs / 1000)} s off` : ''}`;
  const isSane = now.getUTCFullYear() >= 2025 && now.getUTCFullYear() < 2100 && Math.abs(offByMs) < CLOCK_OFF_MS;
  return isSane
    ? well('clock', told)
    : ill(
        'clock',
        told,
        'Let the machine keep its time (timedatectl set-ntp true): schedules, quotas, sessions and second factors go by it.',
      );
}

/** Who works on this database, and how its devices are. */
async function fleet(store: Store): Promise<Finding[]> {
  const devices = await store.devices.listEnabled();
  const nodes = (await store.leases.nodes()).filter(({ alive }) => alive);
  const load = await store.load.read();
  const waiting = load.messages.reduce((sum, { count }) => sum + count, 0);
  const queues = `${waiting} message(s) and ${load.deliveries} webhook call(s) wait`;
  const gateway =
    nodes.length > 0 || devices.length === 0
      ? well(
          'gateway',
          nodes.length > 0
            ? `at work: ${nodes.map(({ node, devices: held }) => `${node} (${held} device(s))`).join(', ')}; ${queues}`
            : 'no device is linked yet',
        )
      : ill('gateway', `no gateway is at work; ${queues}`, 'Start it: npm start.');
  const troubled = devices.filter(({ state }) => state !== 'connected');
  const told = `${devices.length - troubled.length} of ${devices.length} connected`;
  const named = troubled
    .slice(0, 5)
    .map(({ id, state, state_reason }) => `${id} is ${state}${state_reason === null ? '' : ` (${state_reason})`}`);
  const paused = load.paused_webhooks;
  return [
    gateway,
    nodes.length === 0 || troubled.length === 0
      ? well('devices', told)
      : ill(
          'devices',
          `${told}: device ${named.join('; ')}`,
          'Look at the device in the dashboard; most come back by themselves within a minute.',
        ),
    ...(paused === 0
      ? []
      : [
          ill(
            'webhooks',
            `${paused} paused`,
            'Their servers have failed for days. Repair them, then switch them on in the dashboard.',
          ),
        ]),
  ];
}

function version({ WHATSAPP_VERSION: set, APP_VERSION }: Config): Finding {
  const shipped = shippedVersion.join('.');
  if (set === undefined) return well('version', `WAGate ${APP_VERSION}; it tells WhatsApp ${shipped}`);
  const told = `WAGate ${APP_VERSION}; it tells WhatsApp ${set.join('.')}, as WHATSAPP_VERSION says (this version brings ${shipped})`;
  return (set[2] ?? 0) >= (shippedVersion[2] ?? 0)
    ? well('version', told)
    : ill('version', told, 'Remove WHATSAPP_VERSION: it is older than what comes with this version.');
}

/** The name resolves, and somebody answers at the port. Nothing is said to them. */
async function egress({ WHATSAPP_URL }: Config): Promise<Finding> {
  const { hostname, port, protocol } = new URL(WHATSAPP_URL);
  const number = Number(port || (protocol === 'wss:' ? 443 : 80));
  const what = `${hostname}:${number}`;
  try {
    await lookup(hostname);
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: hostname, port: number, timeout: CONNECT_MS });
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('timeout', () => socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
      socket.once('error', reject);
    });
    return well('whatsapp', `${what} can be reached`);
  } catch (error) {
    return ill(
      'whatsapp',
      `${what} cannot be reached: ${asError(error).message}`,
      'Check DNS and the firewall: the gateway needs this one address, and those of your webhooks and media.',
    );
  }
}
