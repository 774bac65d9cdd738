import { setTimeout as pause } from 'node:timers/promises';
import { readDevices } from './books.ts';
import { inWorld, type Life, PATIENCE_MS, World, within } from './world.ts';

export interface PairingReport {
  readonly seed: number;
  readonly kills: number;
  /** What the next life found: a device that was linked already, or one that a phone had to scan once more. */
  readonly linkedAlready: number;
  readonly scannedAgain: number;
  /** Devices set apart because their stored keys could not be read. */
  readonly unreadable: number;
  /** Devices that neither were linked nor could be linked again. */
  readonly stuck: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

/**
 * Each trial links a device of its own and is killed on the way: at a random instant after the QR code was shown, or at the n-th
 * time that credentials had become durable. The next life must find it linked, or link it.
 */
export async function killWhilePairing({ seed, kills }: { seed: number; kills: number }): Promise<PairingReport> {
  const began = performance.now();
  const world = await World.create({ seed, devices: kills });
  return inWorld(world, async () => {
    const setting = await world.boot();
    const devices = await setting.call('setUp', kills);
    await world.kill(setting);
    world.kills = 0;
    const findings: string[] = [];
    let linkedAlready = 0;
    let scannedAgain = 0;
    let stuck = 0;
    for (const [n, device] of devices.entries()) {
      const phone = world.phones[n] ?? '';
      // Credentials are written some four times on the way; every other trial dies right after one of them, and in every fourth the
      // phone has not heard that the device was paired.
      const armed = n % 2 === 0 ? { failpoint: { name: 'creds_written', hit: world.draw(1, 5) } } : {};
      await world.network.call('losePairing', n % 4 === 1);
      const life = await world.boot(armed);
      await dieOnTheWay(world, life, device.id, phone, n % 2 === 0);
      await world.network.call('losePairing', false);
      world.kills += 1;

      const next = await world.boot();
      const scans = { count: 0 };
      const off = scanning(world, next, phone, scans);
      try {
        await within(next.call('link', [device.id]), PATIENCE_MS, `device ${device.id} to be linked after the kill`);
        if (scans.count === 0) linkedAlready += 1;
        else scannedAgain += 1;
      } catch (error) {
        stuck += 1;
        findings.push(
          `stuck after ${JSON.stringify(armed)}: ${error instanceof Error ? error.message : String(error)}`,
        );
      } finally {
        off();
      }
      // Not counted: between two trials nothing is being paired.
      await next.kill();
    }
    const states = await readDevices(world.database);
    const unreadable = states.filter(({ state_reason }) => /can not be read/.test(state_reason ?? '')).length;
    return {
      seed,
      kills: world.kills,
      linkedAlready,
      scannedAgain,
      unreadable,
      stuck,
      seconds: Math.round((performance.now() - began) / 1000),
      findings,
    };
  });
}

function scanning(world: World, life: Life, phone: string, scans: { count: number }): () => void {
  return life.on<{ qr: string }>('qr', ({ qr }) => {
    scans.count += 1;
    world.network.call('scan', phone, qr).catch(() => undefined);
  });
}

async function dieOnTheWay(world: World, life: Life, id: number, phone: string, atFailpoint: boolean): Promise<void> {
  const off = scanning(world, life, phone, { count: 0 });
  const shown = new Promise<void>((resolve) => life.on('qr', () => resolve()));
  const linking = life.call('link', [id]).catch(() => undefined);
  if (atFailpoint) await Promise.race([life.gone, linking, pause(20_000)]);
  else {
    await Promise.race([shown, pause(20_000)]);
    await pause(world.draw(0, 250));
  }
  off();
  await life.kill();
  await linking;
}
