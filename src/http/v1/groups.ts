import { z } from 'zod';
import type { GroupSummary } from '../../gateway/groups.ts';
import { success } from '../envelope.ts';
import { forToken, type Row } from '../row.ts';

const tag = 'Groups';

const groupId = z
  .string()
  .regex(/^\d[\d-]{4,60}@g\.us$/)
  .meta({ description: 'Of the group: `…@g.us`.' });

export const groupData = z
  .object({
    id: z.string().meta({ description: 'A `recipient` for sending.' }),
    subject: z.string().meta({ description: 'Its name: a stranger’s words.' }),
    participants: z.int().meta({ description: 'How many people are in it.' }),
    announcement: z.boolean().meta({ description: 'Only its admins may write.' }),
  })
  .meta({ id: 'Group' });

const participantData = z.object({
  id: z.string(),
  phone: z.string().nullable().meta({ description: 'null: WhatsApp shows the hidden id alone.' }),
  admin: z.boolean(),
});
const groupDetails = groupData
  .omit({ participants: true })
  .extend({ participants: z.array(participantData) })
  .meta({ id: 'GroupDetails' });

const example: GroupSummary = {
  id: '120363025246125486@g.us',
  subject: 'Warga RT 05',
  participants: 84,
  announcement: false,
};

const list = forToken({
  method: 'GET',
  path: '/groups',
  operation: {
    id: 'listGroups',
    tag,
    summary: 'Groups of the device',
    description:
      'The groups that the device is in, by name; an `id` is a `recipient` for sending. Asked of WhatsApp, and kept for a minute.',
  },
  answers: {
    200: {
      schema: success(z.array(groupData)),
      description: 'All of them.',
      example: { success: true, data: [example] },
    },
  },
  failures: ['device_not_connected', 'whatsapp_unavailable'],
  handle: async ({ caller }, { groups }) => ({
    status: 200,
    body: { success: true, data: [...(await groups.list(caller))] },
  }),
});

const find = forToken({
  method: 'GET',
  path: '/groups/{id}',
  operation: {
    id: 'findGroup',
    tag,
    summary: 'One group with its people',
    description: 'Name and participants, with their numbers where WhatsApp shows them.',
  },
  params: z.object({ id: groupId }),
  answers: {
    200: {
      schema: success(groupDetails),
      description: 'The group.',
      example: {
        success: true,
        data: {
          id: example.id,
          subject: example.subject,
          announcement: false,
          participants: [{ id: '628123456789@s.whatsapp.net', phone: '628123456789', admin: true }],
        },
      },
    },
  },
  failures: ['not_found', 'device_not_connected', 'whatsapp_unavailable'],
  async handle({ caller, params }, { groups }) {
    const { participants, ...group } = await groups.find(caller, params.id);
    return { status: 200, body: { success: true, data: { ...group, participants: [...participants] } } };
  },
});

export const groupRows: readonly Row[] = [list, find];
