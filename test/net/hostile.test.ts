import { describe, expect, it, onTestFinished } from 'vitest';
import { isFailure } from '../../src/base/errors.ts';
import type { Connector, Target } from '../../src/net/connect.ts';
import { createEgress, type Egress, type EgressOptions } from '../../src/net/egress.ts';
import { Unreachable } from '../../src/net/reasons.ts';
import { tell } from '../security/figures.ts';
import { answers, hostileUrls } from './hostile-urls.ts';
import { bytesOf, canary, loopbackEgress, serve } from './loopback.ts';

const ports = [80, 443, 8080, 8443];
const hostile = Object.entries(hostileUrls).flatMap(([trick, urls]) => urls.map((url) => ({ trick, url })));

/** An egress that writes down where it would connect, and never does. */
function recording(options: Partial<EgressOptions> = {}) {
  const targets: Target[] = [];
  const connector: Connector = (target, callback) => {
    targets.push(target);
    callback(Object.assign(new Error('only recorded'), { code: 'ECONNREFUSED' }), null);
  };
  const lookup = async (host: string) => answers[host.replace(/\.$/, '')] ?? ['127.0.0.1'];
  const egress = createEgress({ allowHttp: true, ports, allow: [], lookup, connector, ...options });
  onTestFinished(() => egress.stop());
  return { egress, targets };
}

const ways: Readonly<Record<string, (egress: Egress, url: string) => Promise<unknown>>> = {
  media: (egress, url) => egress.fetch(url, { maxBytes: 1_000, timeoutMs: 5_000 }),
  webhook: (egress, url) => egress.post(url, { headers: {}, body: '{}', timeoutMs: 5_000 }),
};

describe.each(Object.entries(ways))('%s to a hostile URL', (_name, go) => {
  it.each(hostile)('connects nowhere: $trick, $url', async ({ url }) => {
    const { egress, targets } = recording();
    const error = await go(egress, url).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(
      isFailure(error, 'validation_failed') || isFailure(error, 'media_unreachable') || error instanceof Unreachable,
    ).toBe(true);
    expect(targets).toEqual([]);
  });

  it('would connect to a harmless one: the recorder does record', async () => {
    const { egress, targets } = recording();
    await expect(go(egress, 'https://public.attack.example/file.pdf')).rejects.toThrow('ECONNREFUSED');
    expect(targets).toMatchObject([
      { hostname: 'public.attack.example', addresses: ['93.184.215.14'], protocol: 'https:' },
    ]);
  });

  it('connects only to the address that was checked, whatever the name answers next', async () => {
    const turns = [['93.184.215.14'], ['127.0.0.1'], ['93.184.215.14'], ['10.0.0.1']];
    let asked = 0;
    const { egress, targets } = recording({ lookup: async () => turns[asked++] ?? [] });
    const told: unknown[] = [];
    for (const _ of turns)
      await go(egress, 'http://rebinding.attack.example/').catch((error: Error) => told.push(error.message));
    expect(asked).toBe(4);
    expect(targets.map(({ addresses }) => addresses)).toEqual([['93.184.215.14'], ['93.184.215.14']]);
    expect(told.map((text) => String(text).split(': ').at(-1))).toEqual([
      'connect ECONNREFUSED rebinding.attack.example',
      'address not allowed',
      'connect ECONNREFUSED rebinding.attack.example',
      'address not allowed',
    ]);
  });
});

describe('the corpus', () => {
  it('has at least 150 different URLs', () => {
    expect(new Set(hostile.map(({ url }) => url)).size).toBe(hostile.length);
    expect(hostile.length).toBeGreaterThanOrEqual(150);
    tell('hostile URLs × media, webhook', `${hostile.length} × ${Object.keys(ways).length}`);
  });

  it('is refused on a field of the request where the URL itself is wrong', async () => {
    const { egress } = recording();
    for (const url of [
      'file:///etc/passwd',
      'data:text/html,x',
      'blob:http://127.0.0.1/x',
      '/etc/passwd',
      'http://a@b.example/',
      'http://b.example:22/',
    ]) {
      const error = await egress.fetch(url, { maxBytes: 1, timeoutMs: 1 }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'validation_failed',
        status: 422,
        errors: { media_url: [expect.stringMatching(/^media_url must /)] },
      });
    }
  });

  it('is refused over http where only https is allowed', () => {
    const { egress } = recording({ allowHttp: false });
    expect(() => egress.check('http://public.attack.example/', 'url')).toThrow('url must begin with https://');
    expect(egress.check('https://public.attack.example/', 'url').hostname).toBe('public.attack.example');
  });
});

describe('real sockets on the loopback', () => {
  const forms = (port: number) =>
    [
      '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0x7f.1', '127.0.0.1.', '１２７.０.０.１', '[::1]', '[::ffff:127.0.0.1]', '[::127.0.0.1]',
      '0.0.0.0', '0', '[::]', 'localhost', 'localhost.', 'name.attack.example',
    ].map((host) => `http://${host}:${port}/`); // biome-ignore format: a list of hosts

  it('stay shut: nobody knocks at the canaries', async () => {
    const [four, six] = [await canary('127.0.0.1'), await canary('::1')];
    const egress = createEgress({
      allowHttp: true,
      ports: [four.port, six.port],
      allow: [],
      lookup: async () => ['127.0.0.1', '::1'],
    });
    onTestFinished(() => egress.stop());
    for (const url of [...forms(four.port), ...forms(six.port)])
      for (const go of Object.values(ways)) await expect(go(egress, url)).rejects.toThrow('address not allowed');
    expect([four.visitors(), six.visitors()]).toEqual([0, 0]);
    // A canary that hears nothing at all would prove nothing.
    const open = createEgress({ allowHttp: true, ports: [four.port], allow: ['127.0.0.1/32'], lookup: async () => [] });
    const gone = new AbortController();
    const limits = { maxBytes: 1, timeoutMs: 5_000, signal: gone.signal };
    const asked = open.fetch(`http://127.0.0.1:${four.port}/`, limits).catch((thrown: unknown) => thrown);
    await expect.poll(four.visitors).toBe(1);
    gone.abort(new Error('enough'));
    expect(await asked).toMatchObject({ message: 'enough' });
    await open.stop();
  });

  it.each([
    ['a private address', (port: number) => `http://10.0.0.1:${port}/`],
    ['the loopback in other words', (port: number) => `http://2130706434:${port}/`],
    ['IPv6 of this host', (port: number) => `http://[::1]:${port}/`],
    ['a name that leads inside', (port: number) => `http://inside.attack.example:${port}/`],
    ['a file', () => 'file:///etc/passwd'],
    ['a data URL', () => 'data:image/png;base64,AAAA'],
    ['a port that is not for files', () => 'http://127.0.0.1:22/'],
    ['a user name', (port: number) => `http://user@127.0.0.1:${port}/`],
  ])('are not opened by a redirect to %s', async (_what, to) => {
    const listener = await canary('::1');
    let hits = 0;
    const server = await serve((_request, response) => {
      hits++;
      response.writeHead(302, { location: to(listener.port) }).end('see there');
    });
    const egress = loopbackEgress({
      allow: ['127.0.0.1/32'],
      ports: [server.port, listener.port],
      lookup: async () => ['10.1.2.3'],
    });
    const error = await egress
      .fetch(server.url, { maxBytes: 1_000, timeoutMs: 5_000 })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'media_unreachable',
      facts: { reason: expect.stringMatching(/address not allowed$/) },
    });
    expect([hits, listener.visitors()]).toEqual([1, 0]);
  });

  it('are opened where the deployment allows the network', async () => {
    const server = await serve((_request, response) => response.end('home'));
    const egress = loopbackEgress({ ports: [server.port] });
    for (const host of ['127.0.0.1', '2130706433', 'nas.example']) {
      const { body } = await egress.fetch(`http://${host}:${server.port}/`, { maxBytes: 10, timeoutMs: 5_000 });
      expect((await bytesOf(body)).toString()).toBe('home');
    }
  });
});
