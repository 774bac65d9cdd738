import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/index.ts';
import { PHONE, startTestApp } from '../support/app.ts';

// A received file whose download was under way while its sender was erased, or its time was up, stayed on the disk for ever: no row named
// it. So did one whose process was killed after the file was kept and before the row said so.

const SENDER = '6281300000021';
type Manners = (store: Store) => Pick<Store, 'inbox'> | Pick<Store, 'people'> | Pick<Store, 'retention'>;

async function world(manners: Manners) {
  const app = await startTestApp({
    env: { RATE_LIMIT_PER_MINUTE: '100000' },
    hands: { storeManners: (store) => ({ ...store, ...manners(store) }) },
  });
  onTestFinished(() => app.stop());
  const told = Promise.withResolvers<number>();
  onTestFinished(app.events.on('message.received', ({ inboxId }) => told.resolve(inboxId)));
  await app.network?.contact(SENDER).send(PHONE, { document: Buffer.from('secret'), fileName: 'a.txt' });
  const id = await told.promise;
  const shelf = join(app.dataDir, 'inbox', String(app.deviceId));
  return {
    fetchFile: async () => (await app.call('GET', `/inbox/${id}/media`)).status,
    kept: () => (existsSync(shelf) ? readdirSync(shelf) : []),
    put: () => writeFileSync(join(shelf, String(id)), 'secret'),
    name: String(id),
    ends: {
      erased: () => app.panel.people.erase({ accountId: app.account.id, address: null }, SENDER),
      async old() {
        await app.store.retention.set(app.account.id, 1);
        await app.panel.people.prune(app.clock.now() + 2 * 86_400_000);
      },
    },
  };
}

test.each(['erased', 'old'] as const)('a file that comes when its message was %s is not kept', async (end) => {
  const [arrived, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { fetchFile, kept, put, name, ends } = await world(({ inbox }) => ({
    inbox: {
      ...inbox,
      async keepFile(...file) {
        arrived.resolve();
        await letGo.promise;
        return inbox.keepFile(...file);
      },
    },
  }));
  const fetching = fetchFile();
  await arrived.promise;
  expect(kept()).toEqual([name]);
  await ends[end]();
  // As a slower shelf leaves it, which has it only now.
  put();
  letGo.resolve();
  expect(await fetching).toBe(404);
  expect(kept()).toEqual([]);
});

test.each(['erased', 'old'] as const)('a file that comes just before its message is %s goes with it', async (end) => {
  const coming: { file?: () => Promise<unknown> } = {};
  const late =
    <File>(forget: (file: File) => Promise<void>) =>
    async (file: File) => {
      await forget(file);
      const { file: fetchFile } = coming;
      delete coming.file;
      await fetchFile?.();
    };
  const { fetchFile, kept, ends } = await world(({ people, retention }) => ({
    people: { ...people, erase: (account, names, forget) => people.erase(account, names, late(forget)) },
    retention: { ...retention, prune: (account, before, forget) => retention.prune(account, before, late(forget)) },
  }));
  let status: number | undefined;
  coming.file = async () => {
    status = await fetchFile();
  };
  await ends[end]();
  expect(status).toBe(200);
  expect(kept()).toEqual([]);
});

test.each(['erased', 'old'] as const)('a file that no row names yet goes when its message is %s', async (end) => {
  const { fetchFile, kept, name, ends } = await world(({ inbox }) => ({
    inbox: { ...inbox, keepFile: () => Promise.reject(new Error('killed')) },
  }));
  expect(await fetchFile()).toBe(500);
  expect(kept()).toEqual([name]);
  await ends[end]();
  expect(kept()).toEqual([]);
});
