import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { failure } from '../../src/base/errors.ts';
import { noFailpoint } from '../../src/base/failpoints.ts';
import { createLog } from '../../src/base/log.ts';
import { createAcknowledgements } from '../../src/gateway/acknowledgements.ts';
import { createDelivery } from '../../src/gateway/delivery.ts';
import type { FetchedMedia, StoredMedia } from '../../src/gateway/media.ts';
import { createRegistrations } from '../../src/gateway/registrations.ts';
import { type Messages, StaleOwner } from '../../src/store/index.ts';
import { type Link, LinkError } from '../../src/whatsapp/link.ts';
import { accept, createTenant } from '../store/tenant.ts';
import { overEachDatabase } from '../support/databases.ts';

const stored: StoredMedia = {
  path: '/nowhere/note.txt',
  bytes: 1_000,
  mimetype: 'text/plain',
  kind: 'document',
  fileName: 'note.txt',
};
const about = { is: 'media', mediaType: null, filename: null, caption: null };
const downloaded = { ...about, url: 'https://shop.example/note.txt', upload: null };
const uploaded = { ...about, url: null, upload: stored };

/**
 * A downloaded file stayed on the disk, and its bytes with its account's share, until the next start, whenever the database was away as its
 * message was to be taken, or a stop came amid "typing…". An upload was removed although its message was only held back by an earlier one
 * of its recipient; the message failed for want of it when its turn came.
 */
overEachDatabase('the file of a message that was not taken', (database) => {
  async function start(change: Partial<Pick<Messages, 'markSending' | 'markFailed'>> = {}, typing?: () => void) {
    const store = await database.open();
    const tenant = await createTenant(store);
    const acknowledgements = createAcknowledgements(systemClock);
    const link = {
      lookUp: async (phones: readonly string[]) =>
        new Map(phones.map((phone) => [phone, { jid: `${phone}@s.whatsapp.net`, lid: null }])),
      encode: async () => new Uint8Array([1]),
      showPresence: async () => typing?.(),
      relay: async (_chat: string, _proto: Uint8Array, whatsappId: string) => {
        acknowledgements.settle(whatsappId, { is: 'acknowledged', serverTime: 1_765_360_800 });
      },
    } as unknown as Link;
    const held = { downloads: 0, uploads: 1 };
    const file = (which: keyof typeof held): FetchedMedia => ({
      ...stored,
      remove: async () => {
        held[which] -= 1;
      },
    });
    const delivery = createDelivery({
      owner: tenant.owner,
      messages: { ...store.messages, ...change },
      registrations: createRegistrations(systemClock),
      acknowledgements,
      media: {
        fetch: async () => {
          held.downloads += 1;
          return file('downloads');
        },
        claimUpload: () => file('uploads'),
        discard: async () => {
          held.uploads -= 1;
        },
      },
      // Longer than any test: only an abort ends it.
      typingMs: () => (typing === undefined ? 0 : 3_600_000),
      changed: () => undefined,
      held: () => undefined,
      durable: store.durable,
      durableSoon: () => undefined,
      wroteTo: async () => undefined,
      acknowledged: () => undefined,
      storeFailed: () => undefined,
      lineClosed: () => undefined,
      stalled: () => undefined,
      failpoint: noFailpoint,
      clock: systemClock,
      log: createLog('silent'),
    });
    const send = (body: object, more: object = {}) =>
      accept(store, tenant, { type: 'document', body: { ...body }, ...more });
    const state = async (id: number) => (await store.messages.find(tenant.account.id, tenant.device.id, id))?.state;
    return { delivery, link, held, send, state, tenant };
  }
  const { signal } = new AbortController();

  test.each([
    ['the database is away', () => failure('temporarily_unavailable')],
    ['the lease was taken', () => new StaleOwner({ account_id: 1, device_id: 1, epoch: 1 })],
  ])('is removed when %s, and fetched again later; an upload stays', async (_why, fault) => {
    const { delivery, link, held, send } = await start({ markSending: () => Promise.reject(fault()) });
    for (const body of [downloaded, uploaded])
      await expect(delivery.deliver(await send(body), link, signal, () => undefined)).rejects.toThrow(fault().message);
    expect(held).toEqual({ downloads: 0, uploads: 1 });
  });

  test('is removed when a stop comes amid "typing…"; an upload stays', async () => {
    for (const body of [downloaded, uploaded]) {
      const stopping = new AbortController();
      const { delivery, link, held, send, state } = await start({}, () => stopping.abort());
      const row = await send(body);
      await delivery.deliver(row, link, stopping.signal, () => undefined);
      expect(held).toEqual({ downloads: 0, uploads: 1 });
      expect(await state(row.id)).toBe('queued');
    }
  });

  test('stays when it was uploaded and its failure could not be written: nobody knows yet that it failed', async () => {
    const stale = new StaleOwner({ account_id: 1, device_id: 1, epoch: 1 });
    const { delivery, link, held, send } = await start({ markFailed: () => Promise.reject(stale) });
    const refusing = { ...link, encode: () => Promise.reject(new LinkError('rejected', 'No.')) } as Link;
    const row = await send(uploaded);
    await expect(delivery.deliver(row, refusing, signal, () => undefined)).rejects.toThrow(stale.message);
    expect(held.uploads).toBe(1);
  });

  test('is there when its turn comes, if it was uploaded and only held back', async () => {
    const { delivery, link, held, send, state } = await start();
    const first = await send(downloaded);
    const second = await send(uploaded);
    await delivery.deliver(second, link, signal, () => undefined);
    expect(await state(second.id)).toBe('queued');
    expect(held.uploads).toBe(1);

    for (const { id } of [first, second]) expect(await state(id)).toBe('queued');
    await delivery.deliver(first, link, signal, () => undefined);
    await delivery.deliver(second, link, signal, () => undefined);
    for (const { id } of [first, second]) expect(await state(id)).toBe('sent');
    expect(held).toEqual({ downloads: 0, uploads: 0 });
  });
});
