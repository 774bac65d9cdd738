import { enableCompileCache, flushCompileCache } from 'node:module';
import type { DeviceState } from '../../src/gateway/supervisor.ts';
import type { DeviceKind } from '../../src/store/index.ts';
import { serve, tell } from './part.ts';

/**
 * The gateway that is killed: `startApp` with a data folder on disk. It loads everything first and then waits for `go`, so that a
 * restart costs what a restart costs, and not the reading of two thousand source files.
 */
enableCompileCache();
const { startApp } = await import('../../src/app.ts');
const { readConfig } = await import('../../src/base/config.ts');
const { gatewayHands } = await import('./hands.ts');
const { linkDevices, setUp } = await import('./linking.ts');
// A process that is killed writes no cache when it ends.
flushCompileCache();

type App = Awaited<ReturnType<typeof startApp>>;
let app: App | undefined;

export interface Go {
  readonly env: Readonly<Record<string, string>>;
  /** Dies at the `hit`-th time that it passes the fail-point of this name. */
  readonly failpoint?: { readonly name: string; readonly hit: number } | undefined;
  /** Each call of the device's memory takes so many milliseconds longer. */
  readonly storeLatencyMs?: number | undefined;
  /** Waits are so many times shorter. */
  readonly haste?: number | undefined;
  /** It is of a later version, which has these on top. */
  readonly migrations?: readonly { readonly name: string; readonly statements: readonly string[] }[] | undefined;
}

const calls = {
  async go({ env, ...options }: Go) {
    app = await startApp(readConfig({ NODE_ENV: 'test', SANDBOX: 'false', ...env }), gatewayHands(options));
    const told = new Set<number>();
    const look = (id: number) => {
      const state = app?.fleet.state(id);
      if (state?.is === 'connected' && state.caughtUp && !told.has(id)) {
        told.add(id);
        tell('connected', id);
      }
    };
    app.events.on('device.changed', ({ deviceId }) => look(deviceId));
    app.ended.then((because) => tell('ended', because));
    return app.url;
  },

  /** The account, with a quota of its own when there is one, and devices; gives their ids and tokens. Once for a data folder. */
  setUp: (devices: number, quota?: number, kind?: DeviceKind) => setUp(need(), devices, quota, kind),

  /** Links the devices that are not linked yet, telling each QR code; resolves when all are connected. */
  link: (ids: readonly number[]) => linkDevices(need(), ids, (id, qr) => tell('qr', { id, qr })),

  states: (ids: readonly number[]): DeviceState[] => ids.map((id) => need().fleet.state(id)),

  stop: async () => {
    await app?.stop();
  },
};

function need(): App {
  if (!app) throw new Error('the gateway was not started');
  return app;
}

// As src/main.ts has it: what Baileys leaves behind ends nobody.
process.on('unhandledRejection', (reason) => {
  process.stderr.write(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}\n`);
});

export type GatewayCalls = typeof calls;

serve(calls);
