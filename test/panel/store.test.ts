import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createLog } from '../../src/base/log.ts';
import { createAudit } from '../../src/gateway/audit.ts';
import { createHousekeeping } from '../../src/gateway/housekeeping.ts';
import { createPeople } from '../../src/gateway/people.ts';
import { accept, createTenant, message, present, send } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

overEachDatabase('what the dashboard keeps', ({ open }) => {
  test('an account never loses its last owner, whoever leaves at once', async () => {
    const store = await open();
    const { account } = await createTenant(store);
    const first = present(await store.accounts.ownerOf(account.id));
    const second = await store.users.create({ name: 'B', email: 'b@example.com', password_hash: null, language: null });
    await store.members.add(account.id, second.id, 'owner');
    const results = await Promise.all([
      store.members.remove(account.id, first.id),
      store.members.setRole(account.id, second.id, 'viewer'),
    ]);
    expect(results.sort()).toEqual(['done', 'last_owner']);
    expect((await store.accounts.members(account.id)).filter(({ role }) => role === 'owner')).toHaveLength(1);
    expect(await store.members.setRole(account.id, 9_999, 'admin')).toBe('unknown');
  });

  test('an invitation is taken once, and a new one for the address ends the one before', async () => {
    const store = await open();
    const { account } = await createTenant(store);
    const owner = present(await store.accounts.ownerOf(account.id));
    const invite = (byte: number) =>
      store.invitations.create({
        account_id: account.id,
        email: 'new@example.com',
        role: 'viewer',
        token_hash: Buffer.alloc(32, byte),
        invited_by: owner.id,
        expires_at: store.now() + 1_000_000,
      });
    await invite(1);
    await invite(2);
    expect(await store.invitations.look(Buffer.alloc(32, 1))).toBeUndefined();
    const takes = await Promise.all([1, 2, 3].map(() => store.invitations.take(Buffer.alloc(32, 2))));
    expect(takes.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await store.invitations.list(account.id)).toEqual([]);
  });

  test('a purchase is decided once', async () => {
    const store = await open();
    const { account, subscription } = await createTenant(store);
    const owner = present(await store.accounts.ownerOf(account.id));
    const id = await store.purchases.create({
      account_id: account.id,
      package_id: subscription.package_id,
      price_idr: 10,
      user_id: owner.id,
      note: '',
    });
    expect(await store.purchases.countPending(account.id)).toBe(1);
    const decided = await Promise.all([
      store.purchases.decide(id, { state: 'approved', decided_by: owner.id, subscription_id: subscription.id }),
      store.purchases.decide(id, { state: 'declined', decided_by: owner.id }),
    ]);
    expect(decided.filter(Boolean)).toHaveLength(1);
    expect(await store.purchases.list('pending', 10, 1)).toEqual({ rows: [], total: 0 });
    expect((await store.purchases.list(undefined, 10, 1)).rows).toMatchObject([
      { id, account: account.name, asked_by: owner.email },
    ]);
  });

  test('a code of a time step works once, of many at once, and an older one not after it', async () => {
    const store = await open();
    const { account } = await createTenant(store);
    const { id } = present(await store.accounts.ownerOf(account.id));
    expect(await store.users.proposeTotp(id, Buffer.from('secret of twenty byte'))).toBe(true);
    const user = present(await store.accounts.findUser(id));
    expect(user.sealed_totp).not.toEqual(Buffer.from('secret of twenty byte'));
    expect(store.users.totpSecret(user)?.toString()).toBe('secret of twenty byte');
    const takes = await Promise.all([7, 7, 7].map((step) => store.users.takeTotpStep(id, step)));
    expect(takes.filter(Boolean)).toHaveLength(1);
    expect([await store.users.takeTotpStep(id, 6), await store.users.takeTotpStep(id, 8)]).toEqual([false, true]);
    await store.users.confirmTotp(id, [Buffer.alloc(32, 1)]);
    expect(await store.users.proposeTotp(id, Buffer.from('another'))).toBe(false);
    expect(await store.users.useRecoveryCode(id, Buffer.alloc(32, 1))).toBe(true);
    expect(await store.users.useRecoveryCode(id, Buffer.alloc(32, 1))).toBe(false);
  });

  test('the history of an account is over all its devices and nobody else’s', async () => {
    const store = await open();
    const [mine, theirs] = [await createTenant(store), await createTenant(store)];
    const second = present(
      await store.devices.create(
        mine.account.id,
        { name: 'Two', kind: 'whatsapp', default_country: '62', enabled: 1 },
        3,
      ),
    );
    const a = await accept(store, mine, { ref: 'a', recipient: '6281111111111' });
    const b = await store.messages.insert(message(mine, { device_id: second.id, subscription_id: null, ref: 'b' }));
    const c = await accept(store, theirs, { ref: 'a' });
    const page = await store.histories.page(mine.account.id, {}, 10, 1);
    expect([page.total, page.rows.map(({ id }) => id)]).toEqual([2, [b.id, a.id]]);
    expect((await store.histories.page(mine.account.id, { device_id: second.id }, 10, 1)).rows).toMatchObject([
      { id: b.id, body: { text: 'Halo' } },
    ]);
    expect((await store.histories.newest(mine.account.id, {}, 10, b.id)).map(({ id }) => id)).toEqual([a.id]);
    expect((await store.histories.exact(mine.account.id, {}, 'a', 10)).map(({ id }) => id)).toEqual([a.id]);
    expect((await store.histories.exact(mine.account.id, {}, String(b.id), 10)).map(({ id }) => id)).toEqual([b.id]);
    expect(await store.histories.find(mine.account.id, c.id)).toBeUndefined();
    expect(await store.histories.waiting()).toEqual({ queued: 3, sending: 0 });
  });

  test('figures are counted by the quarter hour of sending and of failing', async () => {
    const store = await open();
    const tenant = await createTenant(store);
    const at = Date.UTC(2026, 0, 2, 3, 20);
    for (const step of ['sent', 'delivered', 'read'] as const) {
      const row = await send(store, tenant, await accept(store, tenant, { recipient: `62812000${step.length}` }), at);
      await store.messages.markSent(tenant.owner, row.whatsapp_id, 1, at);
      if (step !== 'sent') await store.messages.applyReceipt(tenant.owner, row.whatsapp_id, step, at + 3_600_000);
    }
    expect(await store.histories.figures(tenant.device.id, at - 86_400_000, at + 1)).toEqual([
      { at: Date.UTC(2026, 0, 2, 3, 15), sent: 3, delivered: 2, read: 1, failed: 0 },
    ]);
    const lost = await accept(store, tenant, { recipient: '6281999999999' });
    await store.messages.cancel(tenant.account.id, tenant.device.id, lost.id);
    const now = store.now();
    const figures = await store.histories.figures(tenant.device.id, now - 60_000, now + 60_000);
    expect(figures.reduce((sum, { failed }) => sum + failed, 0)).toBe(1);
  });

  test('what has ended long ago is removed, and the rest stays', async () => {
    const store = await open();
    const { account } = await createTenant(store);
    const { id } = present(await store.accounts.ownerOf(account.id));
    const now = store.now();
    const session = { user_id: id, account_id: account.id };
    await store.sessions.create({ ...session, token_hash: Buffer.alloc(32, 1), expires_at: now - 1 });
    await store.sessions.create({ ...session, token_hash: Buffer.alloc(32, 2), expires_at: now + 100_000 });
    await store.audit.add({
      kind: 'sign_in',
      account_id: account.id,
      user_id: id,
      email: null,
      subject: null,
      address: null,
    });
    const clock = { ...systemClock };
    const { clean } = createHousekeeping({
      store,
      people: { prune: async () => undefined },
      clock,
      log: { error: () => undefined },
    });
    await clean();
    expect(await store.sessions.ofUser(id, now - 10, 0)).toHaveLength(1);
    expect((await store.audit.ofAccount(account.id, 10, 1)).total).toBe(1);
    clock.now = () => now + 401 * 86_400_000;
    await clean();
    expect((await store.audit.ofAccount(account.id, 10, 1)).total).toBe(0);
  });

  test('what could not be removed is told, and the rest is removed all the same', async () => {
    const store = await open();
    const { owner } = await createTenant(store);
    const hash = Buffer.alloc(32, 1);
    await store.deviceMemory(owner).writeKeys([], { hash, plaintext: Buffer.from('x') });
    // The real log, which leaves out what its list does not name.
    const told: { readonly step?: string }[] = [];
    const log = createLog('error', { write: (line) => void told.push(JSON.parse(line)) });
    const broken = new Error('canceling statement due to statement timeout');
    const { clean } = createHousekeeping({
      store: { ...store, messages: { ...store.messages, pruneProtos: () => Promise.reject(broken) } },
      people: { prune: () => Promise.reject(broken) },
      clock: { ...systemClock, now: () => store.now() + 15 * 86_400_000 },
      log,
    });
    await clean();
    expect(await store.deviceMemory(owner).readJournal(hash)).toBeUndefined();
    const err = expect.objectContaining({ message: broken.message });
    expect(told).toEqual([
      expect.objectContaining({ err, step: 'frozen bytes' }),
      expect.objectContaining({ err, step: 'retention' }),
    ]);
  });

  test('an account whose messages can not be removed keeps no other account’s for longer', async () => {
    const store = await open();
    const [unreadable, other] = [await createTenant(store), await createTenant(store)];
    for (const { account } of [unreadable, other]) await store.retention.set(account.id, 1);
    const { id } = await accept(store, other, { created_at: 1_000 });
    await store.messages.cancel(other.account.id, other.device.id, id);
    const { prune } = store.retention;
    const broken = new Error('a message that no key opens');
    const people = createPeople({
      store: {
        ...store,
        retention: {
          ...store.retention,
          prune: (account, ...more) =>
            account === unreadable.account.id ? Promise.reject(broken) : prune(account, ...more),
        },
      },
      fleet: { size: 0, refresh: async () => undefined },
      media: { discard: async () => undefined },
      shelf: { remove: async () => undefined },
      inboxMedia: { link: () => ({ path: '', expiresAt: 0 }) },
      audit: createAudit({ store }),
      defaultCountry: '62',
    });
    await expect(people.prune(store.now())).rejects.toMatchObject({ errors: [{ cause: broken }] });
    expect(await store.messages.find(other.account.id, other.device.id, id)).toBeUndefined();
  });

  test('the audit log is read by account and by kind, newest first', async () => {
    const store = await open();
    const [mine, theirs] = [await createTenant(store), await createTenant(store)];
    const note = (account_id: number | null, kind: string) =>
      store.audit.add({ kind, account_id, user_id: null, email: null, subject: null, address: null });
    await note(mine.account.id, 'sign_in');
    await note(theirs.account.id, 'export');
    await note(null, 'sign_in.failed');
    expect(await store.audit.ofAccount(mine.account.id, 10, 1)).toMatchObject({
      total: 1,
      rows: [{ kind: 'sign_in', account: mine.account.name }],
    });
    expect((await store.audit.all(undefined, 10, 1)).rows.map(({ kind }) => kind)).toEqual([
      'sign_in.failed',
      'export',
      'sign_in',
    ]);
    expect((await store.audit.all('export', 10, 1)).total).toBe(1);
    await store.settings.set('name', 'A');
    await store.settings.set('name', 'B');
    expect(await store.settings.all()).toEqual({ name: 'B' });
  });
});
