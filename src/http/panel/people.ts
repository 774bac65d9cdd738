import { z } from 'zod';
import { invalid } from '../../base/errors.ts';
import { label } from '../v1/fields.ts';
import { count } from './fields.ts';
import type { Signed } from './gateway.ts';
import { forSession, keeper, type PanelAsk, type PanelRow } from './row.ts';

const tag = 'Dashboard: privacy';

const person = label('person', 100, 'A WhatsApp number, however it is written, or a hidden id (`…@lid`).')
  .transform((value) => value.trim())
  .refine((value) => value !== '', { error: 'person is required' });

const retentionData = z
  .object({ retention_days: z.int().nullable().meta({ description: 'Null: for ever.' }) })
  .meta({ id: 'Retention' });

const things = z.array(z.record(z.string(), z.unknown()));

const asker = ({ who, address }: Pick<PanelAsk<unknown, unknown, unknown, Signed>, 'who' | 'address'>) => ({
  accountId: who.accountId,
  who,
  address,
});

const retention = forSession(keeper, {
  method: 'GET',
  path: '/privacy',
  operation: { id: 'panelRetention', tag, summary: 'How long messages are kept', description: '' },
  data: retentionData,
  handle: async ({ who }, { people }) => ({ data: { retentionDays: await people.retention(who.accountId) } }),
});

const setRetention = forSession(keeper, {
  method: 'PUT',
  path: '/privacy',
  operation: {
    id: 'panelSetRetention',
    tag,
    summary: 'Change how long messages are kept',
    description:
      'Sent and received messages, their files and what webhooks were told are removed after so many days, within the hour. Messages that still wait, the quota and who asked for no more messages stay.',
  },
  body: z.object({ retention_days: count('retention_days', 1, 3650, 'Null: for ever.').nullable() }),
  data: retentionData,
  async handle({ who, body, address }, { people }) {
    await people.setRetention(asker({ who, address }), body.retention_days);
    return { data: { retentionDays: body.retention_days } };
  },
});

const look = forSession(keeper, {
  method: 'POST',
  path: '/people/look',
  operation: {
    id: 'panelLookPerson',
    tag,
    summary: 'What is kept of one person',
    description: 'How much of it, in the whole account. A POST, so that the number stands in no log of addresses.',
  },
  body: z.object({ person }),
  data: z
    .object({
      phone: z.string().nullable(),
      hidden_ids: z.array(z.string()),
      sent: z.int(),
      received: z.int(),
      files: z.int(),
      events: z.int(),
      keys: z.int().meta({ description: 'Keys of encrypted sessions with the person’s phones.' }),
      opted_out_at: z.string().nullable().meta({ description: 'Since when this person wants no more messages.' }),
    })
    .meta({ id: 'PersonSummary' }),
  handle: async (ask, { people }) => ({ data: await people.look(asker(ask), ask.body.person) }),
});

const exported = forSession(keeper, {
  method: 'POST',
  path: '/people/export',
  operation: {
    id: 'panelExportPerson',
    tag,
    summary: 'Everything that is kept of one person',
    description: 'To hand over to whoever asks for their data. Files are links of this server that open for an hour.',
  },
  body: z.object({ person }),
  data: z
    .object({
      person: z.object({ phone: z.string().nullable(), hidden_ids: z.array(z.string()) }),
      conversations: things,
      sent: things,
      received: things,
      files: z.array(z.object({ message: z.int(), path: z.string(), opens_until: z.string() })),
      events: things,
      deliveries: things,
      encryption_keys: z.int(),
    })
    .meta({ id: 'PersonExport' }),
  handle: async (ask, { people }) => ({ data: await people.export(asker(ask), ask.body.person) }),
});

const erase = forSession(keeper, {
  method: 'POST',
  path: '/people/erase',
  operation: {
    id: 'panelErasePerson',
    tag,
    summary: 'Erase one person everywhere',
    description:
      'Messages, files, events, deliveries, conversations and keys of the whole account, for good. In other people’s messages the number is struck out. A wish for no more messages is kept, as a hash that tells nobody who it was. What webhooks delivered is the receiver’s to erase.',
  },
  body: z.object({ person, confirm: label('confirm', 100, '`person` once more.') }),
  data: z
    .object({
      messages: z.int(),
      inbox: z.int(),
      files: z.int(),
      events: z.int(),
      journal: z.int(),
      answers: z.int(),
      conversations: z.int(),
      keys: z.int(),
      struck: z.int().meta({ description: 'Rows of others in which the number was struck out.' }),
    })
    .meta({ id: 'PersonErased' }),
  async handle(ask, { people }) {
    const { person: whom, confirm } = ask.body;
    if (confirm.trim() !== whom) throw invalid('confirm', 'confirm must repeat person');
    return { data: await people.erase(asker(ask), whom) };
  },
});

export const peopleRows: readonly PanelRow[] = [retention, setRetention, look, exported, erase];
