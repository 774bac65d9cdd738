import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Random, seededRandom } from '../../simulator/random.ts';
import { databaseOf, dropDatabaseOf } from '../support/own-database.ts';
import { freePort } from '../support/port.ts';
import type { GatewayCalls, Go } from './gateway.ts';
import type { Device } from './linking.ts';
import type { NetworkCalls } from './network.ts';
import { Part } from './part.ts';

/** Number of the gateway's first device; the n-th has n more. */
const FIRST_PHONE = 6281234567890;
/** A start that takes longer has failed; the machine may be busy with other suites. */
export const PATIENCE_MS = 120_000;
export const MASTER_KEY = '1f'.repeat(32);

export interface WorldOptions {
  readonly seed: number;
  readonly devices?: number;
  readonly quota?: number;
  /** Program in the gateway's place, with the same calls. */
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export type Life = Part<GatewayCalls>;

/**
 * A network that lives on and a gateway that dies: two processes on loopback, a data folder with its database
 * (SQLite, or PostgreSQL where there is a server for it: own-database.ts), a port that stays the same. Chance is
 * drawn from the seed; what other processes and the disk add to it is not repeatable, so a seed repeats the plan and not every instant.
 */
export class World {
  readonly seed: number;
  readonly random: Random;
  readonly dir: string;
  readonly network: Part<NetworkCalls>;
  readonly phones: readonly string[];
  devices: readonly Device[] = [];
  url = '';
  kills = 0;
  /** QR codes that were shown after a kill. */
  codes = 0;
  readonly #options: WorldOptions;
  readonly #env: Record<string, string> = {};
  readonly #lives = new Set<Life>();
  #spare: { readonly life: Life; readonly loaded: Promise<void> } | undefined;

  private constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.random = seededRandom(options.seed);
    this.#options = options;
    this.dir = mkdtempSync(join(tmpdir(), 'wagate-crash-'));
    this.network = new Part<NetworkCalls>('network.ts', join(this.dir, 'network.log'));
    this.phones = Array.from({ length: options.devices ?? 1 }, (_, n) => String(FIRST_PHONE + n));
  }

  /** Network and gateway are up and the devices exist; none is linked yet, and the first life is over to `boot`. */
  static async create(options: WorldOptions): Promise<World> {
    const world = new World(options);
    try {
      const { url, ca, rootKey } = await world.network.call('start', { seed: options.seed });
      const port = await freePort();
      const authority = join(world.dir, 'network-ca.pem');
      writeFileSync(authority, ca);
      Object.assign(world.#env, {
        PORT: String(port),
        DATA_DIR: world.dir,
        MASTER_KEY,
        WHATSAPP_URL: url,
        WHATSAPP_CA: authority,
        WHATSAPP_ROOT_KEY: rootKey,
        RATE_LIMIT_PER_MINUTE: '1000000',
        LOG_LEVEL: 'info',
        // A node that is started again under its name takes its own leases anew; under another it would wait until they end.
        WAGATE_NODE: 'one',
        ...(await databaseOf(world.dir)),
        ...options.env,
      });
      world.url = `http://127.0.0.1:${port}`;
      return world;
    } catch (error) {
      await world.end(true);
      throw error;
    }
  }

  /** A world whose devices are linked and connected, and the life in which that was done. */
  static async linked(options: WorldOptions): Promise<{ world: World; life: Life }> {
    const world = await World.create(options);
    try {
      const life = await world.boot();
      world.devices = await life.call('setUp', options.devices ?? 1, options.quota);
      await world.link(life);
      return { world, life };
    } catch (error) {
      await world.end(true);
      throw error;
    }
  }

  get token(): string {
    return this.devices[0]?.token ?? '';
  }

  /** For `books.ts`. */
  get database(): string {
    return this.#env.DATABASE_URL || join(this.dir, 'wagate.db');
  }

  /** A whole number from `from` up to, and not, `to`. */
  draw(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from));
  }

  /** Starts the gateway in a fresh process; resolves when it listens. Rejects when it died before. */
  async boot(options: Omit<Go, 'env'> = {}): Promise<Life> {
    const life = await this.prepare();
    await life.call('go', { env: this.#env, ...options });
    return life;
  }

  /** A fresh process that has loaded the program; `start` makes it the gateway. */
  async prepare(): Promise<Life> {
    const { life, loaded } = this.#spare ?? this.#load();
    this.#spare = undefined;
    await within(loaded, PATIENCE_MS, 'the gateway to load');
    this.#spare = this.#load();
    return life;
  }

  start(life: Life, options: Omit<Go, 'env'> = {}): Promise<string> {
    return life.call('go', { env: this.#env, ...options });
  }

  async link(life: Life): Promise<void> {
    const off = life.on<{ id: number; qr: string }>('qr', ({ id, qr }) => {
      const phone = this.phones[this.devices.findIndex((device) => device.id === id)];
      // A code that nobody can scan any more is followed by the next.
      if (phone !== undefined) this.network.call('scan', phone, qr).catch(() => undefined);
    });
    await within(
      life.call(
        'link',
        this.devices.map(({ id }) => id),
      ),
      PATIENCE_MS,
      'the devices to be linked',
    ).finally(off);
  }

  /** Resolves when the network has told of `event` so many times from now on; at the latest after five seconds. */
  happened(event: 'frame' | 'confirmed', times: number): Promise<void> {
    let heard = 0;
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const off = this.network.on(event, () => {
        heard += 1;
        if (heard >= times) finish();
      });
      const timer = setTimeout(finish, 5_000);
    });
  }

  async kill(life: Life): Promise<void> {
    this.kills += 1;
    await life.kill();
    this.#lives.delete(life);
  }

  /** Ends all processes. `keep`: the data folder, for whoever looks for the cause of a failure. */
  async end(keep: boolean): Promise<void> {
    await Promise.all([...this.#lives].map((life) => life.kill()));
    await this.network.kill();
    if (keep) return;
    rmSync(this.dir, { recursive: true, force: true });
    await dropDatabaseOf(this.dir);
  }

  #load() {
    const life: Life = new Part<GatewayCalls>(this.#options.program ?? 'gateway.ts', join(this.dir, 'gateway.log'));
    this.#lives.add(life);
    const loaded = new Promise<void>((resolve, reject) => {
      life.on('loaded', () => resolve());
      life.gone.then(() => reject(new Error(`the gateway died while it loaded; see ${this.dir}/gateway.log`)), reject);
    });
    // Heard where it is awaited; a spare that dies with its world is nobody's loss.
    loaded.catch(() => undefined);
    return { life, loaded };
  }
}

export async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a scenario in a world of its own; a failure names the seed and keeps the data. */
export async function inWorld<T>(world: World, work: () => Promise<T>): Promise<T> {
  let failed = true;
  try {
    const result = await work();
    failed = false;
    return result;
  } catch (error) {
    throw new Error(`WAGATE_TEST_SEED=${world.seed}; data and logs are in ${world.dir}`, { cause: error });
  } finally {
    await world.end(failed);
  }
}
