import type { startApp } from '../../src/app.ts';
import type { DeviceKind } from '../../src/store/index.ts';

type App = Awaited<ReturnType<typeof startApp>>;

export interface Device {
  readonly id: number;
  readonly token: string;
}

export async function setUp(app: App, count: number, quota?: number, kind: DeviceKind = 'whatsapp'): Promise<Device[]> {
  const account = (await app.accounts.bootstrap()) ?? (await app.accounts.choose(undefined));
  if (quota !== undefined) {
    const offer = await app.store.packages.create({
      name: `Crash ${quota}`,
      message_quota: quota,
      device_limit: 1_000,
      days: 30,
      price_idr: 0,
      is_trial: 0,
      rate_limit_per_minute: null,
    });
    await app.store.subscriptions.assign(account.id, offer, app.clock.now());
  }
  const devices: Device[] = [];
  while (devices.length < count) {
    const { id } = await app.devices.create(account.id, { name: `Crash ${devices.length}`, kind });
    // Pacing is for people who look at a phone; here it would only space the kills out.
    await app.store.devices.update(account.id, id, { settings: JSON.stringify({ pacing: { enabled: false } }) });
    devices.push({ id, token: await app.devices.issueToken(account.id, id) });
  }
  return devices;
}

/** Resolves when each is connected and what waited is through; rejects when one needs a person. */
export async function linkDevices(app: App, ids: readonly number[], showQr: (id: number, qr: string) => void) {
  const account = await app.accounts.choose(undefined);
  await Promise.all(
    ids.map(async (id) => {
      const station = await app.fleet.take(await app.devices.find(account.id, id));
      await new Promise<void>((resolve, reject) => {
        const shown = new Set<string>();
        let asked = false;
        const look = () => {
          const { state } = station;
          if (state.is === 'pairing' && !shown.has(state.qr)) {
            shown.add(state.qr);
            showQr(id, state.qr);
          }
          if ((state.is === 'idle' || state.is === 'down') && !asked) {
            // What its owner does who sees it so: ask for a code.
            asked = true;
            station.startPairing();
          } else if (state.is === 'down') finish(() => reject(new Error(`device ${id} is down: ${state.reason}`)));
          if (state.is === 'connected' && state.caughtUp) finish(resolve);
        };
        const off = app.events.on('device.changed', ({ deviceId }) => {
          if (deviceId === id) look();
        });
        const finish = (then: () => void) => {
          off();
          then();
        };
        look();
      });
    }),
  );
}
