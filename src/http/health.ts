import { z } from 'zod';
import { failure } from '../base/errors.ts';
import { success } from './envelope.ts';
import { forAnyone } from './row.ts';

const answer = (status: 'live' | 'ready', description: string) => ({
  200: {
    schema: success(z.object({ status: z.literal(status) })),
    description,
    example: { success: true, data: { status } },
  },
});

export const live = forAnyone({
  method: 'GET',
  path: '/health/live',
  operation: {
    id: 'live',
    tag: 'Health',
    summary: 'The process runs',
    description: 'Answers as long as the process runs.',
  },
  answers: answer('live', 'It runs.'),
  failures: [],
  handle: async () => ({ status: 200, body: { success: true, data: { status: 'live' } } }),
});

export const ready = forAnyone({
  method: 'GET',
  path: '/health/ready',
  operation: {
    id: 'ready',
    tag: 'Health',
    summary: 'The database answers',
    description: 'For load balancers: whether this server can take requests.',
  },
  answers: answer('ready', 'It can.'),
  failures: ['temporarily_unavailable'],
  async handle(_ask, { store }) {
    await store.version().catch((cause: unknown) => {
      throw failure('temporarily_unavailable', {}, { cause });
    });
    return { status: 200, body: { success: true, data: { status: 'ready' } } };
  },
});
