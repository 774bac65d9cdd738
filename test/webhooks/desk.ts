import { onTestFinished } from 'vitest';
import { createEvents } from '../../src/base/events.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createLog } from '../../src/base/log.ts';
import { createAlerts } from '../../src/gateway/alerts.ts';
import { createDeliveries } from '../../src/gateway/deliveries.ts';
import { createHappenings, type Happening } from '../../src/gateway/happenings.ts';
import { createMail } from '../../src/gateway/mail.ts';
import { createWebhooks } from '../../src/gateway/webhooks.ts';
import { createEgress } from '../../src/net/egress.ts';
import type { Store } from '../../src/store/index.ts';
import { startMailServer } from '../panel/support/mail-server.ts';
import { createTenant } from '../store/tenant.ts';
import type { TestDatabase } from '../support/databases.ts';
import { createHandClock } from './clock.ts';
import { startReceiver } from './receiver.ts';

const settings = { name: 'Warung', signUp: 'closed', signUpPackageId: null, bankTransfer: '' } as const;

/** Webhooks and their worker over a real database, with a receiver and a clock whose hands the test moves. No WhatsApp. */
export async function openDesk(
  database: TestDatabase,
  {
    timeoutMs = 5_000,
    concurrency = 8,
    beforeDurable = async () => undefined,
    judging = (judge) => judge(),
    manners = (worker) => worker,
  }: {
    timeoutMs?: number;
    concurrency?: number;
    /** After a plan was read, before anything of it goes. */
    beforeDurable?: () => Promise<void>;
    /** After a failure was written: `judge` looks how long the endpoint has failed, Unix ms. */
    judging?: (judge: () => Promise<number>) => Promise<number>;
    /** Between the worker and what it asks of the store. */
    manners?: (worker: Pick<Store, 'webhooks' | 'deliveries'>) => Pick<Store, 'webhooks' | 'deliveries'>;
  } = {},
) {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.stop());
  const clock = createHandClock();
  const at = await database.place();
  const store = await database.open({ at, clock });
  const tenant = await createTenant(store);
  const log = createLog((process.env.TEST_LOG ?? 'silent') as 'silent');
  const problems: unknown[] = [];
  const events = createEvents((error) => problems.push(error));
  const egress = createEgress({ allowHttp: true, ports: [80, 443, receiver.port], allow: ['127.0.0.0/8'] });
  onTestFinished(() => egress.stop());
  const happenings = createHappenings({ store, events, clock, random: systemRandom });
  const webhooks = createWebhooks({ store, happenings, egress, events, timeoutMs, clock, random: systemRandom });
  const owner = { accountId: tenant.account.id, deviceId: tenant.device.id };
  const letters = await startMailServer();
  const alerts = createAlerts({
    store,
    installation: { settings: async () => ({ ...settings }), url: () => 'https://wa.example.com' },
    mail: createMail({ smtpUrl: letters.url, from: 'WAGate <wagate@example.com>', log }),
    log,
  });
  const make = (node = 'node-1') =>
    createDeliveries({
      store: {
        ...store,
        durable: () => beforeDurable().then(store.durable),
        ...manners({
          deliveries: store.deliveries,
          webhooks: { ...store.webhooks, failing: (id, now) => judging(() => store.webhooks.failing(id, now)) },
        }),
      },
      happenings,
      egress,
      alerts,
      events,
      node,
      concurrency,
      timeoutMs,
      clock,
      random: systemRandom,
      log,
    });
  const deliveries = make();
  onTestFinished(() => deliveries.stop());

  let told = 0;
  return {
    letters,
    receiver,
    clock,
    store,
    tenant,
    events,
    happenings,
    webhooks,
    owner,
    deliveries,
    make,
    /** An endpoint at a path of the receiver. */
    endpoint: async (path: string, more: { types?: readonly string[]; format?: 'standard' | 'legacy' } = {}) =>
      webhooks.create(owner, {
        url: receiver.url(path),
        events: (more.types ?? ['message.received']) as never,
        description: '',
        format: more.format ?? 'standard',
      }),
    /** Something happens. */
    async tell(more: Partial<Happening> = {}) {
      told += 1;
      const happening: Happening = { type: 'message.received', cause: null, chat: '', data: { n: told }, ...more };
      await store.transaction((tx) => happenings.record(tx, tenant.owner, happening));
      happenings.ring(tenant.owner);
    },
    /** The delivery of the n-th event, as the log has it, once it satisfies. */
    async logged(id: number, satisfies: (rows: Awaited<ReturnType<typeof webhooks.deliveries>>['rows']) => boolean) {
      for (let tries = 0; tries < 1_200; tries++) {
        const { rows } = await webhooks.deliveries(owner, id, { limit: 100, page: 1 });
        if (satisfies(rows)) return rows;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error('the log never said so');
    },
  };
}
