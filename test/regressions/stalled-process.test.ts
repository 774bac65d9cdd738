import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { guardMemory } from '../../src/whatsapp/guarded-memory.ts';
import type { DeviceMemory } from '../../src/whatsapp/memory.ts';

/**
 * A process that stands still (a busy machine, a long collection of garbage) hears its timers before the answers that came meanwhile. The
 * deadline of the key store then called a write failed that was on disk, and the sender of a message was asked for it once more.
 */
test('an answer that came while the process stood still is heard, whatever the deadline says', async () => {
  const memory = {
    // Answered by another thread, as a sync of the disk is.
    writeKeys: async () => void (await stat('.')),
  } as unknown as DeviceMemory;
  const guarded = guardMemory({
    memory,
    clock: systemClock,
    timeoutMs: 20,
    onUnreadable: (error) => {
      throw error;
    },
  });
  const written = guarded.writeKeys([]);
  const stall = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(stall, 0, 0, 200);
  await expect(written).resolves.toBeUndefined();
  expect(guarded.fault).toBeUndefined();
});

test('silence is still a failure', async () => {
  const memory = { writeKeys: () => new Promise<void>(() => undefined) } as unknown as DeviceMemory;
  const guarded = guardMemory({ memory, clock: systemClock, timeoutMs: 20, onUnreadable: () => undefined });
  await expect(guarded.writeKeys([])).rejects.toMatchObject({ code: 'store' });
});
