import QRCode from 'qrcode';
import { failure } from '../base/errors.ts';
import type { DeviceState } from '../gateway/supervisor.ts';
import type { DeviceRow } from '../store/index.ts';
import type { CommandAnswer, CommandContext } from './commands.ts';

/** Nobody looks at a terminal longer; WhatsApp's own codes last about three minutes. */
const PATIENCE_MS = 10 * 60_000;

/** Links a device here, in this process, and hands it to the running gateway when it is done. */
export async function linkDevice({ gateway, options, say }: CommandContext, device: DeviceRow): Promise<CommandAnswer> {
  if (device.kind === 'sandbox')
    return {
      text: 'A sandbox device links itself while the gateway runs (npm start).',
      data: { id: device.id, state: device.state },
    };
  if (device.enabled === 1)
    throw failure('device_busy', {
      state: `linked already (${device.phone ?? 'no number yet'})`,
      needed: 'not linked',
    });
  const station = await gateway.fleet.take(device);
  let shown = '';
  let asked = false;

  const end = await new Promise<DeviceState | undefined>((resolve, reject) => {
    const timer = new AbortController();
    const finish = (state: DeviceState | undefined) => {
      off();
      timer.abort();
      resolve(state);
    };
    const look = async () => {
      const { state } = station;
      if (state.is === 'connected' || state.is === 'down') return finish(state);
      if (state.is !== 'pairing') return;
      if (options.code === undefined) {
        if (state.qr === shown) return;
        shown = state.qr;
        if (options.json) return say(JSON.stringify({ qr: state.qr, expires_at: state.expiresAt }));
        say(await QRCode.toString(state.qr, { type: 'terminal', small: true, errorCorrectionLevel: 'L' }));
        say(
          'WhatsApp on your phone → Linked devices → Link a device → scan this code. A new one follows when it runs out.',
        );
      } else if (!asked && station.pairingLink !== undefined) {
        asked = true;
        const code = await station.pairingLink.pairing.request(options.code.replace(/\D/g, ''));
        if (options.json) return say(JSON.stringify({ code }));
        say(`Pairing code: ${code.slice(0, 4)}-${code.slice(4)}`);
        say(
          'WhatsApp on your phone → Linked devices → Link a device → Link with phone number instead → type this code.',
        );
      }
    };
    const off = gateway.events.on('device.changed', (event) => {
      if (event.deviceId === device.id) look().catch(reject);
    });
    gateway.clock.sleep(PATIENCE_MS, timer.signal).then(
      () => finish(undefined),
      (error) => {
        if (!timer.signal.aborted) reject(error);
      },
    );
    station.startPairing();
  });

  await gateway.fleet.drop(device.id);
  if (end?.is === 'connected')
    return {
      text: `Linked: ${end.phone}. A running gateway connects it within a few seconds; its token: ${gateway.config.WAGATE_COMMAND} device token ${device.id}`,
      data: { id: device.id, phone: end.phone, state: 'linked' },
    };
  const reason = end?.is === 'down' ? end.because : 'Nobody linked the device in time.';
  return { text: reason, data: { id: device.id, state: 'not_linked', reason }, ok: false };
}
