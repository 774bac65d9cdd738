import { z } from 'zod';
import { eventTypes } from '../../gateway/happenings.ts';
import { success } from '../envelope.ts';
import { label, word } from './fields.ts';

/** What the API and the dashboard take for a webhook, and how its rows answer. */

export const webhookFormats = ['standard', 'legacy'] as const;
export const deliveryStates = ['pending', 'delivered', 'failed'] as const;

const EVENTS_RULE = { error: `events must be a list of: ${eventTypes.join(', ')}` };

export const webhookFields = {
  url: label('url', 2048, 'Full address (https://) that events are posted to. Redirects are not followed.'),
  events: z
    .array(z.enum(eventTypes, EVENTS_RULE), EVENTS_RULE)
    .min(1, EVENTS_RULE)
    .max(20, EVENTS_RULE)
    .transform((types) => [...new Set(types)])
    .meta({ description: 'Which events.' }),
  description: label('description', 255, 'For people.'),
  format: word('format', webhookFormats, 'legacy: {event: "message", data: {from, message, …}} (default standard).'),
};

/** What is told of a delivery, but its times, which the API and the dashboard write in their own way. */
export const deliveryFields = {
  id: z.int(),
  event_id: z.string().meta({ description: 'The header webhook-id: the same at each attempt.' }),
  type: z.string(),
  state: z.enum(deliveryStates).meta({ description: 'failed: it is tried no more by itself.' }),
  attempts: z.int(),
  replays: z.int(),
  status: z.int().nullable().meta({ description: 'HTTP status of the last answer.' }),
  reason: z.string().nullable().meta({ description: 'Why the last attempt failed.' }),
  took_ms: z.int().nullable(),
  request: z.string().meta({ description: 'The body, at most 8 KB of it.' }),
  answer: z.string().nullable().meta({ description: 'The first 8 KB of the last answer: a stranger’s words.' }),
};

export const answering = <S extends z.ZodType>(schema: S, description: string, data: unknown) => ({
  schema: success(schema),
  description,
  example: { success: true, data },
});
export const done = <T>(data: T) => ({ status: 200, body: { success: true, data } });
