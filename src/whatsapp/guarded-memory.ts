import type { Clock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import { SealBroken } from '../base/vault.ts';
import { LinkError } from './link.ts';
import type { DeviceMemory } from './memory.ts';
import { UnreadableKeyError } from './signal/index.ts';

export interface GuardedMemory extends DeviceMemory {
  /** The latest failure since the last call of `clearFault`: Baileys swallows what an encryption threw. */
  readonly fault: LinkError | UnreadableKeyError | undefined;
  clearFault(): void;
  /** What was read makes no sense: found where it is decoded. */
  report(error: UnreadableKeyError): void;
}

/**
 * The device's memory with a deadline, telling "cannot be read" from "the store failed". A hung store would otherwise hold the
 * device's one lock for ever, and every message with it.
 */
export function guardMemory({
  memory,
  clock,
  timeoutMs,
  onUnreadable,
}: {
  memory: DeviceMemory;
  clock: Pick<Clock, 'after'>;
  timeoutMs: number;
  onUnreadable: (error: UnreadableKeyError) => void;
}): GuardedMemory {
  let fault: LinkError | UnreadableKeyError | undefined;

  function report(error: UnreadableKeyError): void {
    fault = error;
    onUnreadable(error);
  }

  async function guard<T>(type: string, id: string, call: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const giveUp = () => late.reject(new Error(`no answer from the store within ${timeoutMs} ms`));
    // One more turn: where the whole process stood still for so long, the answer may be there and only not have been heard. A write that
    // was kept must not look as if it failed: the sender of a message would be asked for it again (test/regressions/stalled-process.test.ts).
    let cancel = clock.after(timeoutMs, () => {
      cancel = clock.after(0, giveUp);
    });
    try {
      return await Promise.race([call(), late.promise]);
    } catch (thrown) {
      const cause = asError(thrown);
      if (cause instanceof SealBroken) report(new UnreadableKeyError(type, id, cause.message));
      else if (cause instanceof UnreadableKeyError) report(cause);
      else fault = new LinkError('store', `The store failed with ${type} ${id}: ${cause.message}`, { cause });
      throw fault;
    } finally {
      cancel();
    }
  }

  return {
    get fault() {
      return fault;
    },
    clearFault() {
      fault = undefined;
    },
    report,
    readCreds: () => guard('creds', '', () => memory.readCreds()),
    writeCreds: (bytes) => guard('creds', '', () => memory.writeCreds(bytes)),
    readKeys: (type, ids) => guard(type, ids.slice(0, 3).join(), () => memory.readKeys(type, ids)),
    writeKeys: (changes, journal) =>
      guard(changes[0]?.type ?? 'journal', changes[0]?.id ?? '', () => memory.writeKeys(changes, journal)),
    readJournal: (hash) => guard('journal', '', () => memory.readJournal(hash)),
  };
}
