import { z } from 'zod';
import { label } from '../v1/fields.ts';
import { id, idOf } from './fields.ts';
import { forSession, keeper, type PanelRow, reader } from './row.ts';
import { packageData, purchaseData, subscriptionData } from './schemas.ts';

const tag = 'Dashboard: usage';
const figures = { sent: z.int(), delivered: z.int(), read: z.int(), failed: z.int() };

const usage = forSession(reader, {
  method: 'GET',
  path: '/usage',
  operation: {
    id: 'panelUsage',
    tag,
    summary: 'Quota, and messages by day and device',
    description:
      'Days of the account’s time zone, today last. `delivered` and `read` count those of the messages sent on that day.',
  },
  query: z.object({
    days: z
      .enum(['7', '30', '90'], { error: 'days must be one of 7, 30 or 90' })
      .prefault('30')
      .transform(Number)
      .meta({ description: '7, 30 or 90 (default 30).' }),
  }),
  data: z
    .object({
      subscription: subscriptionData.nullable(),
      time_zone: z.string(),
      days: z.array(z.object({ day: z.string().meta({ description: 'YYYY-MM-DD' }), ...figures })),
      devices: z.array(
        z.object({
          id: z.int(),
          name: z.string(),
          kind: z.enum(['whatsapp', 'sandbox']),
          deleted: z.boolean(),
          ...figures,
        }),
      ),
      total: z.object(figures),
    })
    .meta({ id: 'Usage' }),
  handle: async ({ who, query }, { usage: book }) => ({ data: await book.look(who.accountId, query.days) }),
});

const offers = forSession(reader, {
  method: 'GET',
  path: '/packages',
  operation: { id: 'panelPackages', tag, summary: 'Packages to choose from', description: 'And how to pay.' },
  data: z.object({ packages: z.array(packageData), bank_transfer: z.string() }),
  handle: async (_ask, { offers: shop }) => ({ data: await shop.forCustomers() }),
});

const purchases = forSession(reader, {
  method: 'GET',
  path: '/purchases',
  operation: {
    id: 'panelPurchases',
    tag,
    summary: 'Purchase requests of the account',
    description: 'Newest first, the last hundred.',
  },
  data: z.array(purchaseData),
  handle: async ({ who }, { purchases: book }) => ({ data: await book.ofAccount(who.accountId) }),
});

const ask = forSession(keeper, {
  method: 'POST',
  path: '/purchases',
  operation: {
    id: 'panelAskPurchase',
    tag,
    summary: 'Ask for a package',
    description: 'The administrator approves it by hand, when the transfer has come. At most five may be open.',
  },
  body: z.object({
    package_id: id('package_id'),
    note: label('note', 1000, 'Such as the name on the transfer.').optional(),
  }),
  data: purchaseData,
  status: 201,
  failures: ['not_found', 'validation_failed'],
  handle: async ({ who, body }, { purchases: book }) => ({
    status: 201,
    data: await book.ask(who, body.package_id, body.note ?? ''),
  }),
});

const withdraw = forSession(keeper, {
  method: 'DELETE',
  path: '/purchases/{id}',
  operation: { id: 'panelWithdrawPurchase', tag, summary: 'Withdraw a request', description: '' },
  params: idOf('purchase request'),
  failures: ['not_found', 'already_decided'],
  async handle({ who, params }, { purchases: book }) {
    await book.withdraw(who, params.id);
    return {};
  },
});

export const usageRows: readonly PanelRow[] = [usage, offers, purchases, ask, withdraw];
