import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { languageOf } from '../../src/http/pages/words.ts';
import { type Site, startSite } from './support/site.ts';

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

const SAME = { 'Sec-Fetch-Site': 'same-origin' };
const LINK = '/sign-in/wagl_link';
const press = (path: string, headers: Record<string, string>, from = site) =>
  from.call(path, {
    method: 'POST',
    body: '',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: '', ...headers },
  });
const cookieOf = (answer: Awaited<ReturnType<typeof press>>) => answer.headers.get('set-cookie') ?? '';

describe('the owner’s page', () => {
  test('tells a stranger what this server is, in his language, and where to read on', async () => {
    const english = await site.call('/', { headers: { 'Accept-Language': 'en-GB,en;q=0.9,id;q=0.5' } });
    const indonesian = await site.call('/', { headers: { 'Accept-Language': 'id-ID' } });
    expect(english.text).toContain('Your own WhatsApp gateway');
    expect(indonesian.text).toContain('Gateway WhatsApp milik Anda sendiri');
    for (const { text, status, headers } of [english, indonesian]) {
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(text).toContain('href="/docs/reference"');
      expect(text).not.toMatch(/<script|style=/);
    }
  });

  test('keeps a sign-in link whole while it is only looked at', async () => {
    for (let i = 0; i < 3; i++) {
      const page = await site.call(LINK);
      expect(page.status).toBe(200);
      expect(page.text).toContain(`<form method="post" action="${LINK}">`);
      expect(cookieOf(page)).toBe('');
    }
    expect(site.gateway.links.size).toBe(1);
  });

  test('signs in by the button, once, with a cookie that no script reads', async () => {
    const answer = await press(LINK, SAME);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(cookieOf(answer)).toMatch(/^wagate=session; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
    const again = await press(LINK, SAME);
    expect(again.status).toBe(401);
    expect(again.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(cookieOf(again)).toBe('');
  });

  test('served over TLS, the cookie is Secure and bound to the host', async () => {
    const secure = await startSite({ PUBLIC_URL: 'https://wa.example.com' });
    const answer = await press(LINK, SAME, secure);
    await secure.stop();
    expect(cookieOf(answer)).toMatch(/^__Host-wagate=session; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/);
  });

  test.each<[what: string, headers: () => Record<string, string>, allowed: boolean]>([
    ['this site', () => SAME, true],
    ['this origin, from an old browser', () => ({ Origin: site.url }), true],
    ['another site', () => ({ 'Sec-Fetch-Site': 'cross-site' }), false],
    ['a sibling of this site', () => ({ 'Sec-Fetch-Site': 'same-site' }), false],
    ['another site that forges the origin', () => ({ 'Sec-Fetch-Site': 'cross-site', Origin: site.url }), false],
    ['another origin', () => ({ Origin: 'https://evil.example' }), false],
    ['no origin', () => ({ Origin: 'null' }), false],
    ['nobody knows where', () => ({}), false],
  ])('takes a form from %s: %s', async (_what, headers, allowed) => {
    const given = headers();
    for (const path of [LINK, '/sign-out']) expect((await press(path, given)).status).toBe(allowed ? 303 : 403);
    expect(site.gateway.links.size).toBe(allowed ? 0 : 1);
  });

  test('shows the devices of the account, escaped, with no more of a token than its ends', async () => {
    site.gateway.listed = [
      {
        id: 7,
        name: '<img src=x onerror=alert(1)>',
        kind: 'sandbox',
        phoneNumber: '6281234567890',
        status: 'logged_out',
        statusReason: 'The phone said "goodbye" & left',
        tokenPrefix: 'wag_AbCd',
        tokenLast4: 'wXyZ',
      },
    ];
    const cookie = cookieOf(await press(LINK, SAME)).split(';')[0] ?? '';
    const { text } = await site.call('/', { headers: { Cookie: cookie, 'Accept-Language': 'en' } });
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(text).not.toContain('<img');
    expect(text).toContain('&quot;goodbye&quot; &amp; left');
    expect(text).toContain('wag_AbCd…wXyZ');
    expect(text).toContain('6281234567890');
    expect(text).toContain('logged out of WhatsApp');
    expect(text).toContain('john@example.com');
    expect(text).toContain('npm run wagate -- device link');
  });

  test('signs out: the session is over and the cookie gone', async () => {
    const cookie = cookieOf(await press(LINK, SAME)).split(';')[0] ?? '';
    const answer = await press('/sign-out', { ...SAME, Cookie: cookie });
    expect(cookieOf(answer)).toMatch(/^wagate=; .*Expires=Thu, 01 Jan 1970/);
    expect(site.gateway.sessions.size).toBe(0);
    const { text } = await site.call('/', { headers: { Cookie: cookie, 'Accept-Language': 'en' } });
    expect(text).not.toContain('john@example.com');
  });

  test('signing in ends the session that the browser had', async () => {
    site.gateway.sessions.set('old', { userId: 1, accountId: 1, name: 'John Doe', email: 'john@example.com' });
    await press(LINK, { ...SAME, Cookie: 'wagate=old' });
    expect([...site.gateway.sessions.keys()]).toEqual(['session']);
  });

  test('lets an address try ten links a minute', async () => {
    const answers = [];
    for (let i = 0; i < 11; i++) answers.push((await press('/sign-in/wagl_wrong', SAME)).status);
    expect(answers).toEqual([...Array<number>(10).fill(401), 429]);
    site.clock.advance(61_000);
    expect((await press(LINK, SAME)).status).toBe(303);
  });

  test('that breaks is a page with the request id, and nothing of the inside', async () => {
    site.gateway.accounts.find = () => Promise.reject(new Error('no such table: session'));
    const answer = await site.call('/', { headers: { Cookie: 'wagate=x' } });
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain(answer.headers.get('x-request-id'));
    expect(answer.text).not.toContain('no such table');
  });
});

test.each([
  [undefined, 'id'],
  ['*', 'id'],
  ['en', 'en'],
  ['EN-us', 'en'],
  ['fr, en;q=0.4, id;q=0.5', 'id'],
  ['id;q=0, en;q=0.1', 'en'],
  ['in-ID', 'id'],
  ['de', 'id'],
])('Accept-Language %j is answered in %s', (accept, language) => {
  expect(languageOf(accept)).toBe(language);
});
