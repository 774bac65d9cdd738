import { enableCompileCache, flushCompileCache } from 'node:module';
import type { Store } from '../../src/store/index.ts';
import type { Go } from '../crash/gateway.ts';
import { serve, tell } from '../crash/part.ts';

/**
 * The gateway of the storm, with the calls of `test/crash/gateway.ts`. Only the schedule of deliveries passes faster: three days of
 * tries in minutes.
 */
enableCompileCache();
const { startApp } = await import('../../src/app.ts');
const { readConfig } = await import('../../src/base/config.ts');
const { linkDevices, setUp } = await import('../crash/linking.ts');
flushCompileCache();

/** 5 min become 30 ms, a day 9 s. */
const FASTER = 10_000;

const storeManners = (store: Store): Store => ({
  ...store,
  deliveries: {
    ...store.deliveries,
    markFailed: (row, outcome, due) =>
      store.deliveries.markFailed(row, outcome, due && outcome.at + Math.ceil((due - outcome.at) / FASTER)),
  },
});

type App = Awaited<ReturnType<typeof startApp>>;
let app: App | undefined;
const need = (): App => {
  if (!app) throw new Error('the gateway was not started');
  return app;
};

serve({
  async go({ env }: Go) {
    app = await startApp(readConfig({ NODE_ENV: 'test', SANDBOX: 'false', ...env }), { storeManners });
    const told = new Set<number>();
    app.events.on('device.changed', ({ deviceId }) => {
      const state = app?.fleet.state(deviceId);
      if (state?.is !== 'connected' || !state.caughtUp || told.has(deviceId)) return;
      told.add(deviceId);
      tell('connected', deviceId);
    });
    return app.url;
  },
  setUp: (devices: number, quota?: number) => setUp(need(), devices, quota),
  link: (ids: readonly number[]) => linkDevices(need(), ids, (id, qr) => tell('qr', { id, qr })),
  states: (ids: readonly number[]) => ids.map((id) => need().fleet.state(id)),
  stop: async () => {
    await app?.stop();
  },
});

process.on('unhandledRejection', (reason) => {
  process.stderr.write(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}\n`);
});
