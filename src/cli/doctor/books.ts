import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { type Config, ConfigError } from '../../base/config.ts';
import { asError } from '../../base/errors.ts';
import { masterKeys } from '../../base/vault.ts';
import { isUntouched, openStore, type Store } from '../../store/index.ts';
import { type Finding, ill, well } from './finding.ts';

const CLOCK_OFF_MS = 30_000;

/** The database, and what it tells: its clock, who works on it, how its devices are. */
export async function database(config: Config): Promise<Finding[]> {
  const { DATABASE_URL: url, DATA_DIR: dataDir } = config;
  const kind = url === undefined ? 'SQLite' : 'PostgreSQL';
  const lost = (error: unknown) =>
    ill(
      'store',
      error instanceof ConfigError ? error.message : asError(asError(error).cause ?? error).message,
      error instanceof ConfigError ? 'See the sentence before.' : `Check that ${kind} runs, and DATABASE_URL.`,
    );
  try {
    if (await isUntouched({ url, dataDir }))
      return [well('store', 'there is no database yet: the first start makes it'), clock(0)];
  } catch (error) {
    return [lost(error)];
  }
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
    return [lost(error)];
  }
  try {
    const began = performance.now();
    await store.ready();
    const ms = performance.now() - began;
    const missing = await store.missing();
    const told = `${kind} answers in ${ms.toFixed(1)} ms, version ${await store.version()}`;
    if (missing.length > 0)
      return [
        ill(
          'store',
          `${told}; it lacks ${missing.join(', ')}`,
          `Start the gateway, or: ${config.WAGATE_COMMAND} migrate`,
        ),
      ];
    return [well('store', told), clock((await store.databaseTime()) - systemClock.now()), ...(await fleet(store))];
  } catch (error) {
    return [lost(error)];
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
      : ill(
          'gateway',
          `no gateway is at work; ${queues}`,
          'Start it as it is started here: npm start, docker compose up -d, or systemctl start wagate.',
        );
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
