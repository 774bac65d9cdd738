import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { openBell } from '../../src/store/bell.ts';
import { postgresPlace } from '../support/databases.ts';

const server = inject('postgresUrl');

/** A way to the server that can fall silent, as it does when the machine behind it is gone: nothing comes, and nothing is closed. */
async function silentWay(url: string) {
  const to = new URL(url);
  const folder = to.searchParams.get('host');
  const port = Number(to.port || 5432);
  const open = new Set<Socket>();
  const way = createServer((near) => {
    const far = folder === null ? connect(port, to.hostname) : connect(join(folder, `.s.PGSQL.${port}`));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('data', (bytes) => other.write(bytes));
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    way.close();
  });
  to.searchParams.delete('host');
  to.hostname = '127.0.0.1';
  to.port = String((way.address() as AddressInfo).port);
  return {
    url: to.href,
    fallSilent() {
      for (const socket of open) socket.pause();
    },
  };
}

describe.skipIf(server === undefined)('the bell between nodes', () => {
  test('is heard again after its server fell silent without a word', async () => {
    const { url = '' } = await postgresPlace(server ?? '');
    const way = await silentWay(url);
    const hearer = openBell({ url: way.url, node: 'hearer' });
    const ringer = openBell({ url, node: 'ringer' });
    onTestFinished(async () => {
      await hearer.close();
      await ringer.close();
    });
    const heard: unknown[] = [];
    const troubles: string[] = [];
    let gaps = 0;
    hearer.listen(
      (item) => heard.push(item),
      () => (gaps += 1),
      (error) => troubles.push(error.message),
    );
    ringer.listen(
      () => undefined,
      () => undefined,
      () => undefined,
    );
    await expect.poll(() => gaps).toBe(1);
    ringer.ring(['before']);
    await expect.poll(() => heard).toEqual([['before']]);

    way.fallSilent();
    await expect.poll(() => gaps).toBe(2);
    expect(troubles).toHaveLength(1);
    ringer.ring(['after']);
    await expect.poll(() => heard).toEqual([['before'], ['after']]);
  });

  test('rings on after the server refused once, with what waited meanwhile', async () => {
    const { url = '' } = await postgresPlace(server ?? '');
    const hearer = openBell({ url, node: 'hearer' });
    const ringer = openBell({ url, node: 'ringer' });
    onTestFinished(async () => {
      await hearer.close();
      await ringer.close();
    });
    const heard: unknown[] = [];
    let gaps = 0;
    for (const bell of [hearer, ringer])
      bell.listen(
        (item) => heard.push(item),
        () => (gaps += 1),
        () => undefined,
      );
    await expect.poll(() => gaps).toBe(2);
    // PostgreSQL takes less than 8,000 bytes in one.
    ringer.ring(['x'.repeat(9_000)]);
    await Promise.resolve();
    ringer.ring(['while it is refused']);
    ringer.ring(['this, too']);
    await expect.poll(() => heard).toEqual([['while it is refused'], ['this, too']]);
  });
});
