import { z } from 'zod';
import { code, email, givenPassword, id, language, name, newPassword } from './fields.ts';
import { forSession, member, type PanelRow } from './row.ts';
import { browserData, meData } from './schemas.ts';

const tag = 'Dashboard: profile';

const me = forSession(member, {
  method: 'GET',
  path: '/me',
  operation: {
    id: 'panelMe',
    tag,
    summary: 'Who is signed in',
    description: 'Person, account, role, subscription, and what the first sign-in still asks for.',
  },
  data: meData,
  handle: async ({ who }, { profiles }) => ({ data: await profiles.me(who) }),
});

const changeMe = forSession(member, {
  method: 'PATCH',
  path: '/me',
  operation: {
    id: 'panelChangeMe',
    tag,
    summary: 'Change name or language',
    description: 'Of the person. `language: null` means the browser’s.',
  },
  body: z.object({ name: name('name').optional(), language: language.nullable().optional() }),
  data: meData,
  async handle({ who, body }, { profiles }) {
    await profiles.change(who, body);
    return { data: await profiles.me(who) };
  },
});

const changeEmail = forSession(member, {
  method: 'PUT',
  path: '/me/email',
  operation: {
    id: 'panelChangeEmail',
    tag,
    summary: 'Change the e-mail address',
    description: 'The address to sign in with. `current_password` is needed unless `may_set_password`.',
  },
  body: z.object({ email, current_password: givenPassword('current_password').optional() }),
  data: meData,
  failures: ['rate_limited'],
  async handle({ who, body, address }, { profiles }) {
    await profiles.changeEmail(who, body.email, body.current_password, address);
    return { data: await profiles.me(who) };
  },
});

const changePassword = forSession(member, {
  method: 'PUT',
  path: '/me/password',
  operation: {
    id: 'panelChangePassword',
    tag,
    summary: 'Set or change the password',
    description: '`current_password` is needed unless `may_set_password`. All other sessions of the person end.',
  },
  body: z.object({ password: newPassword(), current_password: givenPassword('current_password').optional() }),
  data: meData,
  failures: ['rate_limited'],
  async handle({ who, body, address }, { profiles }) {
    await profiles.changePassword(who, body.password, body.current_password, address);
    return { data: await profiles.me(who) };
  },
});

const enrolTotp = forSession(member, {
  method: 'POST',
  path: '/me/totp',
  operation: {
    id: 'panelEnrolTotp',
    tag,
    summary: 'Begin with an authenticator app',
    description:
      'Gives the text of the QR code to scan. In force only when a code was confirmed. `current_password` is needed unless `may_set_password`.',
  },
  body: z.object({ current_password: givenPassword('current_password').optional() }),
  data: z.object({
    uri: z.string().meta({ description: 'otpauth://…, for the QR code.' }),
    secret: z.string().meta({ description: 'To type by hand.' }),
  }),
  failures: ['rate_limited', 'already_decided'],
  handle: async ({ who, body, address }, { profiles }) => ({
    data: await profiles.enrolTotp(who, body.current_password, address),
  }),
});

const confirmTotp = forSession(member, {
  method: 'POST',
  path: '/me/totp/confirm',
  operation: {
    id: 'panelConfirmTotp',
    tag,
    summary: 'Confirm the authenticator app',
    description: 'With a first code. Gives ten recovery codes, shown only now; each works once.',
  },
  body: z.object({ code }),
  data: z.object({ recovery_codes: z.array(z.string()) }),
  failures: ['wrong_code', 'rate_limited', 'already_decided'],
  handle: async ({ who, body }, { profiles }) => ({ data: await profiles.confirmTotp(who, body.code) }),
});

const removeTotp = forSession(member, {
  method: 'POST',
  path: '/me/totp/remove',
  operation: {
    id: 'panelRemoveTotp',
    tag,
    summary: 'Sign in without the authenticator app again',
    description: 'With a code of the app, or a recovery code.',
  },
  body: z.object({ code }),
  data: meData,
  failures: ['wrong_code', 'rate_limited'],
  async handle({ who, body }, { profiles }) {
    await profiles.removeTotp(who, body.code);
    return { data: await profiles.me(who) };
  },
});

const sessions = forSession(member, {
  method: 'GET',
  path: '/me/sessions',
  operation: {
    id: 'panelSessions',
    tag,
    summary: 'Where the person is signed in',
    description: 'All browsers, this one among them.',
  },
  data: z.array(browserData),
  handle: async ({ who }, { profiles }) => ({ data: await profiles.sessions(who) }),
});

const endSession = forSession(member, {
  method: 'DELETE',
  path: '/me/sessions/{id}',
  operation: { id: 'panelEndSession', tag, summary: 'Sign one browser out', description: '' },
  params: z.object({
    id: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .meta({ description: 'Of the session.' }),
  }),
  failures: ['not_found'],
  async handle({ who, params }, { profiles }) {
    const isOwn = await profiles.endSession(who, params.id);
    return isOwn ? { session: null } : {};
  },
});

const endSessions = forSession(member, {
  method: 'POST',
  path: '/me/sign-out-everywhere',
  operation: {
    id: 'panelSignOutEverywhere',
    tag,
    summary: 'Sign out everywhere',
    description: 'Ends all sessions of the person; with `keep_this` all but this one.',
  },
  body: z.object({ keep_this: z.boolean({ error: 'keep_this must be true or false' }).optional() }),
  async handle({ who, body }, { profiles }) {
    await profiles.endSessions(who, body.keep_this ?? false);
    return body.keep_this ? {} : { session: null };
  },
});

const changeAccount = forSession(member, {
  method: 'POST',
  path: '/me/account',
  operation: {
    id: 'panelSwitchAccount',
    tag,
    summary: 'Change over to another account of this person',
    description: 'One of `accounts` of GET /me.',
  },
  body: z.object({ account_id: id('account_id') }),
  data: meData,
  failures: ['not_found'],
  async handle({ who, body, address, userAgent }, { entrance, profiles }) {
    const session = await entrance.switchAccount(who, body.account_id, { address, userAgent });
    return { session, data: await profiles.me(session.who) };
  },
});

export const meRows: readonly PanelRow[] = [
  me,
  changeMe,
  changeEmail,
  changePassword,
  enrolTotp,
  confirmTotp,
  removeTotp,
  sessions,
  endSession,
  endSessions,
  changeAccount,
];
