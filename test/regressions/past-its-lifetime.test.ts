import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { noFailpoint } from '../../src/base/failpoints.ts';
import { createLog } from '../../src/base/log.ts';
import { createAcknowledgements } from '../../src/gateway/acknowledgements.ts';
import type { Body } from '../../src/gateway/body.ts';
import { createDelivery } from '../../src/gateway/delivery.ts';
import { createRegistrations } from '../../src/gateway/registrations.ts';
import { type Link, LinkError } from '../../src/whatsapp/link.ts';
import { accept, createTenant, send, used } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

const neverAsked = (): never => {
  throw new Error('a text has no media');
};

/** What was on its way was sent again, and again, whatever its lifetime said: only the queue looked at it. */
overEachDatabase('a message on its way', (database) => {
  async function open(refusal: LinkError['code']) {
    let ahead = 0;
    const now = () => systemClock.now() + ahead;
    const sleep: Clock['sleep'] = async (ms) => {
      ahead += ms;
    };
    const clock: Clock = { ...systemClock, now, sleep };
    const store = await database.open({ clock });
    const tenant = await createTenant(store);
    const body: Body = { is: 'text', text: 'Halo' };
    const row = await accept(store, tenant, { recipient: '120363000000000001@g.us', body, expires_at: now() + 1_000 });
    const told: string[] = [];
    let stanzas = 0;
    let held = 0;
    const link = {
      encode: async () => {
        ahead += 1_000;
        return Buffer.from('what took its time');
      },
      relay: async () => {
        stanzas += 1;
        // With the fault it would go on for as long as it may.
        throw new LinkError(stanzas > 5 ? 'closed' : refusal, 'Not now.');
      },
    } as unknown as Link;
    const delivery = createDelivery({
      owner: tenant.owner,
      messages: store.messages,
      registrations: createRegistrations(clock),
      acknowledgements: createAcknowledgements(clock),
      media: { fetch: neverAsked, claimUpload: neverAsked, discard: neverAsked },
      typingMs: () => 0,
      changed: ({ state, error_code }) => told.push(`${state} ${error_code}`),
      held: () => {
        held += 1;
      },
      durable: store.durable,
      durableSoon: () => undefined,
      wroteTo: async () => undefined,
      acknowledged: () => undefined,
      storeFailed: () => undefined,
      lineClosed: () => undefined,
      stalled: () => undefined,
      failpoint: noFailpoint,
      clock,
      log: createLog('silent'),
    });
    return {
      deliver: () => delivery.deliver(row, link, new AbortController().signal, () => undefined),
      expire: () => store.messages.expire(tenant.owner, now()),
      held: () => held,
      resume: async () => delivery.resume(await send(store, tenant, row), link, new AbortController().signal),
      told,
      stanzas: () => stanzas,
      used: () => used(store, tenant),
      pass: (ms: number) => {
        ahead += ms;
      },
    };
  }

  test('is not taken up again past its lifetime; its quota is spent, since it may have gone out', async () => {
    const { resume, told, stanzas, pass, ...all } = await open('timed_out');
    pass(1_000);
    await resume();
    expect([stanzas(), told, await all.used()]).toEqual([0, ['expired message_expired'], 1]);
  });

  test('does not go out when its lifetime ends while it is prepared, and costs nothing', async () => {
    const { deliver, stanzas, held, expire, used } = await open('timed_out');
    await deliver();
    expect([stanzas(), held()]).toEqual([0, 1]);
    expect(await expire()).toMatchObject([{ state: 'expired' }]);
    expect(await used()).toBe(0);
  });

  test.each(['timed_out', 'store'] as const)('gets no further stanza past its lifetime (%s)', async (refusal) => {
    const { resume, told, stanzas } = await open(refusal);
    await resume();
    expect([stanzas(), told]).toEqual([expect.toBeOneOf([1, 2]), ['expired message_expired']]);
  });
});
