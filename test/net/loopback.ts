import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { createEgress, type EgressOptions } from '../../src/net/egress.ts';

/** An HTTP server on 127.0.0.1 for one test. `tls`: PEM of key and certificate. */
export async function serve(handler: RequestListener, tls?: { readonly key: string; readonly cert: string }) {
  const server = tls ? createTlsServer(tls, handler) : createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}` };
}

/** Counts whoever comes in and says nothing. */
export async function canary(host: string) {
  let visitors = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    visitors++;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, visitors: () => visitors };
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An egress that may reach the loopback, on the given ports. */
export function loopbackEgress(options: Partial<EgressOptions> & { readonly ports: readonly number[] }) {
  const egress = createEgress({
    allowHttp: true,
    allow: ['127.0.0.0/8'],
    lookup: async () => ['127.0.0.1'],
    ...options,
  });
  onTestFinished(() => egress.stop());
  return egress;
}

/** Time that passes only by hand. `waiting()` tells which sleeps are set, in milliseconds from their beginning. */
export function handClock() {
  let now = 0;
  const sleeps = new Set<{ readonly ms: number; readonly at: number; readonly wake: () => void }>();
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleep = {
          ms,
          at: now + ms,
          wake: () => {
            sleeps.delete(sleep);
            resolve();
          },
        };
        sleeps.add(sleep);
        signal?.addEventListener(
          'abort',
          () => {
            if (sleeps.delete(sleep)) reject(signal.reason);
          },
          { once: true },
        );
      }),
    after: (ms, work) => {
      const sleep = {
        ms,
        at: now + ms,
        wake: () => {
          sleeps.delete(sleep);
          work();
        },
      };
      sleeps.add(sleep);
      return () => sleeps.delete(sleep);
    },
  };
  return {
    ...clock,
    waiting: () => [...sleeps].map(({ ms }) => ms).sort((a, b) => a - b),
    pass(ms: number) {
      now += ms;
      for (const sleep of [...sleeps].sort((a, b) => a.at - b.at)) if (sleep.at <= now) sleep.wake();
    },
  };
}

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
