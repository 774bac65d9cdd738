import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLimits } from '../../src/base/limits.ts';
import { WRONG_TOKENS_PER_MINUTE } from '../../src/http/auth.ts';
import { OTHER_TOKEN } from './support/fake-gateway.ts';
import { createHandClock, type Site, startSite } from './support/site.ts';

describe('the rate of a token', () => {
  let site: Site;
  beforeEach(async () => {
    site = await startSite();
    site.gateway.caller = { ...site.gateway.caller, rateLimit: 3 };
  });
  afterEach(() => site.stop());

  const device = (headers: Record<string, string> = {}) => site.call('/api/v1/device', { headers });

  test('is counted down, then answered with 429 and the seconds to wait, then begins anew', async () => {
    const answers = [await device(), await device(), await device(), await device()];
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200, 429]);
    expect(answers.map((a) => a.headers.get('ratelimit-remaining'))).toEqual(['2', '1', '0', '0']);
    const refused = answers[3];
    const seconds = Number(refused?.headers.get('retry-after'));
    expect(refused?.json()).toMatchObject({ code: 'rate_limited', retry_after: seconds });
    expect(refused?.headers.get('ratelimit-reset')).toBe(String(seconds));
    site.clock.advance(seconds * 1000);
    expect((await device()).status).toBe(200);
  });

  test('is refused before the body is read', async () => {
    for (let i = 0; i < 3; i++) await device();
    expect((await site.post('/api/v1/send-message', '{')).status).toBe(429);
  });

  test('of one is not the rate of another', async () => {
    for (let i = 0; i < 4; i++) await device();
    expect((await device({ Authorization: `Bearer ${OTHER_TOKEN}` })).status).toBe(200);
  });
});

describe('an address that tries wrong tokens', () => {
  test('is asked to wait, without a look into the store; a token that was good before still enters', async () => {
    const site = await startSite();
    const guess = () => site.call('/api/v1/device', { headers: { Authorization: 'Bearer wag_guess' } });
    expect((await site.call('/api/v1/device')).status).toBe(200);
    for (let i = 0; i < WRONG_TOKENS_PER_MINUTE; i++) expect((await guess()).status).toBe(401);
    const asked = site.gateway.authentications;
    const refused = await guess();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(site.gateway.authentications).toBe(asked);
    expect((await site.call('/api/v1/device')).status).toBe(200);
    site.clock.advance(61_000);
    expect((await guess()).status).toBe(401);
    await site.stop();
  });
});

test('a flood does not lengthen the wait', () => {
  const clock = createHandClock();
  const limits = createLimits({ clock, windowMs: 1000 });
  for (let i = 0; i < 100; i++) limits.take('a', 2);
  clock.advance(1001);
  expect(limits.take('a', 2)).toMatchObject({ allowed: true, remaining: 1 });
});
