import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './calls.ts';
import type { CrowdCommands } from './crowd.ts';
import { createCustomer } from './customer.ts';
import type { GatewayCommands } from './gateway.ts';
import type { NetworkCommands } from './network.ts';
import type { PlainCommands } from './plain.ts';

export type World = Awaited<ReturnType<typeof createWorld>>;

export const PHONES = { plain: '6281100000001', gateway: '6281100000002' } as const;

/** `count` numbers from a range of its own, which no other range meets. */
export const numbers = (range: number, count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => String(6281200000000 + range * 1_000_000 + from + at));

export const CHATS = numbers(0, 50);
const MEMBERS = numbers(1, 20);
const SILENT_MEMBERS = numbers(4, 20);

/** The simulated network, and whom it is asked for. Everything that was started ends with `stop`, in whatever state it is. */
export async function createWorld() {
  const dir = mkdtempSync(join(tmpdir(), 'wagate-bench-'));
  // A reader that closes our output (`| head`) ends the process with an error; the folder goes all the same.
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const children: { stop(): Promise<void> }[] = [];
  const network = await startChild<NetworkCommands>('network.ts', dir);
  children.push(network);
  const route = await network.call('describe');

  async function startGateway(name: string, env: Readonly<Record<string, string>> = {}) {
    const gateway = await startChild<GatewayCommands>('gateway.ts', dir);
    children.push(gateway);
    const { url } = await gateway.call('start', { dataDir: join(dir, name), ...route, env });
    return { gateway, url };
  }

  return {
    dir,
    network,
    startGateway,

    async startPlain() {
      const plain = await startChild<PlainCommands>('plain.ts', dir);
      children.push(plain);
      const qr = await plain.call('connect', route);
      await network.call('scan', { phone: PHONES.plain, qr });
      await plain.call('opened');
      return plain;
    },

    async startCrowd() {
      const crowd = await startChild<CrowdCommands>('crowd.ts', dir);
      children.push(crowd);
      return crowd;
    },

    /** Creates a device and links it as a person does, by its QR code. Without an account it is the operator's. */
    async link(gateway: Child<GatewayCommands>, phone: string, accountId?: number): Promise<number> {
      const id = await gateway.call('addDevice', { accountId });
      await network.call('scan', { phone, qr: await gateway.call('qr', { id }) });
      await gateway.call('linked', { id });
      return id;
    },

    /** The two that are compared, linked, with everybody they write to. */
    async pair() {
      await network.call('people', { numbers: CHATS });
      const [plain, { gateway, url }] = await Promise.all([this.startPlain(), startGateway('compared')]);
      const device = await this.link(gateway, PHONES.gateway);
      const customer = createCustomer(url, await gateway.call('token', { id: device }));
      // Each side has groups of its own: neither shall be charged for reading what the other writes.
      const groupOf = (side: keyof typeof PHONES, members: readonly string[]) =>
        network.call('group', { members: [PHONES[side], ...members] });
      const groups = {
        plain: { telling: await groupOf('plain', MEMBERS), silent: await groupOf('plain', SILENT_MEMBERS) },
        gateway: { telling: await groupOf('gateway', MEMBERS), silent: await groupOf('gateway', SILENT_MEMBERS) },
      };
      for (const id of Object.values(groups.plain)) await plain.call('learnGroup', { id });
      await network.call('silence', { numbers: SILENT_MEMBERS });
      return { plain, gateway, customer, groups };
    },

    async stop() {
      for (const child of children.toReversed()) await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type Pair = Awaited<ReturnType<World['pair']>>;
