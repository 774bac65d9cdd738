import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/base/config.ts';
import { firstStart, welcome } from '../../src/welcome.ts';
import { databaseOf, dropDatabaseOf } from '../support/own-database.ts';

/** It was 2 always, also where no sandbox device had been made before. */
test.each(['true', 'false'])(
  'the first start names the number that one’s own device will have (SANDBOX=%s)',
  async (SANDBOX) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'wagate-test-'));
    const config = readConfig({
      NODE_ENV: 'test',
      PORT: '0',
      DATA_DIR: dataDir,
      LOG_LEVEL: 'silent',
      SANDBOX,
      ...(await databaseOf(dataDir)),
    });
    const app = await startApp(config);
    onTestFinished(async () => {
      await app.stop();
      rmSync(dataDir, { recursive: true, force: true });
      await dropDatabaseOf(dataDir);
    });
    const printed = await welcome(app, await firstStart(app));
    const { id: accountId } = await app.accounts.choose(undefined);
    const { id } = await app.devices.create(accountId, { name: 'My WhatsApp', kind: 'whatsapp' });
    expect(printed).toContain(` device link ${id}\n`);
  },
);
