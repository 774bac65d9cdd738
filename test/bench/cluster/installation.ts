import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { MASTER_KEY } from '../../crash/world.ts';
import type { Child } from '../calls.ts';
import { createCustomer } from '../customer.ts';
import type { GatewayCommands } from '../gateway.ts';
import { inLanes } from '../lanes.ts';
import { numbers, type World } from '../world.ts';

/** Chats of each device: with several messages at a time none waits for another of its chat. */
const CHATS_A_DEVICE = 8;
export const PEOPLE = numbers(6, 400);

export type Role = 'all' | 'api' | 'worker';
type Node = Child<GatewayCommands>;

/** Nodes on a database of their own, with devices that are spread over them. */
export interface Installation {
  readonly title: string;
  readonly nodes: readonly Node[];
  /** The n-th message: from the next device, through the next node, to the next of the device's chats. */
  send(n: number, options?: { async?: boolean }): Promise<void>;
  /** Resolves when each message has its receipt. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const LINKED_AT_ONCE = 3;
const SETTLED_MS = 60_000;
let phones = 0;
let installations = 0;

export async function startInstallation(
  world: World,
  server: string,
  roles: readonly Role[],
  devices: number,
): Promise<Installation> {
  const name = `cluster_${++installations}`;
  const url = await createDatabase(server, name);
  // One connection, to look: the server's other ones are the nodes'.
  const looking = new pg.Client(url);
  // When the server ends before it, the next question says so.
  looking.on('error', () => undefined);
  const env = { DATABASE_URL: url, MASTER_KEY, SHARED_DIR: world.dir, DRAIN_SECONDS: '0' };
  const start = (role: Role, at: number) =>
    world.startGateway(`${name}_${at}`, { ...env, WAGATE_ROLE: role, WAGATE_NODE: `${role}-${at}` });

  const [first, ...others] = roles;
  // The first one makes the account.
  const started = [await start(first ?? 'all', 0)];
  started.push(...(await Promise.all(others.map((role, at) => start(role, at + 1)))));
  const nodes = started.map(({ gateway }) => gateway);
  await looking.connect();
  const answering = started.filter((_, at) => roles[at] !== 'worker');
  const keeping = nodes.filter((_, at) => roles[at] !== 'api');

  const tokens: string[] = [];
  const ours = numbers(7, devices, phones);
  phones += devices;
  await inLanes(
    ours.map((phone, at) => ({ phone, keeper: keeping[at % keeping.length] as Node })),
    LINKED_AT_ONCE,
    async ({ phone, keeper }) => {
      const id = await world.link(keeper, phone);
      tokens[ours.indexOf(phone)] = await keeper.call('token', { id });
    },
  );
  const { rows } = await looking.query('select node, count(*) as n from device_lease group by node');
  const counts = rows.map(({ n }) => Number(n));
  if (counts.length !== keeping.length || Math.max(...counts) > Math.ceil(devices / keeping.length))
    throw new Error(`the devices of ${name} are not spread: ${JSON.stringify(rows)}`);

  const customers = answering.map(({ url: at }) => tokens.map((token) => createCustomer(at, token)));
  const open = async () =>
    Number(
      (await looking.query("select count(*) as n from message where state not in ('delivered', 'read')")).rows[0]?.n,
    );

  return {
    title: title(roles),
    nodes,
    send(n, options) {
      const round = Math.floor(n / devices);
      const device = n % devices;
      // Shifted in each round, so that a device is not always asked for at the same node.
      const customer = customers[(n + round) % customers.length]?.[device];
      const chat = PEOPLE[(device * CHATS_A_DEVICE + (round % CHATS_A_DEVICE)) % PEOPLE.length] ?? '';
      return customer?.send(chat, TEXT, options) ?? Promise.reject(new Error('nobody answers requests'));
    },
    async settled() {
      const deadline = performance.now() + SETTLED_MS;
      for (let left = await open(); left > 0; left = await open()) {
        if (performance.now() > deadline) throw new Error(`${left} messages of ${name} have no receipt`);
        await pause(20);
      }
    },
    async stop() {
      for (const customer of customers.flat()) customer.close();
      await looking.end();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

const TEXT = 'Your order 10482 has left our warehouse and will reach you tomorrow.';

const title = (roles: readonly Role[]): string =>
  roles.every((role) => role === 'all')
    ? `${roles.length} ${roles.length === 1 ? 'node' : 'nodes'}`
    : roles.map((role) => `1 ${role}`).join(' + ');

export async function createDatabase(server: string, name: string): Promise<string> {
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`create database ${name}`).finally(() => client.end());
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
