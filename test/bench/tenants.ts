import { createCustomer } from './customer.ts';
import { percentile } from './statistics.ts';
import { CHATS, numbers, type World } from './world.ts';

/**
 * Who else uses the gateway: nobody; a tenant who sends without a pause and is refused, being beyond its limit; one without a limit, whose
 * messages all go out.
 */
const NEIGHBOURS = ['nobody', 'refused', 'busy'] as const;
type Neighbour = (typeof NEIGHBOURS)[number];

export interface BesideTenant {
  readonly neighbour: Neighbour;
  /** Ms from the request to WhatsApp's acknowledgement. */
  readonly latencies: readonly number[];
  /** Of the 95th percentile, to that beside nobody. */
  readonly ratio: number;
  /** Requests a second of the neighbour that were answered. */
  readonly answered: number;
}

const MESSAGES_A_TURN = 40;
const CONNECTIONS = 16;
/** Requests a minute; what is beyond gets 429. */
const LIMIT = 60;

/** What one tenant's flood costs another: one message at a time to warm chats, in short turns with and without the neighbour. */
export async function besideTenants(world: World, turns: number): Promise<BesideTenant[]> {
  const { gateway, url } = await world.startGateway('tenants');
  await world.network.call('people', { numbers: [...CHATS, ...numbers(7, CONNECTIONS)] });
  const crowd = await world.startCrowd();
  const tenant = async (phone: string, rateLimit: number | null) => {
    const accountId = await gateway.call('addTenant', { rateLimit });
    return gateway.call('token', { id: await world.link(gateway, phone, accountId), accountId });
  };
  const tokens = { refused: await tenant('6281100000011', LIMIT), busy: await tenant('6281100000012', null) };
  const customer = createCustomer(url, await gateway.call('token', { id: await world.link(gateway, '6281100000013') }));

  const send = async (n: number) => {
    const began = performance.now();
    await customer.send(CHATS[n % CHATS.length] ?? '', `message ${n}`);
    return performance.now() - began;
  };
  for (let n = 0; n < 2 * CHATS.length; n++) await send(n);
  const found: Record<Neighbour, number[]> = { nobody: [], refused: [], busy: [] };
  const answered: Record<Neighbour, number> = { nobody: 0, refused: 0, busy: 0 };
  const seconds: Record<Neighbour, number> = { nobody: 0, refused: 0, busy: 0 };
  for (let turn = 0; turn < turns; turn++)
    for (const neighbour of turn % 2 === 0 ? NEIGHBOURS : NEIGHBOURS.toReversed()) {
      const began = performance.now();
      if (neighbour !== 'nobody')
        await crowd.call('begin', { url, token: tokens[neighbour], connections: CONNECTIONS });
      for (let n = 0; n < MESSAGES_A_TURN; n++) found[neighbour].push(await send(n));
      seconds[neighbour] += (performance.now() - began) / 1_000;
      if (neighbour !== 'nobody')
        for (const count of Object.values(await crowd.call('end'))) answered[neighbour] += count;
    }
  customer.close();
  await crowd.stop();
  await gateway.stop();
  const p95 = (neighbour: Neighbour) => percentile(found[neighbour], 0.95);
  return NEIGHBOURS.map((neighbour) => ({
    neighbour,
    latencies: found[neighbour],
    ratio: p95(neighbour) / p95('nobody'),
    answered: answered[neighbour] / seconds[neighbour],
  }));
}
