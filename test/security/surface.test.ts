import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createBrowser } from '../panel/support/browser.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { run } from '../support/process.ts';

describe('every route of the running app', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({
      sandbox: true,
      env: { TRUSTED_PROXIES: '127.0.0.1', PUBLIC_URL: 'https://wa.example.com' },
    });
  });
  afterAll(() => app?.stop());

  test('answers with the headers that keep a browser from running, framing or guessing anything', async () => {
    for (const [at, { method, url }] of app.routes.entries()) {
      const path = url.replace('*', 'x').replace(/:\w+/g, '1');
      const response = await fetch(`${app.url}${path}`, {
        method,
        headers: { 'x-forwarded-for': `198.18.0.${at & 255}`, accept: 'text/html' },
      });
      await response.text();
      const name = `${method} ${url}`;
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy, name).toContain("default-src 'none'");
      expect(policy, name).toContain("frame-ancestors 'none'");
      expect(policy, name).toContain("base-uri 'none'");
      expect(policy, name).not.toMatch(/unsafe|\*|https?:/);
      expect(response.headers.get('x-content-type-options'), name).toBe('nosniff');
      expect(response.headers.get('referrer-policy'), name).toBe('same-origin');
      expect(response.headers.get('strict-transport-security'), name).toMatch(/max-age=31536000/);
      expect(response.headers.get('x-powered-by') ?? response.headers.get('server'), name).toBeNull();
      if (url.startsWith('/api/')) expect(response.headers.get('cache-control'), name).toBe('no-store');
    }
  });

  test('takes no body over 1 MB', async () => {
    const body = JSON.stringify({ message: 'x'.repeat(1_048_577) });
    const headers = {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      authorization: `Bearer ${app.token}`,
    };
    const browser = createBrowser(app);
    await browser.post('/sign-in/link', {
      token: await app.accounts.issueLink((await app.store.accounts.ownerOf(app.account.id))?.email ?? '', 'operator'),
    });
    let tried = 0;
    for (const { method, url } of app.routes) {
      if (!/^(POST|PUT|PATCH)$/.test(method)) continue;
      const response = await fetch(`${app.url}${url.replace(/:\w+/g, '1')}`, {
        method,
        headers: { ...headers, cookie: browser.cookie },
        body,
      });
      const text = await response.text();
      // A route that reads no body refuses for its own reasons, or does not mind.
      if (response.status === 413) expect(JSON.parse(text)).toMatchObject({ code: 'body_too_large' });
      else expect(response.status, url).toBeLessThan(500);
      if (response.status === 413) tried += 1;
    }
    expect(tried).toBeGreaterThan(20);
  });

  test('over TLS gives the session under a name that no other host and no plain line can set', async () => {
    const answer = await createBrowser(app).call('POST', '/sign-in/link', {
      body: {
        token: await app.accounts.issueLink(
          (await app.store.accounts.ownerOf(app.account.id))?.email ?? '',
          'operator',
        ),
      },
    });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-wagate=wags_\w+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
  });
});

describe('a fresh installation', () => {
  test('does not start in production without a master key of its own, and says how to make one', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'wagate-fresh-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const env = { NODE_ENV: 'production', DATA_DIR: dataDir, PORT: '0', SANDBOX: 'false' };
    for (const key of [{}, { MASTER_KEY: 'too short' }]) {
      const program = run('src/main.ts', [], { ...env, ...key });
      expect(await program.ended).toBe(1);
      expect(program.lines.join('\n')).toMatch(/MASTER_KEY (is required|must be 32 bytes)/);
    }
  });

  test('has nobody with a password, and keys of its own', async () => {
    const [one, two] = [await startTestApp({ sandbox: true }), await startTestApp({ sandbox: true })];
    onTestFinished(async () => {
      await one.stop();
      await two.stop();
    });
    for (const app of [one, two]) {
      const owner = await app.store.accounts.ownerOf(app.account.id);
      expect(owner?.password_hash).toBeNull();
      for (const password of ['', 'admin', 'password', 'wagate', 'changeme'])
        expect((await createBrowser(app).signIn(owner?.email ?? '', password)).status).toBeGreaterThanOrEqual(401);
    }
    expect(one.store.vault.tokenKey.equals(two.store.vault.tokenKey)).toBe(false);
    expect(one.token).not.toBe(two.token);
  });
});
