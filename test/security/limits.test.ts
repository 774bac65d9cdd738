import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LATE_MS, REFUSED_AT_ONCE } from '../../src/http/brake.ts';
import { type Site, startSite } from '../http/support/site.ts';

/** How often somebody may ask, by token, account and address; each is counted, then 429 with the seconds to wait, in header and body. */
describe('too many requests', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({
      TRUSTED_PROXIES: ['127.0.0.1'],
      RATE_LIMIT_PER_ADDRESS: 20,
      RATE_LIMIT_ACCOUNT_FACTOR: 3,
    });
  });
  afterAll(() => site.stop());
  const ask = (path: string, from: string) => site.call(path, { headers: { 'x-forwarded-for': from } });
  const statuses = async (count: number, one: (n: number) => ReturnType<typeof ask>) => {
    const counts: Record<number, number> = {};
    for (let n = 0; n < count; n++) {
      const { status } = await one(n);
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  };

  test('from one address, whatever they ask for, are refused; others are not touched', async () => {
    site.clock.advance(61_000);
    for (const path of ['/openapi.json', '/media/forged', '/nowhere'])
      expect(Object.keys(await statuses(5, () => ask(path, '203.0.113.5')))).not.toContain('429');
    expect(await statuses(20, () => ask('/openapi.json', '203.0.113.5'))).toEqual({ 200: 5, 429: 15 });
    const refused = await ask('/openapi.json', '203.0.113.5');
    expect(refused.json()).toMatchObject({
      code: 'rate_limited',
      retry_after: Number(refused.headers.get('retry-after')),
    });
    expect((await ask('/openapi.json', '203.0.113.6')).status).toBe(200);
    // Whether the machine works is always told.
    expect((await ask('/health/live', '203.0.113.5')).status).toBe(200);
    site.clock.advance(61_000);
    expect((await ask('/openapi.json', '203.0.113.5')).status).toBe(200);
  });

  test('whether it is ready ask the store once a second, and that it stops is told at once', async () => {
    const { readiness } = site.gateway;
    let asked = 0;
    site.gateway.readiness = async () => {
      asked += 1;
      return [];
    };
    site.clock.advance(1_000);
    const begun = performance.now();
    const ready = () => ask('/health/ready', '203.0.113.5');
    const answers = await Promise.all(Array.from({ length: 200 }, ready));
    expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(200));
    expect(asked).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - begun) / 1_000));

    site.gateway.draining = true;
    expect((await ready()).status).toBe(503);
    site.gateway.draining = false;
    // What was seen is not true for longer than that.
    site.gateway.readiness = async () => ['0009_later'];
    site.clock.advance(1_000);
    expect((await ready()).status).toBe(503);
    site.gateway.readiness = readiness;
    site.clock.advance(1_000);
    expect((await ready()).status).toBe(200);
  });

  test('from one network of IPv6, which one subscriber has, count as from one address', async () => {
    expect(await statuses(30, (n) => ask('/openapi.json', `2001:db8:7:7::${n.toString(16)}`))).toEqual({
      200: 20,
      429: 10,
    });
    expect((await ask('/openapi.json', '2001:db8:7:8::1')).status).toBe(200);
  });

  test('from this machine itself are not counted by address: an unnamed proxy would stand for everybody', async () => {
    expect(await statuses(40, () => site.call('/openapi.json'))).toEqual({ 200: 40 });
  });

  test('of all tokens of one account together are refused beyond its share; another account is not touched', async () => {
    site.clock.advance(61_000);
    const { caller } = site.gateway;
    const as = (tokenId: string, accountId: number) => {
      site.gateway.caller = { ...caller, tokenId, accountId, rateLimit: 5 };
      return site.call('/api/v1/device');
    };
    // Five tokens of five requests each would be 25; three times one token's share is 15.
    expect(await statuses(25, (n) => as(`device:${n % 5}`, 7))).toEqual({ 200: 15, 429: 10 });
    expect((await as('device:9', 8)).status).toBe(200);
    site.gateway.caller = caller;
  });

  test('of who goes on although refused are answered late; others at once', async () => {
    site.clock.advance(61_000);
    const { caller } = site.gateway;
    const late = () => site.clock.slept.filter((ms) => ms === LATE_MS).length;
    const as = (tokenId: string) => {
      site.gateway.caller = { ...caller, tokenId, accountId: 80, rateLimit: 100 };
      return site.call('/api/v1/device');
    };
    const before = late();
    expect(await statuses(100 + REFUSED_AT_ONCE, () => as('device:lost'))).toEqual({ 200: 100, 429: REFUSED_AT_ONCE });
    expect(late()).toBe(before);
    expect((await as('device:lost')).status).toBe(429);
    expect((await as('device:other')).status).toBe(200);
    expect(late()).toBe(before + 1);
    // With the next minute begins a new count.
    site.clock.advance(61_000);
    expect((await as('device:lost')).status).toBe(200);

    for (let n = 0; n <= 20 + REFUSED_AT_ONCE; n++) await ask('/openapi.json', '203.0.113.9');
    expect(late()).toBe(before + 2);
    site.gateway.caller = caller;
  });

  test('ask nothing of the store: one tenant’s flood costs the others nothing', async () => {
    site.clock.advance(61_000);
    const { caller } = site.gateway;
    site.gateway.caller = { ...caller, tokenId: 'device:flood', accountId: 70, rateLimit: 3 };
    for (let n = 0; n < 3; n++) await site.call('/api/v1/messages');
    const asked = site.gateway.queries.length;
    for (let n = 0; n < 200; n++) expect((await site.call('/api/v1/messages')).status).toBe(429);
    expect(site.gateway.queries.length).toBe(asked);
    site.gateway.caller = caller;
  });
});
