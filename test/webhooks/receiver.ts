import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** `webhook-id`. */
  readonly id: string;
  readonly json: { readonly type: string; readonly data: Record<string, unknown> };
}

/** What the receiver does with a request, the n-th of its path (from 1). Answers 200 unless it says otherwise. */
export type Manner = (response: ServerResponse, received: Received, nth: number) => void;

/** A customer's server that webhooks are posted to, on the loopback: it keeps all that came. */
export async function startReceiver() {
  const received: Received[] = [];
  const manners = new Map<string, Manner>();
  const counts = new Map<string, number>();
  const waiting = new Set<() => void>();

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '/';
      const body = Buffer.concat(chunks).toString();
      const one: Received = {
        path,
        headers: request.headers,
        body,
        id: String(request.headers['webhook-id'] ?? ''),
        json: body === '' ? { type: '', data: {} } : JSON.parse(body),
      };
      received.push(one);
      const nth = (counts.get(path) ?? 0) + 1;
      counts.set(path, nth);
      const manner = manners.get(path);
      if (manner) manner(response, one, nth);
      else response.writeHead(200).end('ok');
      for (const look of [...waiting]) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const at = (path: string) => received.filter((one) => one.path === path);
  return {
    port,
    received,
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    at,
    behave(path: string, manner: Manner) {
      manners.set(path, manner);
    },
    /** Resolves when what came satisfies the condition; else names what was awaited. */
    until(condition: () => boolean, what: string, ms = 20_000): Promise<void> {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`waited ${ms} ms for ${what}; ${received.length} requests came`));
        }, ms);
        waiting.add(look);
        look();
      });
    },
    /** The n-th request of a path. */
    async nth(path: string, n: number): Promise<Received> {
      await this.until(() => at(path).length >= n, `request ${n} at ${path}`);
      const found = at(path)[n - 1];
      if (found === undefined) throw new Error('no such request');
      return found;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

export const answering =
  (status: number, headers: Record<string, string> = {}, body = ''): Manner =>
  (response) =>
    response.writeHead(status, headers).end(body);
