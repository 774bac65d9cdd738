import { fastify as createFastify } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { describe as describeApi } from '../../src/http/docs/openapi.ts';
import { referencePage } from '../../src/http/docs/reference.ts';
import { mountDocs } from '../../src/http/docs/routes.ts';
import { routes } from '../../src/http/routes.ts';

test('the API is described once, for whatever host it is asked under, and each is told its own', async () => {
  let described = 0;
  const fastify = createFastify();
  onTestFinished(() => fastify.close());
  await mountDocs(fastify, {
    config: { PUBLIC_URL: undefined, APP_VERSION: '1.2.3' },
    describeApi: (...given) => {
      described += 1;
      return describeApi(...given);
    },
  });
  const hosts = [
    'wa.example.com',
    '10.0.0.7:3000',
    'a"\\b',
    '<script>',
    "o'clock&",
    '$&',
    ...Array.from({ length: 50 }, (_, nth) => `host-${nth}`),
  ];
  for (const host of hosts) {
    const url = `http://${host}`;
    const document = await fastify.inject({ url: '/openapi.json', headers: { host } });
    expect(document.json().servers).toEqual([{ url, description: 'This server' }]);
    const page = await fastify.inject({ url: '/docs/reference', headers: { host } });
    expect(page.payload).not.toContain('address-of-this-server');
    expect(page.payload).not.toContain('<script>');
  }
  // One of the whole for the document, one without the dashboard for the page.
  expect(described).toBe(2);

  const host = "o'clock&";
  const about = { version: '1.2.3', url: `http://${host}` };
  const headers = { host };
  expect((await fastify.inject({ url: '/openapi.json', headers })).payload).toBe(
    JSON.stringify(describeApi(routes, about)),
  );
  expect((await fastify.inject({ url: '/docs/reference', headers })).payload).toBe(
    referencePage(describeApi(routes, about, null)),
  );
});
