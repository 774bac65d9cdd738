import type { Clock } from '../base/clock.ts';
import { createDeviceLists, type DeviceLists } from './device-lists.ts';
import { createEnvelopes } from './envelopes.ts';
import { type GuardedMemory, guardMemory } from './guarded-memory.ts';
import type { DeviceMemory } from './memory.ts';
import { createSignalRepository, type SignalRepositoryFactory, type UnreadableKeyError } from './signal/index.ts';

/** What belongs to a device and outlives its connections: one lock, one cache of sessions, one of device lists. */
export interface Device {
  readonly memory: GuardedMemory;
  readonly signal: SignalRepositoryFactory;
  readonly lists: DeviceLists;
  readonly envelopes: ReturnType<typeof createEnvelopes>;
  /** Who is told of unreadable keys: the connection that is open now. */
  tell(onUnreadable: (error: UnreadableKeyError) => void): void;
}

/** The parts of a device, by its memory; they go when the memory goes. */
export function createDevices({
  clock,
  storeTimeoutMs,
  onFailure,
}: {
  clock: Clock;
  storeTimeoutMs: number;
  onFailure: (error: Error) => void;
}): (memory: DeviceMemory) => Device {
  const devices = new WeakMap<DeviceMemory, Device>();

  function create(plain: DeviceMemory): Device {
    let told: (error: UnreadableKeyError) => void = () => undefined;
    const memory = guardMemory({
      memory: plain,
      clock,
      timeoutMs: storeTimeoutMs,
      onUnreadable: (error) => told(error),
    });
    const envelopes = createEnvelopes();
    return {
      memory,
      envelopes,
      signal: createSignalRepository({
        memory,
        envelopeFor: envelopes.of,
        onUnreadable: memory.report,
        now: clock.now,
      }),
      lists: createDeviceLists({ memory, clock, onFailure }),
      tell: (onUnreadable) => {
        told = onUnreadable;
      },
    };
  }

  return (memory) => {
    const device = devices.get(memory) ?? create(memory);
    devices.set(memory, device);
    return device;
  };
}
