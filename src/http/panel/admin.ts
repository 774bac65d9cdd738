import { z } from 'zod';
import { label, time, word } from '../v1/fields.ts';
import { count, email, id, idOf, idsOf, name, paging, timeZone, yesNo } from './fields.ts';
import { administrator, forSession, type PanelRow } from './row.ts';
import {
  accountData,
  auditData,
  deviceData,
  maybeTime,
  memberData,
  packageData,
  purchaseData,
  settingsData,
  subscriptionData,
  time as timeData,
} from './schemas.ts';

const tag = 'Dashboard: administration';
const ofAccount = idOf('account');

const accountDetail = accountData
  .extend({
    time_zone: z.string(),
    members: z.array(memberData.omit({ you: true })),
    device_list: z.array(
      deviceData.pick({
        id: true,
        name: true,
        kind: true,
        phone_number: true,
        suspended: true,
        live: true,
        created_at: true,
      }),
    ),
    subscriptions: z.array(subscriptionData).meta({ description: 'Newest first.' }),
  })
  .meta({ id: 'AdminAccountDetail' });

const accounts = forSession(administrator, {
  method: 'GET',
  path: '/admin/accounts',
  operation: { id: 'adminAccounts', tag, summary: 'All accounts', description: '`q` looks in names and addresses.' },
  query: z.object({ ...paging(), q: label('q', 200, 'Part of a name or an e-mail address.').optional() }),
  data: z.array(accountData),
  isList: true,
  async handle({ query: { q, ...page } }, { administration }) {
    const { rows, total } = await administration.accounts({ ...page, q });
    return { data: rows, pagination: { ...page, total } };
  },
});

const account = forSession(administrator, {
  method: 'GET',
  path: '/admin/accounts/{id}',
  operation: {
    id: 'adminAccount',
    tag,
    summary: 'One account',
    description: 'The look is noted in the account’s audit log.',
  },
  params: ofAccount,
  data: accountDetail,
  failures: ['not_found'],
  handle: async ({ who, params, address }, { administration }) => ({
    data: await administration.account(who, params.id, address),
  }),
});

const createAccount = forSession(administrator, {
  method: 'POST',
  path: '/admin/accounts',
  operation: {
    id: 'adminCreateAccount',
    tag,
    summary: 'Make an account',
    description: 'Gives the owner’s one-time link, shown only now; it is mailed, too, where mail is set up.',
  },
  body: z.object({
    name: name('name'),
    email,
    package_id: id('package_id').optional(),
    time_zone: timeZone.optional(),
  }),
  data: z.object({ account: accountData, link: z.string(), mailed: z.boolean() }),
  status: 201,
  failures: ['validation_failed'],
  handle: async ({ who, body, address }, { administration }) => ({
    status: 201,
    data: await administration.createAccount(
      who,
      { name: body.name, email: body.email, packageId: body.package_id, timeZone: body.time_zone },
      address,
    ),
  }),
});

const issueLink = forSession(administrator, {
  method: 'POST',
  path: '/admin/accounts/{id}/link',
  operation: {
    id: 'adminIssueLink',
    tag,
    summary: 'A new one-time link for the account’s owner',
    description: 'For an owner who can not sign in. It asks for the authenticator’s code where one is set up.',
  },
  params: ofAccount,
  data: z.object({ link: z.string(), mailed: z.boolean() }),
  status: 201,
  failures: ['not_found', 'not_allowed'],
  handle: async ({ who, params, address }, { administration }) => ({
    status: 201,
    data: await administration.issueLink(who, params.id, address),
  }),
});

const suspendAccount = forSession(administrator, {
  method: 'PUT',
  path: '/admin/accounts/{id}/suspended',
  operation: {
    id: 'adminSuspendAccount',
    tag,
    summary: 'Suspend an account, or let it go on',
    description:
      'Its devices are disconnected, its tokens answer 403. The administrators’ own account can not be suspended.',
  },
  params: ofAccount,
  body: z.object({ suspended: yesNo('suspended') }),
  data: accountData,
  failures: ['not_found', 'not_allowed'],
  handle: async ({ who, params, body, address }, { administration }) => ({
    data: await administration.suspendAccount(who, params.id, body.suspended, address),
  }),
});

const suspendDevice = forSession(administrator, {
  method: 'PUT',
  path: '/admin/devices/{id}/suspended',
  operation: { id: 'adminSuspendDevice', tag, summary: 'Suspend a device, or let it go on', description: '' },
  params: idOf('device'),
  body: z.object({ suspended: yesNo('suspended') }),
  failures: ['not_found'],
  async handle({ who, params, body, address }, { administration }) {
    await administration.suspendDevice(who, params.id, body.suspended, address);
    return {};
  },
});

const packageFields = {
  name: name('name', 60),
  message_quota: count('message_quota', 0, 2_000_000_000),
  device_limit: count('device_limit', 0, 100_000),
  days: count('days', 1, 36_500),
  price_idr: count('price_idr', 0, 2_000_000_000),
  is_trial: yesNo('is_trial'),
  rate_limit_per_minute: count('rate_limit_per_minute', 1, 1_000_000)
    .nullable()
    .meta({ description: 'null: the server’s setting.' }),
};

const packages = forSession(administrator, {
  method: 'GET',
  path: '/admin/packages',
  operation: { id: 'adminPackages', tag, summary: 'All packages', description: 'Archived ones too.' },
  data: z.array(packageData),
  handle: async (_ask, { offers }) => ({ data: await offers.all() }),
});

const createPackage = forSession(administrator, {
  method: 'POST',
  path: '/admin/packages',
  operation: { id: 'adminCreatePackage', tag, summary: 'Make a package', description: '' },
  body: z.object(packageFields),
  data: packageData,
  status: 201,
  failures: ['validation_failed'],
  handle: async ({ who, body, address }, { offers }) => ({
    status: 201,
    data: await offers.create(who, body, address),
  }),
});

const changePackage = forSession(administrator, {
  method: 'PATCH',
  path: '/admin/packages/{id}',
  operation: {
    id: 'adminChangePackage',
    tag,
    summary: 'Change or archive a package',
    description:
      'Running subscriptions keep the figures that they began with. An archived package is offered to nobody.',
  },
  params: idOf('package'),
  body: z.object({ ...packageFields, archived: yesNo('archived') }).partial(),
  data: packageData,
  failures: ['not_found', 'validation_failed'],
  handle: async ({ who, params, body, address }, { offers }) => ({
    data: await offers.change(who, params.id, body, address),
  }),
});

const assign = forSession(administrator, {
  method: 'POST',
  path: '/admin/accounts/{id}/subscriptions',
  operation: {
    id: 'adminAssignSubscription',
    tag,
    summary: 'Assign a package',
    description: 'A new period from now on, in the place of the one that runs.',
  },
  params: ofAccount,
  body: z.object({ package_id: id('package_id') }),
  data: subscriptionData,
  status: 201,
  failures: ['not_found'],
  handle: async ({ who, params, body, address }, { administration }) => ({
    status: 201,
    data: await administration.assign(who, params.id, body.package_id, address),
  }),
});

const changeSubscription = forSession(administrator, {
  method: 'PATCH',
  path: '/admin/accounts/{id}/subscriptions/{subscription_id}',
  operation: {
    id: 'adminChangeSubscription',
    tag,
    summary: 'Extend or suspend a subscription',
    description: '`extend_days` counts from its end, or from now when it has ended.',
  },
  params: idsOf('account', 'subscription', 'subscription_id'),
  body: z.object({
    extend_days: count('extend_days', 1, 3_650).optional(),
    ends_at: time('ends_at', 'Its new end.').optional(),
    add_quota: count('add_quota', 1, 2_000_000_000).optional(),
    suspended: yesNo('suspended').optional(),
  }),
  data: subscriptionData,
  failures: ['not_found', 'validation_failed'],
  handle: async ({ who, params, body, address }, { administration }) => ({
    data: await administration.changeSubscription(
      who,
      params.id,
      params.subscription_id,
      { extendDays: body.extend_days, endsAt: body.ends_at, addQuota: body.add_quota, suspended: body.suspended },
      address,
    ),
  }),
});

const purchases = forSession(administrator, {
  method: 'GET',
  path: '/admin/purchases',
  operation: { id: 'adminPurchases', tag, summary: 'Purchase requests of all accounts', description: 'Newest first.' },
  query: z.object({
    ...paging(),
    state: word('state', ['pending', 'approved', 'declined', 'withdrawn'], 'Only these.').optional(),
  }),
  data: z.array(purchaseData),
  isList: true,
  async handle({ query: { state, ...page } }, { purchases: book }) {
    const { rows, total } = await book.all({ ...page, state });
    return { data: rows, pagination: { ...page, total } };
  },
});

const decide = (word: 'approve' | 'decline', summary: string, description: string) =>
  forSession(administrator, {
    method: 'POST',
    path: `/admin/purchases/{id}/${word}`,
    operation: { id: `admin${word === 'approve' ? 'Approve' : 'Decline'}Purchase`, tag, summary, description },
    params: idOf('purchase request'),
    body: z.object({ answer: label('answer', 1000, 'For the customer.').optional() }),
    data: purchaseData,
    failures: ['not_found', 'already_decided'],
    handle: async ({ who, params, body, address }, { purchases: book }) => ({
      data: await book.decide(who, params.id, word, body.answer ?? null, address),
    }),
  });

const settings = forSession(administrator, {
  method: 'GET',
  path: '/admin/settings',
  operation: { id: 'adminSettings', tag, summary: 'Settings of the installation', description: '' },
  data: settingsData,
  handle: async (_ask, { installation }) => ({ data: await installation.settings() }),
});

const changeSettings = forSession(administrator, {
  method: 'PATCH',
  path: '/admin/settings',
  operation: { id: 'adminChangeSettings', tag, summary: 'Change settings of the installation', description: '' },
  body: z.object({
    name: name('name', 60).optional(),
    sign_up: word('sign_up', ['open', 'closed'], 'Whether visitors may make accounts.').optional(),
    sign_up_package_id: id('sign_up_package_id').nullable().optional(),
    bank_transfer: label('bank_transfer', 2000, 'How to pay; empty: nothing is shown.').optional(),
  }),
  data: settingsData,
  failures: ['not_found'],
  async handle({ who, body, address }, { installation }) {
    return {
      data: await installation.change(
        who,
        {
          name: body.name,
          signUp: body.sign_up,
          signUpPackageId: body.sign_up_package_id,
          bankTransfer: body.bank_transfer,
        },
        address,
      ),
    };
  },
});

const audit = forSession(administrator, {
  method: 'GET',
  path: '/admin/audit',
  operation: { id: 'adminAudit', tag, summary: 'Audit log of the installation', description: 'Newest first.' },
  query: z.object({ ...paging(), kind: label('kind', 60, 'Only these.').optional() }),
  data: z.array(auditData),
  isList: true,
  async handle({ query: { kind, ...page } }, { audit: book }) {
    const { rows, total } = await book.all({ ...page, kind });
    return { data: rows, pagination: { ...page, total } };
  },
});

const health = forSession(administrator, {
  method: 'GET',
  path: '/admin/health',
  operation: {
    id: 'adminHealth',
    tag,
    summary: 'Health of nodes and devices',
    description: 'Nodes by their leases; devices that need somebody first.',
  },
  data: z
    .object({
      version: z.string(),
      database: z.enum(['sqlite', 'postgres']),
      schema: z.string(),
      started_at: timeData,
      memory_mb: z.int(),
      sandbox: z.boolean(),
      mail: z.boolean(),
      nodes: z.array(
        z.object({
          name: z.string(),
          role: z.enum(['all', 'api', 'worker']),
          version: z.string(),
          memory_mb: z.int(),
          draining: z.boolean(),
          devices: z.int(),
          renewed_until: maybeTime,
          alive: z.boolean(),
        }),
      ),
      devices: z.object({ total: z.int(), enabled: z.int(), by_state: z.record(z.string(), z.int()) }),
      troubled: z.array(
        deviceData
          .pick({ id: true, name: true, kind: true, phone_number: true, live: true, health: true })
          .extend({ account_id: z.int(), account: z.string() }),
      ),
      messages: z.object({ queued: z.int(), sending: z.int() }),
    })
    .meta({ id: 'InstallationHealth' }),
  handle: async (_ask, { administration }) => ({ data: await administration.health() }),
});

export const adminRows: readonly PanelRow[] = [
  accounts,
  createAccount,
  account,
  issueLink,
  suspendAccount,
  assign,
  changeSubscription,
  suspendDevice,
  packages,
  createPackage,
  changePackage,
  purchases,
  decide('approve', 'Approve a purchase', 'Assigns the package to the account: a new period from now on.'),
  decide('decline', 'Decline a purchase', ''),
  settings,
  changeSettings,
  audit,
  health,
];
