import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createHandClock } from '../http/support/site.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { createBrowser, PASSWORD } from './support/browser.ts';
import { startMailServer } from './support/mail-server.ts';
import { addMember, createTenant, signInAsAdministrator } from './support/people.ts';

const clock = createHandClock();
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ sandbox: true, hands: { clock }, env: { TRUSTED_PROXIES: '127.0.0.1' } });
});
afterAll(() => app?.stop());
/** Limits of the test before are over. */
const later = (ms = 61_000) => clock.advance(ms);

async function own(options: TestAppOptions): Promise<TestApp> {
  const started = await startTestApp({ sandbox: true, ...options });
  onTestFinished(() => started.stop());
  return started;
}

const codeFor = (uri: string, ahead = 0) => {
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.now() + ahead });
};

describe('signing in', () => {
  test('the owner’s first link sets a password and an address, and then is spent', async () => {
    const fresh = await own({});
    const token = await fresh.accounts.issueLink('owner@localhost');
    const browser = createBrowser(fresh);
    const me = await browser.post('/sign-in/link', { token });
    expect(me).toMatchObject({ needs: ['email', 'password'], may_set_password: true, account: { is_admin: true } });
    await browser.ok('PUT', '/me/email', { email: 'Owner@Example.com ' });
    const now = await browser.ok('PUT', '/me/password', { password: PASSWORD });
    expect(now).toMatchObject({ needs: [], user: { email: 'owner@example.com', has_password: true } });
    expect((await createBrowser(fresh).call('POST', '/sign-in/link', { body: { token } })).body.code).toBe(
      'invalid_link',
    );
    expect((await createBrowser(fresh).signIn('owner@example.com')).status).toBe(200);
  });

  test('keeps the password as argon2id, 19 MiB, two passes', async () => {
    const { email } = await createTenant(app);
    const user = await app.store.accounts.findUserByEmail(email);
    expect(user?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test('gives a cookie that no script reads, and a new one at each sign-in; the one before is dead', async () => {
    const { email } = await createTenant(app);
    const browser = createBrowser(app);
    const first = await browser.signIn(email);
    expect(first.headers.get('set-cookie')).toMatch(
      /^wagate=wags_\w+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    const before = browser.cookie;
    await browser.signIn(email);
    expect(browser.cookie).not.toBe(before);
    browser.cookie = before;
    expect((await browser.call('GET', '/me')).status).toBe(401);
  });

  test('over TLS the cookie is Secure and bound to the host', async () => {
    const secure = await own({ env: { PUBLIC_URL: 'https://wa.example.com' } });
    const token = await secure.accounts.issueLink('owner@localhost');
    const { headers } = await createBrowser(secure).call('POST', '/sign-in/link', { body: { token } });
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-wagate=wags_\w+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('compares a password the same for somebody unknown, and answers the same', async () => {
    later();
    const { email } = await createTenant(app);
    const answers = [];
    for (const address of [email, 'nobody@example.com', app.account.name]) {
      const before = app.passwords.compared;
      const answer = await createBrowser(app).signIn(address, 'wrong password');
      if (address.includes('@'))
        answers.push([answer.status, answer.body.code, answer.body.message, app.passwords.compared - before]);
    }
    expect(answers[0]).toEqual([401, 'wrong_credentials', 'The e-mail address or the password is wrong.', 1]);
    expect(answers[1]).toEqual(answers[0]);
  });

  test.each([
    ['from one address, for a thousand people', (i: number) => [`p${i}@example.com`, '203.0.113.7']],
    ['for one person, from a thousand addresses', (i: number) => ['one@example.com', `198.51.${i >> 8}.${i & 255}`]],
    ['from one IPv6 network', (i: number) => [`q${i}@example.com`, `2001:db8:1:2::${i.toString(16)}`]],
  ] as const)('a thousand wrong tries in a minute %s reach the hash ten times', async (_what, who) => {
    later();
    const before = app.passwords.compared;
    const browser = createBrowser(app);
    const statuses = new Map<number, number>();
    for (let i = 0; i < 1_000; i += 50) {
      const some = await Promise.all(
        Array.from({ length: 50 }, (_, k) => {
          const [email = '', from = ''] = who(i + k);
          return browser.call('POST', '/sign-in', { body: { email, password: 'wrong password' }, from });
        }),
      );
      for (const { status } of some) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(app.passwords.compared - before).toBe(10);
    expect(Object.fromEntries(statuses)).toEqual({ 401: 10, 429: 990 });
  });

  test('somebody who guesses elsewhere does not lock a person out of the own place', async () => {
    later();
    const { email } = await createTenant(app);
    const home = { from: '192.0.2.10' };
    const signIn = (from: string, password: string) =>
      createBrowser(app).call('POST', '/sign-in', { body: { email, password }, from });
    expect((await signIn(home.from, PASSWORD)).status).toBe(200);
    for (let i = 0; i < 15; i++) await signIn(`203.0.113.${i}`, 'wrong password');
    expect((await signIn('203.0.113.99', PASSWORD)).status).toBe(429);
    expect((await signIn(home.from, PASSWORD)).status).toBe(200);
  });

  test('a session ends after twelve hours without use, and after seven days in any case', async () => {
    const { browser } = await createTenant(app);
    for (let hours = 0; hours < 22; hours += 11) {
      later(11 * 3_600_000);
      expect((await browser.call('GET', '/me')).status).toBe(200);
    }
    later(12.1 * 3_600_000);
    expect((await browser.call('GET', '/me')).status).toBe(401);
    const { browser: other } = await createTenant(app);
    for (let hours = 0; hours < 167; hours += 11) {
      expect((await other.call('GET', '/me')).status).toBe(200);
      later(11 * 3_600_000);
    }
    later(11 * 3_600_000);
    expect((await other.call('GET', '/me')).status).toBe(401);
  });

  test.each(['the account is changed over', 'an invitation is accepted'])(
    'a session that goes on when %s ends when it would have',
    async (what) => {
      const { accountId, browser, email } = await createTenant(app);
      const use = async (days: number) => {
        for (let hours = 0; hours < days * 24; hours += 8) {
          expect((await browser.call('GET', '/me')).status).toBe(200);
          later(8 * 3_600_000);
        }
      };
      await use(6);
      if (what === 'the account is changed over') {
        await browser.post('/me/account', { account_id: accountId });
      } else {
        const inviting = await createTenant(app);
        const { link } = await inviting.browser.post<{ link: string }>('/invitations', { email, role: 'viewer' });
        await browser.post('/invitation/accept', { token: link.split('/').at(-1) });
      }
      // Never twelve hours without use: what ends it is its age.
      await use(1);
      expect((await browser.call('GET', '/me')).status).toBe(401);
    },
  );
});

describe('a person', () => {
  test('sees the browsers that are signed in, ends one, and all', async () => {
    later();
    const { email, browser } = await createTenant(app);
    const other = createBrowser(app);
    await other.signIn(email);
    const sessions = await browser.get<{ id: string; current: boolean }[]>('/me/sessions');
    expect(sessions).toHaveLength(2);
    await browser.ok('DELETE', `/me/sessions/${sessions.find(({ current }) => !current)?.id}`);
    expect((await other.call('GET', '/me')).status).toBe(401);
    await other.signIn(email);
    await browser.post('/me/sign-out-everywhere');
    expect((await other.call('GET', '/me')).status).toBe(401);
    expect((await browser.call('GET', '/me')).status).toBe(401);
  });

  test('changes the password with the old one only, and everybody else is signed out', async () => {
    later();
    const { email } = await createTenant(app);
    const [browser, other] = [createBrowser(app), createBrowser(app)];
    await browser.signIn(email);
    await other.signIn(email);
    const change = (current?: string) =>
      browser.call('PUT', '/me/password', { body: { password: 'another long password', current_password: current } });
    expect((await change()).body.errors).toEqual({ current_password: ['current_password is required'] });
    expect((await change('wrong')).body.errors).toEqual({ current_password: ['current_password is not right'] });
    expect((await change(PASSWORD)).status).toBe(200);
    expect((await other.call('GET', '/me')).status).toBe(401);
    expect((await browser.call('GET', '/me')).status).toBe(200);
    expect((await createBrowser(app).signIn(email)).status).toBe(401);
    expect((await createBrowser(app).signIn(email, 'another long password')).status).toBe(200);
  });

  test('who came by a link hours ago needs the current password, also when an invitation was accepted meanwhile', async () => {
    later();
    const { browser, email } = await createTenant(app);
    later(2 * 3_600_000);
    const inviting = await createTenant(app);
    const { link } = await inviting.browser.post<{ link: string }>('/invitations', { email, role: 'viewer' });
    const joined = await browser.post('/invitation/accept', { token: link.split('/').at(-1) });
    expect(joined).toMatchObject({ account: { id: inviting.accountId }, may_set_password: false });
    const change = (current?: string) =>
      browser.call('PUT', '/me/password', { body: { password: 'another long password', current_password: current } });
    const without = await change();
    expect([without.status, without.body.errors]).toEqual([
      422,
      { current_password: ['current_password is required'] },
    ]);
    expect((await change(PASSWORD)).status).toBe(200);
  });

  test('who forgot the password gets a one-time link by mail; the answer tells nobody who is known', async () => {
    const mail = await startMailServer();
    const mailing = await own({ env: { SMTP_URL: mail.url } });
    const { email } = await createTenant(mailing);
    const browser = createBrowser(mailing);
    const known = await browser.call('POST', '/password/forgot', { body: { email } });
    const unknown = await browser.call('POST', '/password/forgot', { body: { email: 'nobody@example.com' } });
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
    const letter = await mail.next();
    expect(letter.to).toBe(email);
    const token = /\/sign-in\/(wagl_\w+)/.exec(letter.text)?.[1];
    expect(letter.text).toContain(`${mailing.url}/sign-in/`);
    expect(await browser.post('/sign-in/link', { token })).toMatchObject({ may_set_password: true });
    await browser.ok('PUT', '/me/password', { password: 'a new long password' });
    expect((await createBrowser(mailing).signIn(email, 'a new long password')).status).toBe(200);
    expect(mail.letters).toHaveLength(0);
  });

  test('may ask for a code of an authenticator app, which works once; recovery codes stand in, once each', async () => {
    later();
    const { email, browser } = await createTenant(app);
    const { uri } = await browser.post<{ uri: string }>('/me/totp');
    expect(uri).toMatch(/^otpauth:\/\/totp\/WAGate:/);
    expect((await createBrowser(app).signIn(email)).status).toBe(200);
    expect((await browser.call('POST', '/me/totp/confirm', { body: { code: '000000' } })).body.code).toBe('wrong_code');
    const { recovery_codes } = await browser.post<{ recovery_codes: string[] }>('/me/totp/confirm', {
      code: codeFor(uri),
    });
    expect(new Set(recovery_codes).size).toBe(10);

    const guest = createBrowser(app);
    expect((await guest.signIn(email)).body.code).toBe('code_required');
    expect((await guest.signIn(email, 'wrong password', codeFor(uri, 30_000))).body.code).toBe('wrong_credentials');
    const used = codeFor(uri, 30_000);
    expect((await guest.signIn(email, PASSWORD, used)).status).toBe(200);
    expect((await createBrowser(app).signIn(email, PASSWORD, used)).body.code).toBe('wrong_code');
    const recovery = recovery_codes[0]?.toUpperCase();
    expect((await createBrowser(app).signIn(email, PASSWORD, recovery)).status).toBe(200);
    expect((await createBrowser(app).signIn(email, PASSWORD, recovery)).body.code).toBe('wrong_code');
    expect((await browser.call('POST', '/me/totp')).status).toBe(409);
    later();
    await browser.post('/me/totp/remove', { code: codeFor(uri) });
    expect((await createBrowser(app).signIn(email)).status).toBe(200);
  });

  test('whose codes are guessed is left in peace after thirty tries a day', async () => {
    const { email, browser } = await createTenant(app);
    const { uri } = await browser.post<{ uri: string }>('/me/totp');
    await browser.post('/me/totp/confirm', { code: codeFor(uri) });
    const codes = [];
    for (let i = 0; i < 32; i++) {
      later();
      codes.push((await createBrowser(app).signIn(email, PASSWORD, 'abcdefghij')).body.code);
    }
    expect(codes.filter((code) => code === 'wrong_code')).toHaveLength(30);
    expect(codes.slice(30)).toEqual(['rate_limited', 'rate_limited']);
  });

  test('a mailed link still wants the code of the app; one from the command line opens all', async () => {
    later(86_400_000);
    const { email, browser } = await createTenant(app);
    const { uri } = await browser.post<{ uri: string }>('/me/totp');
    await browser.post('/me/totp/confirm', { code: codeFor(uri) });
    const mailed = await app.accounts.issueLink(email, 'mail');
    const guest = createBrowser(app);
    expect((await guest.call('POST', '/sign-in/link', { body: { token: mailed } })).body.code).toBe('code_required');
    expect(
      (await guest.call('POST', '/sign-in/link', { body: { token: mailed, code: codeFor(uri, 30_000) } })).status,
    ).toBe(200);
    const token = await app.accounts.issueLink(email);
    expect((await createBrowser(app).call('POST', '/sign-in/link', { body: { token } })).status).toBe(200);
  });
});

describe('sign-up', () => {
  const person = {
    name: 'Sari',
    email: 'sari@example.com',
    password: PASSWORD,
    language: 'id',
    time_zone: 'Asia/Jayapura',
  };

  test('is closed until the administrator opens it; then it begins with the trial, once for an address', async () => {
    const browser = createBrowser(app);
    expect((await browser.call('POST', '/sign-up', { body: person })).body.code).toBe('sign_up_closed');
    const administrator = await signInAsAdministrator(app);
    await administrator.ok('PATCH', '/admin/settings', { sign_up: 'open', name: 'Gerbang Pesan' });
    expect(await browser.get('/installation')).toMatchObject({ sign_up: 'open', name: 'Gerbang Pesan', mail: false });
    const made = await browser.call('POST', '/sign-up', { body: person });
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject({
      user: { email: person.email, language: 'id' },
      account: { role: 'owner', is_admin: false, time_zone: 'Asia/Jayapura' },
      subscription: { package: 'Trial', is_trial: true, remaining: 100 },
    });
    const again = await createBrowser(app).call('POST', '/sign-up', {
      body: { ...person, password: 'somebody else wants it' },
    });
    expect(again.body.errors).toEqual({ email: ['sari@example.com belongs to an account already.'] });
    later();
    expect((await createBrowser(app).signIn(person.email)).status).toBe(200);
  });

  test('of one address at the same moment makes one account', async () => {
    const tries = await Promise.all(
      [1, 2, 3].map((n) =>
        createBrowser(app).call('POST', '/sign-up', {
          body: { ...person, email: 'race@example.com', password: `password number ${n}` },
        }),
      ),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([201, 422, 422]);
  });

  test.each([
    ['email', 'a@b@c'],
    ['email', 'a b@example.com'],
    ['email', 'a@example.com\r\nBcc: x@example.com'],
    ['email', 'a@example.com,b@example.com'],
    ['password', 'short'],
    ['name', '   '],
    ['time_zone', 'Asia/Nowhere'],
  ])('refuses the %s %j and names the field', async (field, value) => {
    const answer = await createBrowser(app).call('POST', '/sign-up', { body: { ...person, [field]: value } });
    expect([answer.status, Object.keys(answer.body.errors ?? {})]).toEqual([422, [field]]);
  });
});

describe('the team', () => {
  test('an invitation makes a member with its role, once, and no other address takes it', async () => {
    later();
    const tenant = await createTenant(app);
    const { link } = await tenant.browser.post<{ link: string }>('/invitations', {
      email: 'New@Example.com',
      role: 'operator',
    });
    expect(link).toContain(`${app.url}/invitation/wagl_`);
    const token = link.split('/').at(-1);
    const guest = createBrowser(app);
    expect(await guest.post('/invitation/look', { token })).toMatchObject({
      email: 'new@example.com',
      role: 'operator',
      known: false,
    });
    const joined = await guest.post('/invitation/accept', { token, name: 'Newcomer', password: PASSWORD });
    expect(joined).toMatchObject({ account: { id: tenant.accountId, role: 'operator' } });
    expect(
      (await createBrowser(app).call('POST', '/invitation/accept', { body: { token, name: 'X', password: PASSWORD } }))
        .body.code,
    ).toBe('invalid_link');

    const second = await createTenant(app);
    const invited = await second.browser.post<{ link: string }>('/invitations', {
      email: 'new@example.com',
      role: 'viewer',
    });
    const again = invited.link.split('/').at(-1);
    const stranger = await createTenant(app);
    const foreign = await stranger.browser.call('POST', '/invitation/accept', { body: { token: again } });
    expect(foreign.body.code).toBe('not_signed_in');
    const wrong = await createBrowser(app).call('POST', '/invitation/accept', {
      body: { token: again, password: 'not the password' },
    });
    expect(wrong.body.code).toBe('wrong_credentials');
    expect(await guest.post('/invitation/accept', { token: again })).toMatchObject({
      account: { id: second.accountId, role: 'viewer' },
    });
    expect(await guest.post('/me/account', { account_id: tenant.accountId })).toMatchObject({
      account: { role: 'operator' },
    });
  });

  test('an invitation gives nobody the account of somebody who is there already', async () => {
    later();
    const { browser } = await createTenant(app);
    const owner = await app.store.accounts.ownerOf(app.account.id);
    expect(owner?.password_hash).toBeNull();
    const { link } = await browser.post<{ link: string }>('/invitations', { email: owner?.email, role: 'viewer' });
    const token = link.split('/').at(-1);
    const thief = createBrowser(app);
    for (const body of [{ token }, { token, name: 'Thief', password: PASSWORD }]) {
      const answer = await thief.call('POST', '/invitation/accept', { body });
      expect([answer.status, answer.body.code]).toEqual([401, 'not_signed_in']);
    }
    expect((await app.store.accounts.findUserByEmail(owner?.email ?? ''))?.password_hash).toBeNull();
    expect(
      (await (await signInAsAdministrator(app)).call('POST', '/invitation/accept', { body: { token } })).status,
    ).toBe(200);
  });

  test('a withdrawn or old invitation opens nothing', async () => {
    const tenant = await createTenant(app);
    const invite = () =>
      tenant.browser.post<{ link: string; invitation: { id: number } }>('/invitations', {
        email: 'w@example.com',
        role: 'viewer',
      });
    const look = async (link: string) =>
      (await createBrowser(app).call('POST', '/invitation/look', { body: { token: link.split('/').at(-1) } })).body
        .code;
    const first = await invite();
    await tenant.browser.ok('DELETE', `/invitations/${first.invitation.id}`);
    expect(await look(first.link)).toBe('invalid_link');
    const [second, third] = [await invite(), await invite()];
    expect(await look(second.link)).toBe('invalid_link');
    expect(await look(third.link)).toBeUndefined();
    later(7.1 * 86_400_000);
    expect(await look(third.link)).toBe('invalid_link');
  });

  test('an admin neither makes nor touches owners; the last owner stays', async () => {
    const tenant = await createTenant(app);
    const admin = await addMember(app, tenant, 'admin');
    const members = await tenant.browser.get<{ id: number; role: string }[]>('/members');
    const id = (role: string) => members.find((one) => one.role === role)?.id;
    expect(
      (await admin.call('POST', '/invitations', { body: { email: 'x@example.com', role: 'owner' } })).body.code,
    ).toBe('not_allowed');
    expect((await admin.call('PATCH', `/members/${id('owner')}`, { body: { role: 'viewer' } })).body.code).toBe(
      'not_allowed',
    );
    expect((await admin.call('PATCH', `/members/${id('admin')}`, { body: { role: 'owner' } })).body.code).toBe(
      'not_allowed',
    );
    expect((await tenant.browser.call('PATCH', `/members/${id('owner')}`, { body: { role: 'admin' } })).body.code).toBe(
      'last_owner',
    );
    expect((await tenant.browser.call('DELETE', `/members/${id('owner')}`)).body.code).toBe('last_owner');
  });

  test('who is removed is out at once', async () => {
    const tenant = await createTenant(app);
    const operator = await addMember(app, tenant, 'operator');
    const members = await tenant.browser.get<{ id: number; email: string }[]>('/members');
    await tenant.browser.ok('DELETE', `/members/${members.find(({ email }) => email === operator.email)?.id}`);
    expect((await operator.call('GET', '/devices')).status).toBe(401);
  });
});
