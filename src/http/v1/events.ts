import { Readable } from 'node:stream';
import { z } from 'zod';
import { invalid } from '../../base/errors.ts';
import type { LiveEvent } from '../../gateway/live.ts';
import { forToken, type Row } from '../row.ts';
import { whole } from './fields.ts';

const text = (event: LiveEvent | null): string =>
  event === null
    ? ': nothing new\n\n'
    : `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event.payload)}\n\n`;

async function* written(events: AsyncIterable<LiveEvent | null>): AsyncGenerator<string> {
  // The first bytes at once: a client knows that it is connected.
  yield 'retry: 2000\n\n';
  for await (const event of events) yield text(event);
}

const stream = forToken({
  method: 'GET',
  path: '/events',
  operation: {
    id: 'followEvents',
    tag: 'Events',
    summary: 'Live events',
    description:
      'Server-sent events of this device: the same bodies as webhooks get, as they happen. `id` numbers them; after a break, send the last one as `Last-Event-ID` (or `after`) and what you missed comes first, of the last seven days while the device was followed within a day. A comment every 20 s keeps the line alive. At most 10 streams a device.',
  },
  query: z.object({ after: whole('after', 0, 1e14, 'As Last-Event-ID.').optional() }),
  produces: 'text/event-stream',
  answers: {
    200: {
      schema: z.string(),
      description: 'The stream.',
      example: 'id: 41\nevent: device.status\ndata: {"id":"evt_…","type":"device.status"}\n\n',
    },
  },
  failures: ['validation_failed'],
  async handle({ caller, query, lastEventId, signal }, { liveEvents }) {
    if (lastEventId !== null && !/^\d{1,15}$/.test(lastEventId))
      throw invalid('Last-Event-ID', 'Last-Event-ID must be the number of an event');
    const after = query.after ?? (lastEventId === null ? null : Number(lastEventId));
    const events = await liveEvents.follow(caller, after, signal);
    return {
      status: 200,
      stream: { content: Readable.from(written(events)), type: 'text/event-stream; charset=utf-8' },
    };
  },
});

export const eventRows: readonly Row[] = [stream];
