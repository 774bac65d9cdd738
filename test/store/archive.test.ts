import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { rowOf } from '../../src/gateway/inbox/rows.ts';
import { verifyArchive, writeArchive } from '../../src/store/archive.ts';
import { openStore } from '../../src/store/index.ts';
import { incoming } from '../security/filled.ts';
import { sqlitePlace, testVault } from '../support/databases.ts';
import { createTenant } from './tenant.ts';

test('a backup with many files is looked at in one pass', async () => {
  const { dataDir } = await sqlitePlace();
  const store = await openStore({ url: undefined, dataDir, vault: testVault, clock: systemClock });
  onTestFinished(() => store.close());
  const { owner, account, device } = await createTenant(store);
  mkdirSync(join(dataDir, 'inbox', String(device.id)), { recursive: true });
  const files = 20;
  for (let n = 0; n < files; n++) {
    const message = rowOf(incoming({ whatsappId: `W${n}` }), { phone: '62899', lid: null });
    const { id = 0 } = (await store.transaction((tx) => tx.inbox.insert(owner, message))) ?? {};
    writeFileSync(join(dataDir, 'inbox', String(device.id), String(id)), `file ${n}`);
    await store.inbox.keepFile(account.id, device.id, id, `${device.id}/${id}`, 7);
  }
  const path = join(dataDir, 'one.backup');
  await writeArchive(path, {
    url: undefined,
    dataDir,
    filesDir: dataDir,
    vault: testVault,
    appVersion: '0.1.0',
    now: Date.now,
    sandbox: false,
  });

  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  onTestFinished(() => prepare.mockRestore());
  expect(verifyArchive(path, testVault)).toMatchObject({ files, missing_files: 0 });
  const lists = prepare.mock.calls.filter(([statement]) => /from archive_file\b/.test(statement));
  expect(lists).toHaveLength(1);
});
