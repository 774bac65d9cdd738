import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNetwork } from '../../simulator/index.ts';
import { readConfig } from '../../src/base/config.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { databaseOf, onPostgres, placeOf } from '../support/own-database.ts';
import { rows } from '../support/rows.ts';

let folder: string;
let app: TestApp | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wagate-doctor-'));
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function examine(env: Readonly<Record<string, string>>) {
  const database = await databaseOf(folder);
  const answer = await doctor({
    config: readConfig({ NODE_ENV: 'test', DATA_DIR: folder, WHATSAPP_URL: 'ws://127.0.0.1:9', ...database, ...env }),
  });
  const findings = answer.data as readonly Finding[];
  const of = (check: string) => {
    const found = findings.find((one) => one.check === check);
    if (found === undefined) throw new Error(`nothing was said of ${check}: ${answer.text}`);
    return found;
  };
  // Whatever fails comes with what to do.
  for (const { ok, todo } of findings) expect(ok).toBe(todo === null);
  return { ...answer, of };
}

describe('the doctor', () => {
  test('names what backups and restores left behind that were cut off, and not those under way', async () => {
    const place = (name: string) => join(folder, name);
    const { pid } = spawnSync(process.execPath, ['--version']);
    const hoursAgo = Date.now() / 1_000 - 2 * 3_600;
    for (const name of ['old.backup.part', 'old.backup.sandbox-part', 'new.backup.part'])
      writeFileSync(place(name), '');
    for (const name of ['old.backup.part', 'old.backup.sandbox-part']) utimesSync(place(name), hoursAgo, hoursAgo);
    for (const name of [`restoring-${pid}`, `restoring-${process.pid}`, 'replaced-20261125000000'])
      mkdirSync(place(name));
    const { of } = await examine({});
    expect(of('leftovers').told.split(': ')[1]?.split(', ').sort()).toEqual(
      ['old.backup.part', 'old.backup.sandbox-part', `restoring-${pid}`].map(place).sort(),
    );
    for (const name of ['old.backup.part', 'old.backup.sandbox-part', `restoring-${pid}`])
      rmSync(place(name), { recursive: true });
    expect((await examine({})).text).not.toMatch(/leftovers/);
  });

  test('finds a sound installation sound, beside a gateway at work', async () => {
    const network = await startNetwork();
    app = await startTestApp({ dataDir: folder, network });
    const { data, text, of } = await examine({ WHATSAPP_URL: network.url });
    // How fast this machine's disk is, while others use it, is not the question here.
    const ailing = (data as readonly Finding[]).filter(({ ok, check }) => !ok && check !== 'sync');
    expect(ailing, text).toEqual([]);
    expect(of('store').told).toMatch(onPostgres() ? /PostgreSQL answers/ : /SQLite answers/);
    expect(of('gateway').told).toMatch(/at work: [\w-]+ \(1 device/);
    expect(of('devices').told).toBe('1 of 1 connected');
    expect(of('whatsapp').told).toMatch(/^127\.0\.0\.1:\d+ can be reached/);
    await app.stop();
    app = undefined;
    await network.stop();

    // Nobody is at work, and WhatsApp is gone.
    const later = await examine({ WHATSAPP_URL: network.url });
    expect(later.ok).toBe(false);
    expect(later.of('gateway')).toMatchObject({ ok: false, todo: expect.stringMatching(/npm start/) });
    expect(later.of('whatsapp')).toMatchObject({ ok: false, told: expect.stringMatching(/ECONNREFUSED/) });
  });

  test('makes and changes nothing: no key, no database, no migration', async () => {
    expect((await examine({})).of('store').told).toMatch(/no database yet/);
    app = await startTestApp({ dataDir: folder, sandbox: true });
    const newest = await app.app.store.version();
    await app.app.stop();
    app = undefined;
    const named = 'migration where name = ?';
    await rows(placeOf(folder), `delete from ${named}`, newest);
    const { of } = await examine({});
    expect(of('store')).toMatchObject({
      ok: false,
      told: expect.stringContaining(newest),
      todo: expect.stringMatching(/migrate/),
    });
    expect(await rows(placeOf(folder), `select name from ${named}`, newest)).toEqual([]);
  });

  test('names a wrong key, an open door without TLS, and a database that is gone', async () => {
    app = await startTestApp({ dataDir: folder, sandbox: true });
    await app.app.stop();
    app = undefined;
    const foreign = await examine({ MASTER_KEY: Buffer.alloc(32, 5).toString('hex') });
    expect(foreign.of('store')).toMatchObject({ ok: false, told: expect.stringMatching(/not the key/) });
    const open = await examine({ HOST: '0.0.0.0' });
    expect(open.of('settings').todo).toMatch(/TLS/);
    const inside = await examine({ HOST: '0.0.0.0', IN_CONTAINER: 'true' });
    expect(inside.of('settings')).toMatchObject({ ok: true, told: expect.stringMatching(/proxy with TLS/) });
    expect(open.of('key').todo).toMatch(/MASTER_KEY/);
    const proxied = await examine({ PUBLIC_URL: 'https://wa.example.com' });
    expect(proxied.of('settings').todo).toMatch(/TRUSTED_PROXIES/);
    const port = await closedPort();
    const gone = await examine({ DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/nothing` });
    expect(gone.of('store')).toMatchObject({ ok: false, todo: expect.any(String) });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
