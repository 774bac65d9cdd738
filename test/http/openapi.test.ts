import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failures } from '../../src/base/errors.ts';
import type { Json, OpenApi } from '../../src/http/docs/document.ts';
import { describe as describeApi } from '../../src/http/docs/openapi.ts';
import { panel } from '../../src/http/panel/routes.ts';
import { routes } from '../../src/http/routes.ts';
import { type Site, startSite } from './support/site.ts';

const rows = routes.flatMap(({ prefix, rows: all }) => all.map((row) => ({ prefix, row })));

describe('the OpenAPI document', () => {
  let site: Site;
  let document: OpenApi;
  beforeAll(async () => {
    site = await startSite();
    document = (await site.call('/openapi.json')).json();
  });
  afterAll(() => site.stop());

  const everyRef = (json: Json): string[] => {
    if (typeof json !== 'object' || json === null) return [];
    return Object.entries(json).flatMap(([key, value]) => (key === '$ref' ? [String(value)] : everyRef(value as Json)));
  };

  test('names its version of the standard, and this server', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers[0]?.url).toBe(site.url);
  });

  test('has every route of the API and of the dashboard, and no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const mounted = [
      ...rows.map(({ prefix, row }) => `${row.method} ${prefix}${row.path}`),
      ...panel.rows.map(({ method, path }) => `${method} ${panel.prefix}${path}`),
    ];
    expect(described.sort()).toEqual(mounted.sort());
  });

  test('refers only to what it holds, and declares every parameter of its paths', () => {
    const refs = everyRef(document as unknown as Json);
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) expect(Object.keys(document.components.schemas)).toContain(ref.split('/').at(-1));
    for (const [path, methods] of Object.entries(document.paths))
      for (const operation of Object.values(methods)) {
        const inPath = operation.parameters.filter((p) => p.in === 'path').map((p) => p.name);
        expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]));
      }
  });

  test('gives every operation its own id, and the token where one is needed', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map((o) => o.operationId)).size).toBe(operations.length);
    expect(document.paths['/api/v1/device']?.get?.security).toEqual([{ token: [] }]);
    expect(document.paths['/health/live']?.get?.security).toEqual([]);
    expect(document.paths['/api/panel/me']?.get?.security).toEqual([{ session: [] }]);
    expect(document.paths['/api/panel/sign-in']?.post?.security).toEqual([]);
  });

  test('tells each answer by an example that its schema takes', () => {
    for (const { row } of rows)
      for (const { schema, example } of Object.values(row.answers)) expect(schema.parse(example)).toEqual(example);
  });

  test('tells each request by an example that its schema takes', () => {
    for (const { row } of rows) if (row.body) expect(row.body.safeParse(row.examples?.body).success).toBe(true);
  });

  test('renders the whole table of ways to fail, and no example with a hole in it', () => {
    expect(document['x-failures']).toEqual(
      Object.entries(failures).map(([code, [status, message]]) => ({ status, code, message })),
    );
    const shown = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap((o) =>
        Object.values(o.responses).flatMap((r) =>
          Object.values(r.content['application/json']?.examples ?? {}).map(({ value }) => value as { message: string }),
        ),
      ),
    );
    expect(shown.length).toBeGreaterThan(30);
    for (const { message } of shown) expect(message).not.toMatch(/[{}]/);
  });

  test('that is checked in is the one that the code makes', () => {
    const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
    const { version } = read('package.json');
    expect(read('openapi.json')).toEqual(JSON.parse(JSON.stringify(describeApi(routes, { version, url: '/' }))));
  });
});

describe('the reference page', () => {
  test('shows every route with its command, and the table of errors, without a script or anything from elsewhere', async () => {
    const site = await startSite({ PUBLIC_URL: 'https://wa.example.com' });
    const { text, headers } = await site.call('/docs/reference');
    await site.stop();
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const { prefix, row } of rows) {
      expect(text).toContain(`id="${row.operation.id}"`);
      expect(text).toContain(
        `curl -X ${row.method} &quot;https://wa.example.com${prefix}${row.path.replace('{id}', '1')}`,
      );
    }
    expect(text).not.toContain('/api/panel');
    for (const code of Object.keys(failures)) expect(text).toContain(`<code>${code}</code>`);
    expect(text).not.toMatch(/<script|style=|onclick|src=/);
    expect([...text.matchAll(/href="([^"#][^"]*)"/g)].map((m) => m[1]?.[0])).toEqual(expect.arrayContaining(['/']));
    expect(text).not.toMatch(/href="https?:/);
  });

  test('has its style sheet', async () => {
    const site = await startSite();
    const css = await site.call('/assets/wagate.css');
    await site.stop();
    expect([css.status, css.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(css.text).toContain('color-scheme: light dark');
  });
});
