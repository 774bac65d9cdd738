import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Random, seededRandom } from '../../simulator/random.ts';
import type { GatewayCalls, Go } from '../crash/gateway.ts';
import type { Device } from '../crash/linking.ts';
import type { NetworkCalls } from '../crash/network.ts';
import { Part } from '../crash/part.ts';
import { MASTER_KEY, PATIENCE_MS, within } from '../crash/world.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { installWitness } from './books.ts';
import { type Gate, startProxy } from './proxy.ts';

export type Role = 'all' | 'api' | 'worker';
export interface Database {
  /** As a node is told it. */
  readonly url: string;
  /** The address of the server that writes now. */
  readonly direct: () => string;
  stop(): Promise<void>;
}

export interface ClusterNode {
  readonly name: string;
  readonly role: Role;
  readonly part: Part<GatewayCalls>;
  url: string;
}

const FIRST_PHONE = 6281234560000;

/**
 * Nodes, a network, a PostgreSQL and a proxy: each a process of its own but the proxy. Chance is drawn from the seed; what the processes add
 * to it is not repeatable, so a seed repeats the plan and not every instant.
 */
export class Cluster<D extends Database = Postgres> {
  readonly seed: number;
  readonly random: Random;
  readonly dir: string;
  readonly network: Part<NetworkCalls>;
  readonly nodes: ClusterNode[] = [];
  readonly phones: readonly string[];
  devices: readonly Device[] = [];
  readonly postgres: D;
  readonly proxy: Gate;
  readonly #trust: Record<string, string> = {};
  #made = 0;

  private constructor(seed: number, devices: number, postgres: D, proxy: Gate) {
    this.seed = seed;
    this.random = seededRandom(seed);
    this.dir = mkdtempSync(join(tmpdir(), 'wagate-cluster-'));
    this.postgres = postgres;
    this.proxy = proxy;
    this.network = new Part<NetworkCalls>('network.ts', join(this.dir, 'network.log'));
    this.phones = Array.from({ length: devices }, (_, n) => String(FIRST_PHONE + n));
  }

  /** `bin`: PostgreSQL's programs. No node runs yet. */
  static async create(bin: string, plan: { seed: number; devices: number }): Promise<Cluster> {
    // What it acknowledged must survive its crash; the machine's power does not fail here.
    return Cluster.on(await startPostgres(bin, ['fsync=off', 'synchronous_commit=on', 'log_min_messages=fatal']), plan);
  }

  /** Ends the database, too. */
  static async on<D extends Database>(
    postgres: D,
    { seed, devices }: { seed: number; devices: number },
  ): Promise<Cluster<D>> {
    const cluster = new Cluster(seed, devices, postgres, await startProxy());
    try {
      const { url, ca, rootKey } = await cluster.network.call('start', { seed });
      const authority = join(cluster.dir, 'network-ca.pem');
      writeFileSync(authority, ca);
      Object.assign(cluster.#trust, { WHATSAPP_URL: url, WHATSAPP_CA: authority, WHATSAPP_ROOT_KEY: rootKey });
      return cluster;
    } catch (error) {
      await cluster.end(true);
      throw error;
    }
  }

  get url(): string {
    return this.proxy.url;
  }

  draw(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from));
  }

  /** Starts a node; resolves when it listens. */
  async boot(
    role: Role,
    env: Readonly<Record<string, string>> = {},
    options: Omit<Go, 'env'> = {},
  ): Promise<ClusterNode> {
    const given = this.environment(role);
    const name = given.WAGATE_NODE;
    const part = new Part<GatewayCalls>('gateway.ts', join(this.dir, `${name}.log`), {
      NODE_COMPILE_CACHE: join(tmpdir(), 'wagate-crash-compiled'),
    });
    const node: ClusterNode = { name, role, part, url: '' };
    this.nodes.push(node);
    node.url = await within(
      part.call('go', { env: { ...given, ...env }, ...options }),
      PATIENCE_MS,
      `${name} to start`,
    );
    this.#tellProxy();
    return node;
  }

  /** For one more node, whose name and data folder nobody else has. */
  environment(role: Role): Record<string, string> & { readonly WAGATE_NODE: string } {
    const name = `${role}-${++this.#made}`;
    const dataDir = join(this.dir, name);
    mkdirSync(dataDir);
    return {
      PORT: '0',
      DATA_DIR: dataDir,
      SHARED_DIR: this.dir,
      DATABASE_URL: this.postgres.url,
      MASTER_KEY,
      WAGATE_ROLE: role,
      WAGATE_NODE: name,
      RATE_LIMIT_PER_MINUTE: '1000000',
      LOG_LEVEL: 'info',
      DRAIN_SECONDS: '2',
      ...this.#trust,
    };
  }

  /** The first node makes the account and its devices, and links them. */
  async link(first: ClusterNode, quota = 1_000_000): Promise<void> {
    await installWitness(this.postgres.direct());
    this.devices = await first.part.call('setUp', this.phones.length, quota);
    const off = first.part.on<{ id: number; qr: string }>('qr', ({ id, qr }) => {
      const phone = this.phones[this.devices.findIndex((device) => device.id === id)];
      if (phone !== undefined) this.network.call('scan', phone, qr).catch(() => undefined);
    });
    const ids = this.devices.map(({ id }) => id);
    // A few at a time: a login has its own limits of time.
    for (let at = 0; at < ids.length; at += 3)
      await within(first.part.call('link', ids.slice(at, at + 3)), PATIENCE_MS, 'the devices to be linked');
    off();
  }

  async kill(node: ClusterNode): Promise<void> {
    this.#forget(node);
    await node.part.kill();
  }

  /** As SIGTERM does it. */
  async stop(node: ClusterNode): Promise<void> {
    await node.part.call('stop');
    this.#forget(node);
    await node.part.kill();
  }

  #forget(node: ClusterNode): void {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    this.#tellProxy();
  }

  #tellProxy(): void {
    this.proxy.use(this.nodes.filter(({ role, url }) => role !== 'worker' && url !== '').map(({ url }) => url));
  }

  async end(keep: boolean): Promise<void> {
    await Promise.all(this.nodes.map(({ part }) => part.kill()));
    await this.proxy.stop();
    await this.network.kill();
    await this.postgres.stop();
    if (!keep) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Runs a scenario in a cluster of its own; a failure names the seed and keeps the logs. */
export async function inCluster<T extends { readonly findings: readonly string[] }>(
  cluster: Pick<Cluster, 'seed' | 'dir' | 'end'>,
  work: () => Promise<T>,
): Promise<T> {
  let failed = true;
  try {
    const result = await work();
    failed = result.findings.length > 0;
    return result;
  } catch (error) {
    throw new Error(`WAGATE_TEST_SEED=${cluster.seed}; logs are in ${cluster.dir}`, { cause: error });
  } finally {
    await cluster.end(failed);
  }
}
