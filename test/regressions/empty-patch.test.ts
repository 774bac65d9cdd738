import { expect, test } from 'vitest';
import { createTenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

/** `PATCH … {}` was an UPDATE without a column, and answered 500. */
overEachDatabase('a change of nothing', ({ open }) => {
  test('gives the row as it is', async () => {
    const store = await open();
    const { account, device } = await createTenant(store);
    const owner = await store.accounts.ownerOf(account.id);
    const [offer] = await store.packages.list();
    const nothing = { name: undefined } as object;
    expect(await store.devices.update(account.id, device.id, nothing)).toMatchObject({
      id: device.id,
      name: device.name,
    });
    expect(await store.devices.update(account.id + 1, device.id, {})).toBeUndefined();
    expect(await store.accounts.update(account.id, {})).toEqual(account);
    expect(await store.users.update(owner?.id ?? 0, {})).toEqual(owner);
    expect(await store.packages.update(offer?.id ?? 0, {})).toEqual(offer);
  });
});
