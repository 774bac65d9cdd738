import { createHash, randomBytes } from 'node:crypto';
import { rowOf } from '../../src/gateway/inbox/rows.ts';
import type { Store } from '../../src/store/index.ts';
import type { Incoming } from '../../src/whatsapp/link.ts';
import { accept, createTenant, type Tenant } from '../store/tenant.ts';

/** A text message as the socket tells it. */
export const incoming = (more: Partial<Incoming> = {}): Incoming => ({
  type: 'message',
  whatsappId: randomBytes(8).toString('hex').toUpperCase(),
  chat: '628123456000@s.whatsapp.net',
  chatPhone: '628123456000',
  fromMe: false,
  sender: '628123456000@s.whatsapp.net',
  phone: '628123456000',
  lid: '99887766@lid',
  pushName: 'Budi',
  timestamp: 1_765_483_200,
  offline: false,
  kind: 'text',
  text: 'halo',
  refersTo: null,
  media: null,
  details: null,
  sealed: false,
  message: Buffer.from('proto'),
  ...more,
});

export interface Words {
  /** Stands in everything that is told to be sealed. */
  readonly secret: string;
}

/** A tenant with a value in every sealed column of the database, each holding `secret`. */
export async function fill(store: Store, { secret }: Words): Promise<Tenant & { readonly userId: number }> {
  const tenant = await createTenant(store);
  const { owner, account, device } = tenant;
  const bytes = Buffer.from(secret);
  const memory = store.deviceMemory(owner);
  await memory.writeCreds(bytes);
  const hash = createHash('sha256').update(randomBytes(8)).digest();
  const envelope = { whatsappId: 'A', from: '1@s.whatsapp.net', pushName: secret, timestamp: 1, offline: false };
  await memory.writeKeys([{ type: 'session', id: `628${randomBytes(3).toString('hex')}.0`, value: bytes }], {
    hash,
    plaintext: bytes,
    envelope,
  });
  const row = await accept(store, tenant, { body: { text: secret } });
  await store.messages.markSending(owner, row.id, { proto: bytes, type: 'text', chat: row.chat, now: store.now() });
  await store.transaction((tx) =>
    tx.inbox.insert(owner, rowOf(incoming({ text: secret, message: bytes }), { phone: null, lid: null })),
  );
  const webhook = await store.webhooks.create(account.id, device.id, {
    url: 'https://example.com/hook',
    description: '',
    events: ['message.received'],
    format: 'standard',
    secret,
  });
  await store.webhooks.rotate(account.id, device.id, webhook.id, secret, store.now() + 1_000_000);
  const uid = `evt_${randomBytes(8).toString('hex')}`;
  await store.events.record(owner, { uid, type: 'message.received', cause: null, chat: 'x', data: { secret }, at: 1 });
  const { rows } = await store.deliveries.list(owner, webhook.id, { limit: 1, page: 1 });
  const taken = await store.deliveries.take(rows[0]?.id ?? 0);
  if (taken === undefined) throw new Error('nothing waits to be delivered');
  await store.deliveries.markDelivered(taken, {
    status: 200,
    reason: null,
    answer: secret,
    took_ms: 1,
    at: 2,
  });
  const user = await store.accounts.ownerOf(account.id);
  await store.users.proposeTotp(user?.id ?? 0, bytes);
  const key = randomBytes(4).toString('hex');
  const since = store.now();
  await store.idempotency.begin(device.id, key, hash, since);
  await store.idempotency.finish({ device_id: device.id, key, since }, { status: 200, answer: secret });
  await store.lives.put(owner, 'node-1', { secret });
  await store.nodeCalls.ask(uid, 'node-1', bytes, 60_000);
  await store.nodeCalls.answer(uid, bytes);
  await store.durable();
  return { ...tenant, userId: user?.id ?? 0 };
}
