import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Site, startSite } from '../http/support/site.ts';

/** An id longer than the router's parameters answered 400 "not well formed", or 405 that allowed the very method. */
let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.stop());

test.each(['GET', 'DELETE', 'PATCH'])('%s of an id of 400 characters is not found', async (method) => {
  for (const id of ['x'.repeat(400), '9'.repeat(101)]) {
    const answer = await site.call(`/api/v1/webhooks/${id}`, { method });
    expect([answer.status, answer.json().code]).toEqual([404, 'not_found']);
  }
});
