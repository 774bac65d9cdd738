import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { failure } from '../base/errors.ts';
import { success } from './envelope.ts';
import { forAnyone, type StoreReadiness } from './row.ts';

export const live = forAnyone({
  method: 'GET',
  path: '/health/live',
  operation: {
    id: 'live',
    tag: 'Health',
    summary: 'The process runs',
    description: 'Answers as long as the process runs, also while it stops. Restart it when it does not.',
  },
  answers: {
    200: {
      schema: success(z.object({ status: z.literal('live') })),
      description: 'It runs.',
      example: { success: true, data: { status: 'live' } },
    },
  },
  failures: [],
  handle: async () => ({ status: 200, body: { success: true, data: { status: 'live' } } }),
});

const parts = { store: 'ok', migrations: 'ok', draining: 'no' } as const;

export const ready = forAnyone({
  method: 'GET',
  path: '/health/ready',
  operation: {
    id: 'ready',
    tag: 'Health',
    summary: 'It can take requests',
    description:
      'For load balancers: the database answers and has every migration of this version, and the server is not stopping. A 503 names the part that fails in `errors`: `store`, `migrations` or `draining`.',
  },
  answers: {
    200: {
      schema: success(
        z.object({
          status: z.literal('ready'),
          store: z.literal(parts.store),
          migrations: z.literal(parts.migrations),
          draining: z.literal(parts.draining),
        }),
      ),
      description: 'It can.',
      example: { success: true, data: { status: 'ready', ...parts } },
    },
  },
  failures: ['temporarily_unavailable'],
  async handle(_ask, { store, isDraining }) {
    if (isDraining?.()) throw failure('temporarily_unavailable', {}, { retryAfter: 5 });
    const missing = await store.missing().catch((cause: unknown) => {
      throw notReady(
        'store',
        'The database does not answer, or its disk failed. Please look at disk, log and DATABASE_URL, then restart this server.',
        cause,
      );
    });
    if (missing.length > 0)
      throw notReady(
        'migrations',
        `The database lacks ${missing.join(', ')}: it is an older one. Please restart this server, which brings it up to date.`,
      );
    return { status: 200, body: { success: true, data: { status: 'ready', ...parts } } };
  },
});

/** So long one look at the store answers whoever asks: anybody may, and is counted by no limit. Milliseconds. */
const LOOK_MS = 1_000;

/** A store that is asked once in a second at most, however many want to know. */
export function shareLooks(store: StoreReadiness, clock: Pick<Clock, 'monotonic'>): StoreReadiness {
  let look: { readonly at: number; readonly missing: Promise<readonly string[]> } | undefined;
  return {
    missing() {
      const now = clock.monotonic();
      if (look === undefined || now - look.at >= LOOK_MS) look = { at: now, missing: store.missing() };
      return look.missing;
    },
  };
}

/** A 503 that says which part it is. */
export const notReady = (part: keyof typeof parts, sentence: string, cause?: unknown) =>
  failure('temporarily_unavailable', {}, { message: `Not ready: ${sentence}`, errors: { [part]: [sentence] }, cause });
