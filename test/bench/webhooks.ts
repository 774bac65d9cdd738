import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startReceiver } from '../webhooks/receiver.ts';
import { percentile } from './statistics.ts';
import { numbers, type World } from './world.ts';

/** What stands beside the endpoint that is measured: nothing, one that never answers, one whose port is closed. */
const NEIGHBOURS = ['nobody', 'hangs', 'refuses'] as const;
type Neighbour = (typeof NEIGHBOURS)[number];

export interface Beside {
  readonly neighbour: Neighbour;
  /** Ms from somebody's sending to the request at the endpoint that works. */
  readonly latencies: readonly number[];
  /** Of the 95th percentile, to that beside nobody. */
  readonly ratio: number;
}

const PHONE = '6281100000003';
const WRITERS = numbers(5, 12);
const LATE_MS = 30_000;
/** Turns are this short, so that a busy moment of the machine falls on all three. */
const MESSAGES_A_TURN = 20;

/**
 * What a dead endpoint costs another of the same device: messages come in one at a time, in short turns with and
 * without a dead neighbour. The dead ones keep what they missed, and are told it again whenever their turn comes.
 */
export async function besideDeadEndpoints(world: World, turns: number): Promise<Beside[]> {
  const receiver = await startReceiver();
  try {
    const closed = await closedPort();
    const { gateway, url } = await world.startGateway('webhooks', {
      EGRESS_PORTS: `${receiver.port},${closed}`,
      EGRESS_ALLOW: '127.0.0.0/8',
    });
    await world.network.call('people', { numbers: WRITERS });
    const token = await gateway.call('token', { id: await world.link(gateway, PHONE) });
    const ask = async (method: string, path: string, body: object): Promise<number> => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { message?: string; data?: { id: number } };
      if (answer.data === undefined) throw new Error(`${method} ${path}: ${answer.message}`);
      return answer.data.id;
    };
    const add = (address: string) => ask('POST', '/webhooks', { url: address, events: ['message.received'] });

    const arrived = new Map<string, number>();
    receiver.behave('/works', (response, { json }) => {
      arrived.set(String(json.data.message_id), performance.now());
      response.end();
    });
    receiver.behave('/hangs', () => undefined);
    await add(receiver.url('/works'));
    const dead: Readonly<Partial<Record<Neighbour, number>>> = {
      hangs: await add(receiver.url('/hangs')),
      refuses: await add(`http://127.0.0.1:${closed}/`),
    };
    const only = async (neighbour: Neighbour) => {
      for (const [name, id] of Object.entries(dead))
        await ask('PATCH', `/webhooks/${id}`, { enabled: name === neighbour });
    };
    const tell = async (n: number) => {
      const began = performance.now();
      const id = await world.network.call('write', {
        from: WRITERS[n % WRITERS.length] ?? '',
        to: PHONE,
        text: `message ${n}`,
      });
      await receiver.until(() => arrived.has(id), `message ${n}`, LATE_MS);
      return (arrived.get(id) ?? Number.NaN) - began;
    };

    await only('nobody');
    for (let n = 0; n < MESSAGES_A_TURN; n++) await tell(n);
    const found: Record<Neighbour, number[]> = { nobody: [], hangs: [], refuses: [] };
    for (let turn = 0; turn < turns; turn++)
      for (const neighbour of turn % 2 === 0 ? NEIGHBOURS : NEIGHBOURS.toReversed()) {
        await only(neighbour);
        for (let n = 0; n < MESSAGES_A_TURN; n++) found[neighbour].push(await tell(n));
      }
    await gateway.stop();
    const p95 = (neighbour: Neighbour) => percentile(found[neighbour], 0.95);
    return NEIGHBOURS.map((neighbour) => ({
      neighbour,
      latencies: found[neighbour],
      ratio: p95(neighbour) / p95('nobody'),
    }));
  } finally {
    await receiver.stop();
  }
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
