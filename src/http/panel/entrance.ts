import { z } from 'zod';
import { code, email, givenPassword, language, linkToken, name, newPassword, roleWords, timeZone } from './fields.ts';
import { forVisitor, type PanelRow } from './row.ts';
import { maybeTime, meData } from './schemas.ts';

const tag = 'Dashboard: sign-in';

const installation = forVisitor({
  method: 'GET',
  path: '/installation',
  operation: {
    id: 'panelInstallation',
    tag,
    summary: 'What the first page needs',
    description: 'Name of this installation and what it offers to visitors.',
  },
  data: z.object({
    name: z.string(),
    version: z.string(),
    public_url: z.string(),
    sign_up: z.enum(['open', 'closed']),
    mail: z.boolean().meta({
      description: 'Mails are sent. False: links come from the administrator (npm run wagate -- account link).',
    }),
    sandbox: z.boolean(),
    signed_in: z.boolean(),
  }),
  handle: async ({ who }, { installation: it }) => ({ data: { ...(await it.describe()), signedIn: who !== null } }),
});

const signUp = forVisitor({
  method: 'POST',
  path: '/sign-up',
  operation: {
    id: 'panelSignUp',
    tag,
    summary: 'Make an account',
    description: 'Makes an account with a trial and signs in. Only while the installation takes sign-ups.',
  },
  body: z.object({
    name: name('name'),
    email,
    password: newPassword(),
    language: language.optional(),
    time_zone: timeZone.optional(),
  }),
  data: meData,
  status: 201,
  failures: ['sign_up_closed', 'rate_limited'],
  async handle({ body, address, userAgent }, { entrance, profiles }) {
    const session = await entrance.signUp(
      {
        name: body.name,
        email: body.email,
        password: body.password,
        language: body.language,
        timeZone: body.time_zone,
      },
      { address, userAgent },
    );
    return { status: 201, session, data: await profiles.me(session.who) };
  },
});

const signIn = forVisitor({
  method: 'POST',
  path: '/sign-in',
  operation: {
    id: 'panelSignIn',
    tag,
    summary: 'Sign in',
    description:
      'With e-mail and password. `code_required`: the password was right and the account wants the code of its authenticator app; repeat with `code`.',
  },
  body: z.object({ email, password: givenPassword('password'), code: code.optional() }),
  data: meData,
  failures: ['wrong_credentials', 'code_required', 'wrong_code', 'rate_limited'],
  async handle({ body, address, userAgent, sessionToken }, { entrance, profiles }) {
    const session = await entrance.signIn(body, { address, userAgent }, sessionToken);
    return { session, data: await profiles.me(session.who) };
  },
});

const redeem = forVisitor({
  method: 'POST',
  path: '/sign-in/link',
  operation: {
    id: 'panelRedeemLink',
    tag,
    summary: 'Sign in by a one-time link',
    description:
      'For the page at /sign-in/{token}: looking at the page spends nothing, this does. Links from a mail ask for the authenticator’s code where one is set up (`code_required` spends nothing); links from the server’s command line do not. For an hour after it, a new password can be set without the old one.',
  },
  body: z.object({ token: linkToken, code: code.optional() }),
  data: meData,
  failures: ['invalid_link', 'code_required', 'wrong_code', 'rate_limited'],
  async handle({ body, address, userAgent, sessionToken }, { entrance, profiles }) {
    const session = await entrance.redeemLink(body.token, body.code, { address, userAgent }, sessionToken);
    return { session, data: await profiles.me(session.who) };
  },
});

const forgot = forVisitor({
  method: 'POST',
  path: '/password/forgot',
  operation: {
    id: 'panelForgotPassword',
    tag,
    summary: 'Ask for a one-time link by mail',
    description:
      'Answers the same whether the address is known or not. Without mail (see installation) nothing can be sent: the administrator makes the link.',
  },
  body: z.object({ email, language: language.optional() }),
  status: 202,
  failures: ['rate_limited'],
  async handle({ body, address, userAgent }, { entrance }) {
    await entrance.forgot(body.email, { address, userAgent });
    return { status: 202 };
  },
});

const signOut = forVisitor({
  method: 'POST',
  path: '/sign-out',
  operation: {
    id: 'panelSignOut',
    tag,
    summary: 'Sign out',
    description: 'Ends this browser’s session, if there is one.',
  },
  async handle({ sessionToken }, { entrance }) {
    if (sessionToken !== null) await entrance.end(sessionToken);
    return { session: null };
  },
});

const lookAtInvitation = forVisitor({
  method: 'POST',
  path: '/invitation/look',
  operation: {
    id: 'panelLookAtInvitation',
    tag,
    summary: 'What an invitation says',
    description: 'For the page at /invitation/{token}. Spends nothing.',
  },
  body: z.object({ token: linkToken }),
  data: z.object({
    account: z.string(),
    email: z.string(),
    role: z.enum(roleWords),
    invited_by: z.string().nullable(),
    expires_at: maybeTime,
    known: z.boolean().meta({
      description:
        'The address belongs to somebody here, who signs in first (or gives that password) and then accepts.',
    }),
    signed_in_as: z.string().nullable(),
  }),
  failures: ['invalid_link', 'rate_limited'],
  handle: async ({ who, body, address }, { members }) => ({
    data: { ...(await members.lookAtInvitation(body.token, address)), signedInAs: who?.email ?? null },
  }),
});

const acceptInvitation = forVisitor({
  method: 'POST',
  path: '/invitation/accept',
  operation: {
    id: 'panelAcceptInvitation',
    tag,
    summary: 'Accept an invitation',
    description:
      'A person who is new here gives name and a new password. One who has (`known`) is signed in with the invited address, or gives that password, and the authenticator’s code where one is set up. Signs in to the account.',
  },
  body: z.object({
    token: linkToken,
    name: name('name').optional(),
    password: newPassword().optional(),
    code: code.optional(),
    language: language.optional(),
  }),
  data: meData,
  failures: ['invalid_link', 'not_signed_in', 'wrong_credentials', 'code_required', 'wrong_code', 'rate_limited'],
  async handle({ who, body, address, userAgent, sessionToken }, { entrance, profiles }) {
    const session = await entrance.acceptInvitation(body, who, { address, userAgent }, sessionToken);
    return { session, data: await profiles.me(session.who) };
  },
});

export const entranceRows: readonly PanelRow[] = [
  installation,
  signUp,
  signIn,
  redeem,
  forgot,
  signOut,
  lookAtInvitation,
  acceptInvitation,
];
