import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What stands before the nodes: asks each for /health/ready, gives requests to those that are ready in turn, and tries the next one when a
 * connection is refused. A request that reached a node is never repeated: only the caller may know that it is safe.
 */
export interface Gate {
  readonly url: string;
  /** Where the nodes listen, dead or alive. */
  use(urls: readonly string[]): void;
  /** Answers that the proxy made itself, since no node gave one. */
  readonly failed: () => number;
  stop(): Promise<void>;
}

const LOOK_MS = 200;

export async function startProxy(): Promise<Gate> {
  let nodes: string[] = [];
  const ready = new Set<string>();
  let next = 0;
  let failed = 0;

  async function look(url: string): Promise<void> {
    const isReady = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) ready.add(url);
    else ready.delete(url);
  }
  const timer = setInterval(() => {
    for (const url of nodes) void look(url);
  }, LOOK_MS);

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const candidates = nodes.filter((url) => ready.has(url));
      const first = next++;
      const order = candidates.map((_, n) => candidates[(first + n) % candidates.length] ?? '');
      pass(incoming, Buffer.concat(chunks), outgoing, order);
    });
  });

  function pass(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse, order: readonly string[]): void {
    const [url, ...others] = order;
    if (url === undefined) {
      failed += 1;
      outgoing.writeHead(502).end('{"message":"no node is ready"}');
      return;
    }
    let connected = false;
    const asked = send(
      `${url}${incoming.url}`,
      { method: incoming.method ?? 'GET', headers: { ...incoming.headers, connection: 'close' }, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      },
    );
    asked.on('socket', (socket) => socket.once('connect', () => (connected = true)));
    asked.on('error', () => {
      ready.delete(url);
      if (!connected) return pass(incoming, body, outgoing, others);
      failed += 1;
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end('{"message":"the node broke off"}');
    });
    asked.end(body);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use(urls) {
      nodes = [...urls];
      for (const url of nodes) void look(url);
    },
    failed: () => failed,
    async stop() {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
