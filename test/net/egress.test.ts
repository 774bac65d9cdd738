import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { mediaAuthority } from '../../simulator/authority.ts';
import { openStore } from '../../simulator/store.ts';
import { socketConnector } from '../../src/net/connect.ts';
import type { FetchOptions } from '../../src/net/egress.ts';
import { Unreachable } from '../../src/net/reasons.ts';
import { bytesOf, closedPort, handClock, loopbackEgress, serve } from './loopback.ts';

const limits: FetchOptions = { maxBytes: 1_000, timeoutMs: 30_000 };
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
const unreachable = (reason: string) =>
  expect.objectContaining({
    code: 'media_unreachable',
    status: 400,
    message: `Failed to download media from URL: ${reason}`,
  });

describe('a download', () => {
  it('streams the body and tells what the headers said', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png', 'content-disposition': 'attachment; filename="a.png"' });
      response.write('one ');
      response.end('two');
    });
    const download = await loopbackEgress({ ports: [server.port] }).fetch(`${server.url}/a`, limits);
    expect(download).toMatchObject({
      url: `${server.url}/a`,
      contentType: 'image/png',
      contentDisposition: 'attachment; filename="a.png"',
      length: null,
    });
    expect((await bytesOf(download.body)).toString()).toBe('one two');
  });

  it('asks for no compression, brings no cookie and no credentials', async () => {
    let sent: IncomingHttpHeaders = {};
    const server = await serve(({ headers }, response) => {
      sent = headers;
      response.end('x');
    });
    const { body } = await loopbackEgress({ ports: [server.port] }).fetch(server.url, limits);
    await bytesOf(body);
    expect(sent['accept-encoding']).toBe('identity');
    expect(Object.keys(sent).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
  });

  it('does not unpack what comes compressed all the same', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000)));
    });
    const asked = loopbackEgress({ ports: [server.port] }).fetch(server.url, limits);
    expect(await thrownBy(asked)).toEqual(unreachable('compressed answer'));
  });

  it.each([404, 403, 500, 204, 206, 304, 401])(
    'is refused with HTTP %i, without the words of the answer',
    async (status) => {
      const server = await serve((_request, response) => response.writeHead(status).end());
      const error = await thrownBy(loopbackEgress({ ports: [server.port] }).fetch(server.url, limits));
      expect(error).toEqual(unreachable(`HTTP ${status}`));
    },
  );

  it('never shows what the answer said', async () => {
    const server = await serve((_request, response) =>
      response.writeHead(500, 'secret phrase', { 'x-secret': 'secret header' }).end('secret body'),
    );
    const error = await thrownBy(loopbackEgress({ ports: [server.port] }).fetch(server.url, limits));
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });
});

describe('redirects', () => {
  /** `/n` leads to `/n-1`, and `/0` is the file. */
  const chain = () =>
    serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('file');
      else response.writeHead([301, 302, 303, 307, 308][left % 5] ?? 302, { location: `/${left - 1}` }).end('moved');
    });

  it('are followed three times', async () => {
    const server = await chain();
    const download = await loopbackEgress({ ports: [server.port] }).fetch(`${server.url}/3`, limits);
    expect(download.url).toBe(`${server.url}/0`);
    expect((await bytesOf(download.body)).toString()).toBe('file');
  });

  it('are not followed a fourth time', async () => {
    const server = await chain();
    const asked = loopbackEgress({ ports: [server.port] }).fetch(`${server.url}/4`, limits);
    expect(await thrownBy(asked)).toEqual(unreachable('too many redirects'));
  });

  it('that lead nowhere are an HTTP status', async () => {
    const server = await serve((_request, response) => response.writeHead(302).end());
    const asked = loopbackEgress({ ports: [server.port] }).fetch(server.url, limits);
    expect(await thrownBy(asked)).toEqual(unreachable('HTTP 302'));
  });
});

describe('TLS', () => {
  const { ca, cert, key } = mediaAuthority(openStore(undefined));
  const pem = { cert, key };

  it('downloads over https from whom it trusts', async () => {
    const server = await serve((_request, response) => response.end('safe'), pem);
    const egress = loopbackEgress({ ports: [server.port], connector: socketConnector({ ca }) });
    const { body } = await egress.fetch(`https://localhost:${server.port}/`, limits);
    expect((await bytesOf(body)).toString()).toBe('safe');
  });

  it('is not left by a redirect to http', async () => {
    let hits = 0;
    const plain = await serve((_request, response) => {
      hits++;
      response.end('plain');
    });
    const server = await serve((_request, response) => response.writeHead(302, { location: plain.url }).end(), pem);
    const egress = loopbackEgress({
      ports: [server.port, plain.port],
      connector: socketConnector({ ca }),
    });
    const asked = egress.fetch(`https://localhost:${server.port}/`, limits);
    expect(await thrownBy(asked)).toEqual(unreachable('redirect from https to http'));
    expect(hits).toBe(0);
  });

  it('says what is wrong with a certificate', async () => {
    const server = await serve((_request, response) => response.end(), pem);
    const strict = loopbackEgress({ ports: [server.port] });
    const trusting = loopbackEgress({ ports: [server.port], connector: socketConnector({ ca }) });
    const plain = await serve((_request, response) => response.end());
    const wrong = loopbackEgress({ ports: [plain.port] });
    expect(await thrownBy(strict.fetch(`https://localhost:${server.port}/`, limits))).toEqual(
      unreachable('TLS certificate is not trusted'),
    );
    expect(await thrownBy(trusting.fetch(`https://other.example:${server.port}/`, limits))).toEqual(
      unreachable('TLS certificate is for another host'),
    );
    expect(await thrownBy(wrong.fetch(`https://localhost:${plain.port}/`, limits))).toEqual(
      unreachable('TLS handshake failed'),
    );
  });
});

describe('who can not be reached', () => {
  const failing = (code: string) => async () => {
    throw Object.assign(new Error(`queryA ${code} and more`), { code });
  };

  it.each([
    ['ENOTFOUND', 'connect ENOTFOUND example.com'],
    ['ENODATA', 'connect ENOTFOUND example.com'],
    ['ESERVFAIL', 'connect EAI_AGAIN example.com'],
    ['ETIMEOUT', 'connect EAI_AGAIN example.com'],
  ])('by a name server that says %s', async (code, reason) => {
    const asked = loopbackEgress({ ports: [443], lookup: failing(code) }).fetch(
      'https://example.com/photo.jpg',
      limits,
    );
    expect(await thrownBy(asked)).toEqual(unreachable(reason));
  });

  it('by a name without addresses', async () => {
    const asked = loopbackEgress({ ports: [443], lookup: async () => [] }).fetch('https://unknown.invalid/', limits);
    expect(await thrownBy(asked)).toEqual(unreachable('connect ENOTFOUND unknown.invalid'));
  });

  it('because nobody listens: the host as the user wrote it, never its address', async () => {
    const port = await closedPort();
    const asked = loopbackEgress({ ports: [port] }).fetch(`http://files.example:${port}/`, limits);
    expect(await thrownBy(asked)).toEqual(unreachable('connect ECONNREFUSED files.example'));
  });

  it('behind a redirect, told under the name that the user knows', async () => {
    const port = await closedPort();
    const server = await serve((_request, response) =>
      response.writeHead(302, { location: `http://inner.example:${port}/` }).end(),
    );
    const asked = loopbackEgress({ ports: [server.port, port] }).fetch(`http://outer.example:${server.port}/`, limits);
    expect(await thrownBy(asked)).toEqual(unreachable('connect ECONNREFUSED outer.example'));
  });

  it.each([
    ['closes at once', (response: ServerResponse) => response.socket?.destroy(), 'connection closed early'],
    ['speaks no HTTP', (response: ServerResponse) => response.socket?.end('SSH-2.0-OpenSSH\r\n'), 'not an HTTP answer'],
    [
      'sends endless headers',
      (response: ServerResponse) => response.writeHead(200, { x: 'x'.repeat(40_000) }).end(),
      'HTTP headers too large',
    ],
  ])('because the server %s', async (_what, behave, reason) => {
    const server = await serve((_request, response) => behave(response));
    const asked = loopbackEgress({ ports: [server.port] }).fetch(server.url, limits);
    expect(await thrownBy(asked)).toEqual(unreachable(reason));
  });
});

describe('time and size', () => {
  it('gives up on a name server that does not answer', async () => {
    const clock = handClock();
    const asked = loopbackEgress({ ports: [443], clock, lookup: () => new Promise(() => undefined) }).fetch(
      'https://slow.example/',
      limits,
    );
    await expect.poll(clock.waiting).toEqual([5_000, 10_000, 30_000]);
    clock.pass(5_000);
    expect(await thrownBy(asked)).toEqual(unreachable('connect EAI_AGAIN slow.example'));
    expect(clock.waiting()).toEqual([]);
  });

  it('gives up on a connection that is not made', async () => {
    const clock = handClock();
    const asked = loopbackEgress({ ports: [443], clock, connector: () => undefined }).fetch(
      'https://slow.example/',
      limits,
    );
    await expect.poll(clock.waiting).toEqual([10_000, 30_000]);
    clock.pass(10_000);
    expect(await thrownBy(asked)).toEqual(unreachable('timed out after 10 seconds'));
  });

  it('gives up on headers that do not come', async () => {
    const clock = handClock();
    const arrived = Promise.withResolvers<void>();
    const server = await serve(() => arrived.resolve());
    const asked = loopbackEgress({ ports: [server.port], clock }).fetch(server.url, limits);
    await arrived.promise;
    clock.pass(10_000);
    expect(await thrownBy(asked)).toEqual(unreachable('timed out after 10 seconds'));
    expect(clock.waiting()).toEqual([]);
  });

  it('gives up on a body that takes longer than the whole may take', async () => {
    const clock = handClock();
    const closed = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response.on('close', closed.resolve).writeHead(200).write('a beginning');
    });
    const { body } = await loopbackEgress({ ports: [server.port], clock }).fetch(server.url, limits);
    const read = body[Symbol.asyncIterator]();
    expect((await read.next()).value).toEqual(Buffer.from('a beginning'));
    const more = read.next();
    clock.pass(30_000);
    expect(await thrownBy(more)).toEqual(unreachable('timed out after 30 seconds'));
    await closed.promise;
    expect(clock.waiting()).toEqual([]);
  });

  it('ends the download when nobody reads it in time', async () => {
    const clock = handClock();
    const closed = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response.on('close', closed.resolve).writeHead(200).write('a beginning');
    });
    await loopbackEgress({ ports: [server.port], clock }).fetch(server.url, limits);
    clock.pass(30_000);
    await closed.promise;
  });

  it('refuses a header that says too much, before the body', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response
        .on('close', closed.resolve)
        .writeHead(200, { 'content-length': 100 * 2 ** 20 + 1 })
        .write('x');
    });
    const asked = loopbackEgress({ ports: [server.port] }).fetch(server.url, { ...limits, maxBytes: 100 * 2 ** 20 });
    expect(await thrownBy(asked)).toEqual(unreachable('larger than 100 MB'));
    await closed.promise;
  });

  it('counts, whatever the header said', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response.on('close', closed.resolve).writeHead(200); // chunked: no length is told
      const flood = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    });
    const { body, length } = await loopbackEgress({ ports: [server.port] }).fetch(server.url, {
      ...limits,
      maxBytes: 50_000,
    });
    expect(length).toBe(null);
    expect(await thrownBy(bytesOf(body))).toEqual(unreachable('larger than 48.8 KB'));
    await closed.promise;
  });

  it('takes a body of exactly the limit', async () => {
    const server = await serve((_request, response) => response.end(Buffer.alloc(1_000)));
    const { body } = await loopbackEgress({ ports: [server.port] }).fetch(server.url, limits);
    expect((await bytesOf(body)).length).toBe(1_000);
  });

  it('takes a body that breaks off for no body', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });
    const { body } = await loopbackEgress({ ports: [server.port] }).fetch(server.url, limits);
    expect(await thrownBy(bytesOf(body))).toEqual(unreachable('connection closed early'));
  });
});

describe('ending', () => {
  it('follows the caller’s signal, before and during the body', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/body') response.writeHead(200).write('x');
    });
    const egress = loopbackEgress({ ports: [server.port] });
    const reason = new Error('gone');
    expect(await thrownBy(egress.fetch(server.url, { ...limits, signal: AbortSignal.abort(reason) }))).toBe(reason);
    const before = new AbortController();
    const asked = thrownBy(egress.fetch(server.url, { ...limits, signal: before.signal }));
    before.abort(reason);
    expect(await asked).toBe(reason);
    const during = new AbortController();
    const { body } = await egress.fetch(`${server.url}/body`, { ...limits, signal: during.signal });
    const read = body[Symbol.asyncIterator]();
    await read.next();
    const more = thrownBy(read.next());
    during.abort(reason);
    expect(await more).toBe(reason);
  });

  it('closes the connection when the reader stops or cancels', async () => {
    let open = 0;
    const server = await serve((_request, response) => {
      open++;
      response
        .on('close', () => open--)
        .writeHead(200)
        .write('x');
    });
    const egress = loopbackEgress({ ports: [server.port] });
    const first = await egress.fetch(server.url, limits);
    const second = await egress.fetch(server.url, limits);
    expect(open).toBe(2);
    for await (const _ of first.body) break;
    second.cancel();
    await expect.poll(() => open).toBe(0);
  });

  it('by stop() is the server’s matter, not the URL’s', async () => {
    const arrived = Promise.withResolvers<void>();
    const server = await serve(() => arrived.resolve());
    const egress = loopbackEgress({ ports: [server.port] });
    const asked = thrownBy(egress.fetch(server.url, limits));
    await arrived.promise;
    await egress.stop();
    expect(await asked).toMatchObject({ code: 'temporarily_unavailable', retryAfter: 5 });
  });
});

describe('a webhook', () => {
  const post = {
    headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
    body: '{"a":1}',
    timeoutMs: 15_000,
  };

  it('is delivered with its headers and body, and its answer told', async () => {
    let got: { method?: string | undefined; id?: unknown; body: string } = { body: '' };
    const server = await serve(async (request, response) => {
      got = { method: request.method, id: request.headers['webhook-id'], body: (await bytesOf(request)).toString() };
      response.writeHead(503, { 'retry-after': '120' }).end('later');
    });
    const answer = await loopbackEgress({ ports: [server.port] }).post(server.url, post);
    expect(got).toEqual({ method: 'POST', id: 'msg_1', body: '{"a":1}' });
    expect(answer).toEqual({ status: 503, retryAfter: '120', body: 'later' });
  });

  it('follows no redirect', async () => {
    let hits = 0;
    const server = await serve((_request, response) => {
      hits++;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await loopbackEgress({ ports: [server.port] }).post(server.url, post)).toMatchObject({ status: 307 });
    expect(hits).toBe(1);
  });

  it('reads 8 KB of an answer and no more', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200);
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(4_000)));
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
      once(response, 'close').finally(() => response.removeAllListeners());
    });
    const { body } = await loopbackEgress({ ports: [server.port] }).post(server.url, post);
    expect(body).toBe('x'.repeat(8_192));
  });

  it('that can not be delivered says why in a few words', async () => {
    const port = await closedPort();
    const egress = loopbackEgress({ ports: [port] });
    const said = async (url: string) => {
      const error = await thrownBy(egress.post(url, post));
      return error instanceof Unreachable ? error.reason : error;
    };
    expect(await said(`http://hooks.example:${port}/`)).toBe('connect ECONNREFUSED hooks.example');
    expect(await said(`http://10.0.0.1:${port}/`)).toBe('address not allowed');
    expect(await said('ftp://hooks.example/')).toBe('URL must begin with https:// or http://');
    expect(await said('hooks')).toBe('URL must be complete');
  });

  it('that is answered too slowly is given up', async () => {
    const clock = handClock();
    const arrived = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response.writeHead(200).write('x');
      arrived.resolve();
    });
    const asked = thrownBy(loopbackEgress({ ports: [server.port], clock }).post(server.url, post));
    await arrived.promise;
    await expect.poll(clock.waiting).toEqual([15_000]);
    clock.pass(15_000);
    expect(await asked).toMatchObject({ reason: 'timed out after 15 seconds' });
  });
});
