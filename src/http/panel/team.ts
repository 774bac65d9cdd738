import { z } from 'zod';
import { word } from '../v1/fields.ts';
import { email, idOf, name, paging, roleWords, timeZone } from './fields.ts';
import { forSession, keeper, type PanelRow } from './row.ts';
import { auditData, invitationData, meData, memberData } from './schemas.ts';

const tag = 'Dashboard: team';
const role = word('role', roleWords, 'owner, admin (all but owners), operator (sends and reads), viewer (reads).');

const changeAccount = forSession(keeper, {
  method: 'PATCH',
  path: '/account',
  operation: {
    id: 'panelChangeAccount',
    tag,
    summary: 'Change the account’s name or time zone',
    description: '“Today” is counted in the account’s time zone.',
  },
  body: z.object({ name: name('name').optional(), time_zone: timeZone.optional() }),
  data: meData,
  async handle({ who, body }, { members, profiles }) {
    await members.changeAccount(who, { name: body.name, timeZone: body.time_zone });
    return { data: await profiles.me(who) };
  },
});

const list = forSession(keeper, {
  method: 'GET',
  path: '/members',
  operation: { id: 'panelMembers', tag, summary: 'People of the account', description: '' },
  data: z.array(memberData),
  handle: async ({ who }, { members }) => ({ data: await members.list(who) }),
});

const change = forSession(keeper, {
  method: 'PATCH',
  path: '/members/{id}',
  operation: {
    id: 'panelChangeMember',
    tag,
    summary: 'Change somebody’s role',
    description: 'Only an owner makes owners or changes them; the last owner stays one.',
  },
  params: idOf('member'),
  body: z.object({ role }),
  data: z.array(memberData),
  failures: ['not_found', 'not_allowed', 'last_owner'],
  async handle({ who, params, body, address }, { members }) {
    await members.changeRole(who, params.id, body.role, address);
    return { data: await members.list(who) };
  },
});

const remove = forSession(keeper, {
  method: 'DELETE',
  path: '/members/{id}',
  operation: {
    id: 'panelRemoveMember',
    tag,
    summary: 'Remove somebody',
    description: 'Their sessions in this account end at once.',
  },
  params: idOf('member'),
  failures: ['not_found', 'not_allowed', 'last_owner'],
  async handle({ who, params, address }, { members }) {
    await members.remove(who, params.id, address);
    return {};
  },
});

const invitations = forSession(keeper, {
  method: 'GET',
  path: '/invitations',
  operation: { id: 'panelInvitations', tag, summary: 'Invitations that are open', description: '' },
  data: z.array(invitationData),
  handle: async ({ who }, { members }) => ({ data: await members.invitations(who) }),
});

const invite = forSession(keeper, {
  method: 'POST',
  path: '/invitations',
  operation: {
    id: 'panelInvite',
    tag,
    summary: 'Invite somebody',
    description:
      'Gives the link, shown only now, to hand over; it is mailed, too, where mail is set up. Seven days, works once.',
  },
  body: z.object({ email, role }),
  data: z.object({ invitation: invitationData, link: z.string(), mailed: z.boolean() }),
  status: 201,
  failures: ['not_allowed', 'rate_limited'],
  handle: async ({ who, body, address }, { members }) => ({
    status: 201,
    data: await members.invite(who, body, address),
  }),
});

const withdraw = forSession(keeper, {
  method: 'DELETE',
  path: '/invitations/{id}',
  operation: { id: 'panelWithdrawInvitation', tag, summary: 'Withdraw an invitation', description: '' },
  params: idOf('invitation'),
  failures: ['not_found'],
  async handle({ who, params }, { members }) {
    await members.withdraw(who, params.id);
    return {};
  },
});

const audit = forSession(keeper, {
  method: 'GET',
  path: '/audit',
  operation: { id: 'panelAudit', tag, summary: 'Who did what in this account', description: 'Newest first.' },
  query: z.object(paging()),
  data: z.array(auditData),
  isList: true,
  async handle({ who, query }, { audit: book }) {
    const { rows, total } = await book.ofAccount(who.accountId, query);
    return { data: rows, pagination: { ...query, total } };
  },
});

export const teamRows: readonly PanelRow[] = [
  changeAccount,
  list,
  change,
  remove,
  invitations,
  invite,
  withdraw,
  audit,
];
