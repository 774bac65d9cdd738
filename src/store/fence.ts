import { type RawBuilder, sql } from 'kysely';
import type { Context } from './context.ts';

/** Who may write for a device: the node that took its lease with this epoch. */
export interface Owner {
  readonly account_id: number;
  readonly device_id: number;
  readonly epoch: number;
}

/** The device's lease has another epoch: somebody else owns it, and nothing was written. */
export class StaleOwner extends Error {
  constructor({ device_id, epoch }: Owner) {
    super(`The lease of device ${device_id} is no longer that of epoch ${epoch}.`);
  }
}

/** For the WHERE of an owner's write. The share lock (PostgreSQL) makes a taker of the lease wait until the write is committed. */
export const isOwner = ({ dialect }: Pick<Context, 'dialect'>, { device_id, epoch }: Owner): RawBuilder<boolean> =>
  sql<boolean>`exists (select 1 from device_lease where device_id = ${device_id} and epoch = ${epoch} ${dialect.forShare})`;

/** The owner among a statement's values. */
export const ownerOf = (value: <K extends keyof Owner>(name: K) => Owner[K]): Owner => ({
  account_id: value('account_id'),
  device_id: value('device_id'),
  epoch: value('epoch'),
});

/** First in a transaction of an owner: what follows is fenced until it ends. Throws StaleOwner. */
export async function assertOwner(context: Pick<Context, 'db' | 'dialect'>, owner: Owner): Promise<void> {
  const { rows } = await sql`select 1 from device_lease
    where device_id = ${owner.device_id} and epoch = ${owner.epoch} ${context.dialect.forShare}`.execute(context.db);
  if (rows.length === 0) throw new StaleOwner(owner);
}

/** What a fenced write gave; when it gave nothing, it is told whether that was for want of a row or of the lease. */
export async function fenced<T>(
  context: Pick<Context, 'db' | 'dialect'>,
  owner: Owner,
  written: readonly T[],
): Promise<readonly T[]> {
  if (written.length === 0) await assertOwner(context, owner);
  return written;
}
