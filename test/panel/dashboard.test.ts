import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dashboardIsBuilt } from '../../src/http/dashboard.ts';
import { type Site, startSite } from '../http/support/site.ts';

let folder: string;
let site: Site;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wagate-dist-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'assets', 'index-AbCd1234.js'), `console.log("${'x'.repeat(2_000)}")`);
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'secret.env'), 'KEY=1');
  build('first');
  site = await startSite({}, { dashboardFolder: folder });
});
afterEach(async () => {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

function build(title: string, at = Date.now() / 1000) {
  writeFileSync(join(folder, 'index.html'), `<meta name="csp-nonce" content="__CSP_NONCE__"><title>${title}</title>`);
  utimesSync(join(folder, 'index.html'), at, at);
}
const visit = (path: string, headers: Record<string, string> = {}) =>
  site.call(path, { headers: { Authorization: '', Accept: 'text/html,*/*;q=0.8', ...headers } });

describe('the built dashboard', () => {
  test('answers every page that a browser opens, with a nonce of its own in page and policy', async () => {
    const nonces = new Set<string>();
    for (const path of ['/', '/devices/3', '/sign-in/wagl_abc', '/docs', '/invitation/x']) {
      const { status, text, headers } = await visit(path);
      expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-store',
      ]);
      const nonce = /content="([\w-]{22})"/.exec(text)?.[1] ?? '';
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(policy).toContain("connect-src 'self'");
      expect(policy).not.toMatch(/unsafe|\*|http/);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(5);
  });

  test('keeps what has its hash in its name for ever, and what has not is asked for again', async () => {
    const hashed = await visit('/assets/index-AbCd1234.js');
    expect(hashed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(hashed.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const logo = await visit('/logo.svg');
    expect(logo.headers.get('cache-control')).toBe('public, max-age=0, must-revalidate');
    expect((await visit('/logo.svg', { 'If-None-Match': logo.headers.get('etag') ?? '' })).status).toBe(304);
  });

  test.each(['br', 'gzip'])('is sent packed as %s to whoever takes it', async (way) => {
    const { headers, text } = await visit('/assets/index-AbCd1234.js', { 'Accept-Encoding': way });
    expect([headers.get('content-encoding'), headers.get('vary')]).toEqual([way, 'Accept-Encoding']);
    expect(text).toContain('x'.repeat(2_000));
  });

  test.each([
    ['/api/panel/nothing', 'text/html', 404],
    ['/api/v1/send-message', 'text/html', 405],
    ['/assets/gone-12345678.js', 'text/html', 404],
    ['/nowhere', 'application/json', 404],
    ['/nowhere', '*/*', 404],
    ['/secret.env', '*/*', 404],
    ['/..%2f..%2fpackage.json', '*/*', 404],
    ['/assets/../../package.json', '*/*', 404],
    ['/%zz', '*/*', 400],
  ])('is no answer to %s for %s', async (path, accept, status) => {
    const answer = await visit(path, { Accept: accept });
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ success: false });
  });

  test('takes nothing but GET', async () => {
    expect((await site.call('/devices', { method: 'POST', body: '{}' })).status).toBe(404);
  });

  test('leaves the API’s pages where they are', async () => {
    expect((await visit('/docs/reference')).text).toContain('Authentication');
    expect((await visit('/assets/wagate.css')).headers.get('content-type')).toBe('text/css; charset=utf-8');
  });

  test('is read anew when it was built anew', async () => {
    expect((await visit('/')).text).toContain('first');
    build('second', Date.now() / 1000 + 10);
    expect((await visit('/')).text).toContain('second');
  });

  test('that is missing says so, and what builds it', async () => {
    expect(dashboardIsBuilt(folder)).toBe(true);
    rmSync(folder, { recursive: true });
    expect(dashboardIsBuilt(folder)).toBe(false);
    const { status, text } = await visit('/');
    expect(status).toBe(503);
    expect(text).toContain('npm start');
  });
});
