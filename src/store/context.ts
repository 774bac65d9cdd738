import type { Clock } from '../base/clock.ts';
import type { Vault } from '../base/vault.ts';
import type { Dialect } from './dialect.ts';
import type { Queries } from './transactions.ts';

/** What the nouns are made of. */
export interface Context {
  /** The database, or a transaction on it. */
  readonly db: Queries;
  readonly dialect: Pick<Dialect, 'name' | 'columns' | 'now' | 'forShare' | 'forUpdate'>;
  readonly vault: Pick<Vault, 'seal' | 'open' | 'blind' | 'keyVersion'>;
  readonly clock: Pick<Clock, 'now'>;
  /** `Dialect.durable`; nothing inside a transaction, which is durable only after its end. */
  durable(): Promise<void>;
}
