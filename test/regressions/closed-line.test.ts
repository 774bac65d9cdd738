import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { noFailpoint } from '../../src/base/failpoints.ts';
import { createLog } from '../../src/base/log.ts';
import { createAcknowledgements } from '../../src/gateway/acknowledgements.ts';
import { createDelivery } from '../../src/gateway/delivery.ts';
import { createOutbox } from '../../src/gateway/outbox.ts';
import { createPacing, NO_PACING } from '../../src/gateway/pacing.ts';
import { createRegistrations } from '../../src/gateway/registrations.ts';
import { type Link, LinkError } from '../../src/whatsapp/link.ts';
import { accept, createTenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

const neverAsked = (): never => {
  throw new Error('a text has no media');
};

/**
 * A socket that is closing refuses a message at once, some turns of the event loop before its `close` event comes. The outbox took the
 * row up again at once, and since SQLite answers without a wait, the event never came: 100 % of a core, memory by the gigabyte, nothing
 * sent any more (test/crash, lost acks and cut lines, 2 of 5 seeds on a busy machine).
 */
overEachDatabase('a connection that is closed and has not said so', (database) => {
  test('lets the event loop turn, and its message goes out on the next connection', async () => {
    const store = await database.open();
    const tenant = await createTenant(store);
    const row = await accept(store, tenant, { body: { is: 'text', text: 'Halo' } });

    let tries = 0;
    const refuse = async (): Promise<never> => {
      tries += 1;
      // With the fault the loop would never end, nor this test.
      if (tries > 100) throw new LinkError('rejected', 'Enough.');
      throw new LinkError('closed', 'The connection to WhatsApp is closed.');
    };
    const closedLine = { lookUp: refuse, relay: refuse } as unknown as Link;
    const acknowledgements = createAcknowledgements(systemClock);
    const openLine = {
      lookUp: async (phones: readonly string[]) =>
        new Map(phones.map((phone) => [phone, { jid: `${phone}@s.whatsapp.net`, lid: null }])),
      encode: async () => new Uint8Array([1]),
      showPresence: async () => undefined,
      relay: async (_chat: string, _proto: Uint8Array, whatsappId: string) => {
        acknowledgements.settle(whatsappId, { is: 'acknowledged', serverTime: 1_765_360_800 });
      },
    } as unknown as Link;
    let line = closedLine;

    const { promise: sent, resolve: onSent } = Promise.withResolvers<string>();
    const common = {
      owner: tenant.owner,
      messages: store.messages,
      acknowledgements,
      durable: store.durable,
      durableSoon: () => undefined,
      clock: systemClock,
      log: createLog('silent'),
    };
    const outbox = createOutbox({
      ...common,
      delivery: createDelivery({
        ...common,
        registrations: createRegistrations(systemClock),
        media: { fetch: neverAsked, claimUpload: neverAsked, discard: neverAsked },
        typingMs: () => 0,
        changed: ({ state }) => state === 'sent' && onSent(state),
        held: () => outbox.wake(),
        wroteTo: async () => undefined,
        acknowledged: () => undefined,
        storeFailed: () => undefined,
        stalled: () => undefined,
        lineClosed: (link) => outbox.onClosedLine(link),
        failpoint: noFailpoint,
      }),
      pacing: async () =>
        createPacing({
          settings: NO_PACING,
          timeZone: 'UTC',
          linkedAt: 0,
          history: { sent: [], newToday: 0 },
          lockedUntil: 0,
          clock: systemClock,
          random: (bytes) => Buffer.alloc(bytes),
        }),
      conversations: { isNew: async () => false },
      link: () => line,
      changed: () => undefined,
    });
    onTestFinished(() => outbox.stop(0));
    outbox.start();
    while (tries === 0) await turn();
    for (let n = 0; n < 50; n++) await turn();
    expect(tries).toBe(1);

    line = openLine;
    outbox.wake();
    expect(await sent).toBe('sent');
    expect(row.state).toBe('queued');
  });
});
