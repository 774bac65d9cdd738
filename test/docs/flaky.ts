import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A door before the gateway that loses what it should not: for each Idempotency-Key the first request is passed on and its answer is
 * replaced by 503, the second is refused with 429; those after pass.
 */
export async function startFlakyDoor(gateway: string) {
  const seen = new Map<string, number>();
  const server = createServer((given, answer) => {
    const key = String(given.headers['idempotency-key'] ?? '');
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    const refuse = (status: number) =>
      answer
        .writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': '1' })
        .end('{"success":false,"message":"lost"}');
    if (times === 2) {
      given.resume();
      refuse(429);
      return;
    }
    const passed = request(
      new URL(given.url ?? '/', gateway),
      { method: given.method, headers: { ...given.headers, host: new URL(gateway).host } },
      (came) => {
        if (times === 1) came.resume().on('end', () => refuse(503));
        else came.pipe(answer.writeHead(came.statusCode ?? 500, came.headers));
      },
    );
    passed.on('error', (error) => answer.destroy(error));
    given.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timesOf: (key: string) => seen.get(key) ?? 0,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
