import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { type Config, readConfig } from '../../../src/base/config.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { createLog } from '../../../src/base/log.ts';
import { createServer, type ServerParts } from '../../../src/http/server.ts';
import { createFakeGateway, TOKEN } from './fake-gateway.ts';

/** A clock whose hands the test moves; sleeping is real, and written down. */
export function createHandClock(): Clock & { advance(ms: number): void; readonly slept: readonly number[] } {
  let ahead = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: (ms, signal) => {
      slept.push(ms);
      return systemClock.sleep(ms, signal);
    },
    after: systemClock.after,
    advance: (ms) => {
      ahead += ms;
    },
  };
}

/** The HTTP surface on a port of its own, with a fake gateway behind it. */
export async function startSite(config: Partial<Config> = {}, more: Pick<ServerParts, 'dashboardFolder'> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'wagate-http-'));
  const gateway = createFakeGateway();
  const clock = createHandClock();
  const lines: string[] = [];
  const server = await createServer({
    config: { ...readConfig({ PORT: '0', DATA_DIR: folder }), ...config },
    log: createLog('info', { write: (line) => lines.push(line) }),
    clock,
    random: systemRandom,
    ...gateway,
    ...more,
  });
  const url = (await server.listen()).replace(/\/$/, '');

  const call = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { Authorization: `Bearer ${TOKEN}`, ...init.headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };

  return {
    url,
    gateway,
    clock,
    server,
    lines,
    call,
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      call(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', ...headers },
      }),
    uploadsLeft: async () => (await readdir(join(folder, 'http-uploads')).catch(() => [])).length,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Site = Awaited<ReturnType<typeof startSite>>;
