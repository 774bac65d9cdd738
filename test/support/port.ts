import { createServer } from 'node:net';

/**
 * A port that stays free until it is used, some seconds later: below those (32768 and up on Linux) that the system hands out to whoever
 * asks for any, as the tests beside this one do.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error('a hundred ports were taken');
}
