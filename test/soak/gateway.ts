import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type App, startApp } from '../../src/app.ts';
import { readConfig } from '../../src/base/config.ts';
import { serve } from '../crash/part.ts';

/**
 * The gateway under the soak: `startApp` as `npm start` runs it, with the sandbox network inside. It looks at itself: what is left in
 * memory after a forced collection, which handles are open, who listens to what.
 */
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as (options: object) => void;
/**
 * The collection that V8 makes before it would give up: it moves what is alive together and gives free pages back. After a plain one V8
 * holds about as many free and half-empty pages as full ones (535 MiB of RSS where 284 are in use), in whose coming and going a slope
 * of the whole process cannot be seen.
 */
const collect = () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });

let app: App | undefined;
let accountId = 0;
const rejections: string[] = [];
const warnings: string[] = [];
process.on('unhandledRejection', (reason) =>
  rejections.push(reason instanceof Error ? String(reason.stack) : String(reason)),
);
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));

const need = (): App => {
  if (app === undefined) throw new Error('the gateway was not started');
  return app;
};

export interface Sample {
  /** MiB, after a forced collection: what the program keeps. */
  readonly heap: number;
  /** MiB of V8's heap that are the compiled program: it grows while rare ways through the program are met and optimised. */
  readonly code: number;
  /** MiB in use in each of V8's spaces, by its name for them: `heap` and `code` are their sums. */
  readonly spaces: Readonly<Record<string, number>>;
  /** MiB that live outside of V8's heap: buffers. */
  readonly external: number;
  /** MiB of the whole process after that collection: all of the above, Node itself, SQLite's caches, the allocator, pages in part empty. */
  readonly rss: number;
  /** Open handles by kind, as Node counts them: sockets, servers, timers, files. */
  readonly handles: Readonly<Record<string, number>>;
  /** Listeners of the process, of all open handles, and of the gateway's own events. */
  readonly listeners: number;
}

interface Emitter {
  eventNames?(): (string | symbol)[];
  listenerCount?(name: string | symbol): number;
}
const listenersOf = (emitter: Emitter): number =>
  (emitter.eventNames?.() ?? []).reduce((sum, name) => sum + (emitter.listenerCount?.(name) ?? 0), 0);

const calls = {
  async start(env: Readonly<Record<string, string>>, devices: number) {
    app = await startApp(readConfig({ NODE_ENV: 'test', PORT: '0', SANDBOX: 'true', LOG_LEVEL: 'warn', ...env }));
    const account = await app.accounts.bootstrap();
    if (account === undefined) throw new Error('the folder is not empty');
    accountId = account.id;
    const offer = await app.store.packages.create({
      name: 'Soak',
      message_quota: 10,
      device_limit: devices,
      days: 30,
      price_idr: 0,
      is_trial: 0,
      rate_limit_per_minute: null,
    });
    await app.store.subscriptions.assign(accountId, offer, app.clock.now());
    const made: { id: number; token: string }[] = [];
    for (let n = 0; n < devices; n += 1) {
      const { id } = await app.devices.create(accountId, { name: `Soak ${n}`, kind: 'sandbox' });
      made.push({ id, token: await app.devices.issueToken(accountId, id) });
    }
    await app.fleet.refresh();
    return { url: app.url, devices: made };
  },

  states: (ids: readonly number[]) => ids.map((id) => need().fleet.state(id)),

  async sample(): Promise<Sample> {
    await need().store.durable();
    // What a first collection only queues for its finalizers goes with the second.
    for (let round = 0; round < 2; round += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { external, rss } = process.memoryUsage();
    const spaces = getHeapSpaceStatistics().map(({ space_name, space_used_size }) => ({
      name: space_name,
      used: space_used_size / 2 ** 20,
    }));
    const used = (isCode: boolean) =>
      spaces.reduce((sum, { name, used }) => (/code|trusted/.test(name) === isCode ? sum + used : sum), 0);
    const active = (process as unknown as { _getActiveHandles(): Emitter[] })._getActiveHandles();
    const handles = Object.groupBy(process.getActiveResourcesInfo(), (kind) => kind);
    return {
      heap: used(false),
      code: used(true),
      spaces: Object.fromEntries(spaces.filter(({ used }) => used > 0).map(({ name, used }) => [name, used])),
      external: external / 2 ** 20,
      rss: rss / 2 ** 20,
      handles: Object.fromEntries(Object.entries(handles).map(([kind, all]) => [kind, all?.length ?? 0])),
      listeners:
        listenersOf(process) + active.reduce((sum, one) => sum + listenersOf(one), 0) + need().events.listenerCount(),
    };
  },

  /** The line of every device, at once and without a goodbye. */
  cut() {
    need().sandbox.network?.cut();
  },

  complaints: () => ({ counters: need().sandbox.network?.counters.total, rejections, warnings }),

  async heapSnapshot(path: string) {
    const { writeHeapSnapshot } = await import('node:v8');
    return writeHeapSnapshot(path);
  },

  async stop() {
    await app?.stop();
  },
};

export type SoakCalls = typeof calls;
serve(calls);
