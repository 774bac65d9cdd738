import { z } from 'zod';
import { word } from '../v1/fields.ts';
import { count, idOf, name, yesNo } from './fields.ts';
import { forSession, keeper, type PanelRow, reader } from './row.ts';
import { deviceData, deviceDetailData, liveData } from './schemas.ts';

const tag = 'Dashboard: devices';
const params = idOf('device');

const country = z
  .string({ error: 'default_country must be a calling code such as 62' })
  .regex(/^[1-9]\d{0,2}$/, { error: 'default_country must be a calling code such as 62' });

const list = forSession(reader, {
  method: 'GET',
  path: '/devices',
  operation: { id: 'panelDevices', tag, summary: 'Devices of the account', description: 'With their live states.' },
  data: z.array(deviceData),
  handle: async ({ who }, { keeping }) => ({ data: await keeping.list(who) }),
});

const find = forSession(reader, {
  method: 'GET',
  path: '/devices/{id}',
  operation: { id: 'panelDevice', tag, summary: 'One device', description: 'With its pacing.' },
  params,
  data: deviceDetailData,
  failures: ['not_found'],
  handle: async ({ who, params: { id } }, { keeping }) => ({ data: await keeping.find(who, id) }),
});

const create = forSession(keeper, {
  method: 'POST',
  path: '/devices',
  operation: {
    id: 'panelCreateDevice',
    tag,
    summary: 'Add a device',
    description:
      'Within the device limit of the package, which WhatsApp devices and sandbox devices have each for themselves. A sandbox device links itself to a simulated phone at once; there are none where the operator has set `SANDBOX=false`.',
  },
  body: z.object({
    name: name('name'),
    kind: word('kind', ['whatsapp', 'sandbox'], ''),
    default_country: country.optional(),
  }),
  data: deviceDetailData,
  status: 201,
  failures: ['device_limit_reached', 'subscription_expired', 'temporarily_unavailable'],
  handle: async ({ who, body, address }, { keeping }) => ({
    status: 201,
    data: await keeping.create(
      who,
      { name: body.name, kind: body.kind, defaultCountry: body.default_country },
      address,
    ),
  }),
});

const pacing = z
  .object({
    enabled: yesNo('pacing.enabled'),
    gap_ms: z
      .array(count('pacing.gap_ms', 0, 600_000), { error: 'pacing.gap_ms must be the shortest and the longest pause' })
      .length(2, { error: 'pacing.gap_ms must be the shortest and the longest pause' })
      .refine(([shortest = 0, longest = 0]) => shortest <= longest, {
        error: 'pacing.gap_ms must be the shortest and the longest pause',
      }),
    recipient_gap_ms: count('pacing.recipient_gap_ms', 0, 3_600_000),
    per_minute: count('pacing.per_minute', 1, 10_000),
    per_hour: count('pacing.per_hour', 1, 100_000),
    per_day: count('pacing.per_day', 1, 1_000_000),
    new_conversations_per_day: count('pacing.new_conversations_per_day', 0, 1_000_000),
    new_conversations_first_day: count('pacing.new_conversations_first_day', 0, 1_000_000),
    warm_up_days: count('pacing.warm_up_days', 0, 365),
    quiet_hours: z
      .object({ from: clockTime('pacing.quiet_hours.from'), to: clockTime('pacing.quiet_hours.to') })
      .nullable()
      .meta({ description: 'In the account’s time zone; may go over midnight. null: none.' }),
  })
  .partial();

function clockTime(field: string) {
  const rule = { error: `${field} must be a time such as 22:00` };
  return z.string(rule).regex(/^([01]\d|2[0-3]):[0-5]\d$/, rule);
}

const change = forSession(keeper, {
  method: 'PATCH',
  path: '/devices/{id}',
  operation: {
    id: 'panelChangeDevice',
    tag,
    summary: 'Change name, default country or pacing',
    description:
      'The keys of `pacing` that are given become this device’s own; those in `pacing_reset` go back to the default. In force from the next message on.',
  },
  params,
  body: z.object({
    name: name('name').optional(),
    default_country: country.optional(),
    pacing: pacing.optional().meta({ description: 'Only what is to change.' }),
    pacing_reset: z
      .array(
        z.enum(Object.keys(pacing.shape) as [keyof typeof pacing.shape], {
          error: 'pacing_reset must be keys of pacing',
        }),
      )
      .optional()
      .meta({ description: 'Keys of pacing that go back to the default.' }),
  }),
  data: deviceDetailData,
  failures: ['not_found'],
  handle: async ({ who, params: { id }, body }, { keeping }) => ({
    data: await keeping.change(who, id, {
      name: body.name,
      defaultCountry: body.default_country,
      pacing: body.pacing,
      reset: body.pacing_reset,
    }),
  }),
});

const remove = forSession(keeper, {
  method: 'DELETE',
  path: '/devices/{id}',
  operation: {
    id: 'panelDeleteDevice',
    tag,
    summary: 'Delete a device',
    description:
      'Unlinks it from its phone, ends its token, cancels what waits (which gives the quota back). Its history stays.',
  },
  params,
  failures: ['not_found'],
  async handle({ who, params: { id }, address }, { linking }) {
    await linking.remove(who, id, address);
    return {};
  },
});

const token = forSession(keeper, {
  method: 'POST',
  path: '/devices/{id}/token',
  operation: {
    id: 'panelIssueToken',
    tag,
    summary: 'Make a new API token',
    description: 'Shown only in this answer. The one before is dead at once.',
  },
  params,
  data: z.object({ token: z.string(), device: deviceDetailData }),
  status: 201,
  failures: ['not_found'],
  handle: async ({ who, params: { id }, address }, { keeping }) => ({
    status: 201,
    data: await keeping.issueToken(who, id, address),
  }),
});

const link = forSession(keeper, {
  method: 'POST',
  path: '/devices/{id}/link',
  operation: {
    id: 'panelLink',
    tag,
    summary: 'Begin to link a phone',
    description:
      'The QR codes come by the live stream (and in `live.qr`), each with its end; after the last, `reason: qr_expired`: call this again. A device that is linked still connects with what it remembers.',
  },
  params,
  data: liveData,
  failures: ['not_found', 'device_busy', 'temporarily_unavailable'],
  handle: async ({ who, params: { id }, address }, { linking }) => ({ data: await linking.begin(who, id, address) }),
});

const unlinkStop = forSession(keeper, {
  method: 'DELETE',
  path: '/devices/{id}/link',
  operation: { id: 'panelStopLinking', tag, summary: 'Stop linking', description: 'The code is of no use any more.' },
  params,
  data: liveData,
  failures: ['not_found'],
  handle: async ({ who, params: { id } }, { linking }) => ({ data: await linking.stop(who, id) }),
});

const pairingCode = forSession(keeper, {
  method: 'POST',
  path: '/devices/{id}/pairing-code',
  operation: {
    id: 'panelPairingCode',
    tag,
    summary: 'Link by a code instead of a QR',
    description:
      'Eight characters to type on the phone: Linked devices → Link with phone number instead. Linking must have begun and `live.status` be `pairing`.',
  },
  params,
  body: z.object({
    phone_number: z
      .string({ error: 'phone_number must be the number of the phone' })
      .max(40, { error: 'phone_number must be the number of the phone' }),
  }),
  data: z.object({ code: z.string(), phone_number: z.string() }),
  failures: ['not_found', 'device_busy', 'temporarily_unavailable', 'rate_limited'],
  handle: async ({ who, params: { id }, body }, { linking }) => ({
    data: await linking.requestCode(who, id, body.phone_number),
  }),
});

const act = (word: 'connect' | 'disconnect' | 'unlink', summary: string, description: string) =>
  forSession(keeper, {
    method: 'POST',
    path: `/devices/{id}/${word}`,
    operation: { id: `panel${word.charAt(0).toUpperCase()}${word.slice(1)}`, tag, summary, description },
    params,
    data: liveData,
    failures: ['not_found', 'device_busy', 'device_suspended', 'temporarily_unavailable'],
    handle: async ({ who, params: { id }, address }, { linking }) => ({ data: await linking[word](who, id, address) }),
  });

export const deviceRows: readonly PanelRow[] = [
  list,
  create,
  find,
  change,
  remove,
  token,
  link,
  unlinkStop,
  pairingCode,
  act(
    'connect',
    'Connect again',
    'A device that was disconnected here, with what it remembers. A sandbox device links itself if needed.',
  ),
  act(
    'disconnect',
    'Disconnect',
    'The gateway lets go of it, and does not connect until `connect`; it stays linked on the phone.',
  ),
  act('unlink', 'Log out', 'Unlinks it on the phone’s side and forgets its keys. To go on, link it again.'),
];
