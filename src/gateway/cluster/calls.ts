import { deserialize, serialize } from 'node:v8';
import type { Clock } from '../../base/clock.ts';
import { asError, type Facts, Failure, type FailureCode, type FieldErrors, failure } from '../../base/errors.ts';
import { every } from '../../base/every.ts';
import { eventId, type RandomBytes } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Store } from '../../store/index.ts';
import type { Bridge } from './bridge.ts';

/**
 * What one node asks another to do with a device that the other keeps: a sealed row and a ring with its id. The answer comes back the same
 * way. Whoever asks waits until a deadline and no longer.
 */
export interface Calls {
  answerTo(name: string, handler: (...args: never[]) => Promise<unknown>): void;
  /** Throws what the other threw; `temporarily_unavailable` when no answer came in time. */
  ask(node: string, name: string, args: readonly unknown[]): Promise<unknown>;
  start(): void;
  stop(): Promise<void>;
}

/** Longer than WhatsApp may take to acknowledge (15 s). */
const WITHIN_MS = 30_000;
const POLL_MS = 500;

type Told =
  | { readonly is: 'given'; readonly result: unknown }
  | {
      readonly is: 'failed';
      readonly code: FailureCode;
      readonly facts: Facts;
      readonly message: string;
      readonly errors: FieldErrors | undefined;
      readonly retryAfter: number | undefined;
    };

export function createCalls({
  store,
  bridge,
  node,
  clock,
  random,
  log,
}: {
  readonly store: Pick<Store, 'nodeCalls'>;
  readonly bridge: Bridge;
  readonly node: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}): Calls {
  const { nodeCalls } = store;
  const handlers = new Map<string, (...args: never[]) => Promise<unknown>>();
  const waiting = new Map<string, () => void>();
  const failed = (error: unknown) => log.error({ err: asError(error) }, 'what other nodes ask could not be read');

  async function serve(id: string): Promise<void> {
    const request = await nodeCalls.take(id, node);
    if (request === undefined) return;
    const { name, args } = deserialize(request) as { name: string; args: never[] };
    await nodeCalls.answer(id, serialize(await tell(name, args)));
    bridge.ring('call.answered', { node, id });
  }

  async function tell(name: string, args: never[]): Promise<Told> {
    try {
      const handler = handlers.get(name);
      if (handler === undefined) throw failure('temporarily_unavailable');
      return { is: 'given', result: await handler(...args) };
    } catch (error) {
      if (!(error instanceof Failure))
        log.error({ err: asError(error), reason: name }, 'what another node asked failed');
      const { code, facts, message, errors, retryAfter } =
        error instanceof Failure ? error : failure('temporarily_unavailable');
      return { is: 'failed', code, facts, message, errors, retryAfter };
    }
  }

  bridge.onRemote('call.asked', (asked) => {
    if (asked.node === node) serve(asked.id).catch(failed);
  });
  bridge.onRemote('call.answered', ({ id }) => waiting.get(id)?.());
  const polling = every(
    clock,
    POLL_MS,
    async () => {
      for (const id of await nodeCalls.open(node)) serve(id).catch(failed);
    },
    failed,
  );

  return {
    answerTo(name, handler) {
      handlers.set(name, handler);
    },

    async ask(to, name, args) {
      const id = eventId(random);
      const until = clock.monotonic() + WITHIN_MS;
      await nodeCalls.ask(id, to, serialize({ name, args }), WITHIN_MS);
      try {
        let rung = false;
        while (clock.monotonic() < until) {
          const nap = new AbortController();
          waiting.set(id, () => nap.abort());
          if (!rung) bridge.ring('call.asked', { node: to, id });
          rung = true;
          await clock.sleep(POLL_MS, nap.signal).catch((error) => {
            if (!nap.signal.aborted) throw error;
          });
          const answer = await nodeCalls.read(id);
          if (answer !== undefined) return given(deserialize(answer) as Told);
        }
        throw failure('temporarily_unavailable', {}, { retryAfter: 5 });
      } finally {
        waiting.delete(id);
        await nodeCalls.forget(id);
      }
    },

    start: polling.start,
    stop: polling.stop,
  };
}

function given(told: Told): unknown {
  if (told.is === 'given') return told.result;
  const { code, facts, message, errors, retryAfter } = told;
  throw failure(code, facts, {
    message,
    ...(errors !== undefined && { errors }),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
