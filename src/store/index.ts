import { sql } from 'kysely';
import type { MasterKeys, Vault } from '../base/vault.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { type Audit, createAudit } from './audit.ts';
import type { Bell } from './bell.ts';
import { createNodeCalls, type NodeCalls } from './calls.ts';
import { type Chats, createChats } from './chats.ts';
import type { Context } from './context.ts';
import { type Conversations, createConversations } from './conversations.ts';
import { type DatabaseOptions, openDatabase } from './database.ts';
import { createDeliveries, type Deliveries } from './deliveries.ts';
import { createDevices, type Devices } from './devices.ts';
import { createEventLog, type EventLog } from './events.ts';
import type { Owner } from './fence.ts';
import { createHistories, type Histories } from './histories.ts';
import { createIdempotency, type Idempotency } from './idempotency.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createInvitations, type Invitations } from './invitations.ts';
import { createJournal, type Journal } from './journal.ts';
import { openKeyring } from './keyring.ts';
import { createLeases, type Leases } from './leases.ts';
import { createLinks, type Links } from './links.ts';
import { createLives, type Lives } from './lives.ts';
import { createLoad, type Load } from './load.ts';
import { createMembers, type Members } from './members.ts';
import { clearMemory, createMemory, type DeviceMemory } from './memory.ts';
import { createMessages, type Messages } from './messages.ts';
import { foreignOf } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { createNodes, type Nodes } from './nodes.ts';
import { createPackages, type Packages } from './packages.ts';
import { createPeople, type People } from './people.ts';
import { createPurchases, type Purchases } from './purchases.ts';
import { createRates, type Rates } from './rates.ts';
import { createResealing, type Resealing } from './resealing.ts';
import { createRetention, type Retention } from './retention.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSettings, type Settings } from './settings.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';
import { inTransaction } from './transactions.ts';
import { createUsers, type Users } from './users.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

export type { PurchaseState, Role } from './account-schema.ts';
export type { AccountRow, Accounts, MemberRow, NewAccount, UserRow } from './accounts.ts';
export type { AuditRow } from './audit.ts';
export type { Bell } from './bell.ts';
export type { NodeCalls } from './calls.ts';
export type { Chat, Chats } from './chats.ts';
export type { Conversations } from './conversations.ts';
export { isUntouched } from './database.ts';
export type { Deliveries, DeliveryRow, Due, Outcome as DeliveryOutcome } from './deliveries.ts';
export type { DevicePatch, DeviceRow, Devices, NewDevice, NewToken, TokenBearer } from './devices.ts';
export type { EventLog, NewEvent, StoredEvent } from './events.ts';
export { type Owner, StaleOwner } from './fence.ts';
export type { DayFigures, Search } from './histories.ts';
export type { Begun, Idempotency } from './idempotency.ts';
export {
  type Inbox,
  type InboxBody,
  type InboxFilter,
  type InboxRow,
  type NewInboxRow,
  receivedFileOf,
} from './inbox.ts';
export type { DeliveryState } from './inbox-schema.ts';
export type { InvitationRow } from './invitations.ts';
export type { Journal, JournalRow } from './journal.ts';
export type { Leases } from './leases.ts';
export type { Links } from './links.ts';
export type { LiveRow, Lives } from './lives.ts';
export type { LoadFigures } from './load.ts';
export type { DeviceMemory } from './memory.ts';
export { type MessageBody, type MessageRow, type MessageStatus, statuses } from './message.ts';
export type { History, Messages, NewMessage, Statistics } from './messages.ts';
export type { Migration } from './migrations/index.ts';
export type { NodeRow, Nodes } from './nodes.ts';
export { occupy } from './occupancy.ts';
export type { Frozen, Paced } from './outbox.ts';
export type { ReceiptStep } from './outcomes.ts';
export type { NewPackage, PackagePatch, PackageRow, Packages } from './packages.ts';
export type { Erased, People, PersonFile, PersonNames, PersonRecord } from './people.ts';
export type { PurchaseRow } from './purchases.ts';
export type { Counted, Rates } from './rates.ts';
export type { DeviceKind, MessageState, MessageType, NodeRole, WaitingFor } from './schema.ts';
export type { SessionRow, Sessions, SignedIn } from './sessions.ts';
export type { Spent, SubscriptionRow, Subscriptions } from './subscriptions.ts';
export { OutsideTransaction } from './transactions.ts';
export { isDuplicate } from './violations.ts';
export type { NewWebhook, WebhookPatch, WebhookRow, Webhooks } from './webhooks.ts';

/** One a noun; the tenant comes first in every call. */
export interface Nouns {
  readonly accounts: Accounts;
  readonly links: Links;
  readonly sessions: Sessions;
  readonly packages: Packages;
  readonly subscriptions: Subscriptions;
  readonly devices: Devices;
  readonly leases: Leases;
  readonly lives: Lives;
  readonly nodes: Nodes;
  readonly nodeCalls: NodeCalls;
  readonly rates: Rates;
  readonly conversations: Conversations;
  readonly journal: Journal;
  readonly messages: Messages;
  readonly idempotency: Idempotency;
  readonly users: Users;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly purchases: Purchases;
  readonly settings: Settings;
  readonly audit: Audit;
  readonly histories: Histories;
  readonly inbox: Inbox;
  readonly chats: Chats;
  readonly events: EventLog;
  readonly webhooks: Webhooks;
  readonly deliveries: Deliveries;
  readonly people: People;
  readonly retention: Retention;
}

/** The nouns inside a transaction. Nothing of it is durable, or seen by others, before the callback's end. */
export interface StoreTx extends Nouns {
  /** A function that must run inside a transaction asks for a StoreTx; a Store is none. */
  readonly inTransaction: true;
}

export interface Store extends Nouns {
  readonly kind: 'sqlite' | 'postgres';
  /** What tells other nodes; undefined where there can be none (SQLite). */
  readonly bell: Bell | undefined;
  /** Keys and credentials of one device, for whoever holds its lease. Its writes are durable when they resolve. */
  deviceMemory(owner: Owner): DeviceMemory;
  /** Forgets them, to pair anew. Throws StaleOwner. */
  clearMemory(owner: Owner): Promise<void>;
  /**
   * Commits when `work` resolves, rolls back when it throws. Inside, use the `tx` it is given: a call of the store itself throws
   * OutsideTransaction. Wait for nothing else inside (network, timers): on SQLite every other query waits meanwhile.
   * A commit is durable only after `durable()`.
   */
  transaction<T>(work: (tx: StoreTx) => Promise<T>): Promise<T>;
  /** Resolves when all that was committed before the call survives a power failure. Many callers share one sync of the disk. */
  durable(): Promise<void>;
  /** Resolves when the database answers. */
  ready(): Promise<void>;
  /** The newest migration that was applied. */
  version(): Promise<string>;
  /** Those that this code knows and the database lacks; none, unless somebody put an older database in its place. */
  missing(): Promise<readonly string[]>;
  /** Figures over all tenants, for the operator. */
  readonly load: Load;
  /** A migration of a newer version that this code can not serve beside. */
  foreign(): Promise<string | undefined>;
  /** Waits for what runs, then closes the database. */
  close(): Promise<void>;
  /** Writes the database file anew, so that nothing that was deleted stands in it any more; PostgreSQL's autovacuum sees to that itself. */
  compact(): Promise<void>;
  /** The clock that rows are stamped with, Unix ms. */
  now(): number;
  /** The database's own clock, Unix ms. */
  databaseTime(): Promise<number>;
  /** What seals the values of this database. */
  readonly vault: Vault;
  /** The change of its master key. */
  readonly resealing: Resealing;
}

export interface StoreOptions extends DatabaseOptions {
  /** The master keys of this process; or a vault that was made without a database. */
  readonly vault: MasterKeys | Vault;
}

/**
 * Opens (and makes, and brings up to date) the database: PostgreSQL when there is a `url`, else SQLite in `dataDir`. Throws ConfigError
 * with a sentence for a person. Later, a full disk or a lost database makes any call throw Failure `temporarily_unavailable`.
 */
export async function openStore({ vault: given, ...options }: StoreOptions): Promise<Store> {
  const { db, dialect } = await openDatabase(options);
  const { clock, migrations: known = migrations } = options;
  const vault = 'current' in given ? await unlocked() : given;
  const bell = dialect.bell?.();
  const context: Context = { db, dialect, vault, clock, durable: dialect.durable };
  return {
    ...nouns(context),
    kind: dialect.name,
    bell,
    deviceMemory: (owner) => createMemory(context, owner),
    clearMemory: (owner) => clearMemory(context, owner),
    transaction: (work) =>
      inTransaction(db, (tx) =>
        work(
          Object.assign(nouns({ ...context, db: tx, durable: async () => undefined }), {
            inTransaction: true as const,
          }),
        ),
      ),
    durable: dialect.durable,
    ready: async () => {
      await sql`select 1`.execute(db);
    },
    async version() {
      const { rows } = await sql<{ name: string }>`select name from migration order by name desc limit 1`.execute(db);
      return rows[0]?.name ?? 'none';
    },
    async foreign() {
      const { rows } = await sql<{ name: string }>`select name from migration order by name`.execute(db);
      return foreignOf(
        rows.map(({ name }) => name),
        known,
      );
    },
    async missing() {
      // A sync of the disk that failed fails for ever (durable.ts): nothing can be accepted any more, although it still answers.
      await dialect.durable();
      const { rows } = await sql<{ name: string }>`select name from migration`.execute(db);
      const applied = new Set(rows.map(({ name }) => name));
      return known.map(({ name }) => name).filter((name) => !applied.has(name));
    },
    load: createLoad(context),
    async compact() {
      if (dialect.name !== 'sqlite') return;
      // It writes all rows beside the file first, and that would be the whole database in memory: here, and only here, on the disk.
      await sql`pragma temp_store = file`.execute(db);
      try {
        await sql`vacuum`.execute(db);
      } finally {
        await sql`pragma temp_store = memory`.execute(db);
      }
      await sql`pragma wal_checkpoint(truncate)`.execute(db);
    },
    async close() {
      await bell?.close();
      await db.destroy();
    },
    now: () => clock.now(),
    async databaseTime() {
      const { rows } = await sql<{ now: number }>`select ${dialect.now()} as now`.execute(db);
      return rows[0]?.now ?? clock.now();
    },
    vault,
    resealing: createResealing(context),
  };

  async function unlocked(): Promise<Vault> {
    try {
      const keys = given as MasterKeys;
      const opened = await openKeyring(db, clock, keys);
      await dialect.durable();
      return opened;
    } catch (error) {
      await db.destroy();
      throw error;
    }
  }
}

/** Each is made when it is asked for: a transaction of a message needs two of them. */
const nouns = (context: Context): Nouns => ({
  get accounts() {
    return createAccounts(context);
  },
  get links() {
    return createLinks(context);
  },
  get sessions() {
    return createSessions(context);
  },
  get packages() {
    return createPackages(context);
  },
  get subscriptions() {
    return createSubscriptions(context);
  },
  get devices() {
    return createDevices(context);
  },
  get leases() {
    return createLeases(context);
  },
  get lives() {
    return createLives(context);
  },
  get nodes() {
    return createNodes(context);
  },
  get nodeCalls() {
    return createNodeCalls(context);
  },
  get rates() {
    return createRates(context);
  },
  get conversations() {
    return createConversations(context);
  },
  get journal() {
    return createJournal(context);
  },
  get messages() {
    return createMessages(context);
  },
  get idempotency() {
    return createIdempotency(context);
  },
  get users() {
    return createUsers(context);
  },
  get members() {
    return createMembers(context);
  },
  get invitations() {
    return createInvitations(context);
  },
  get purchases() {
    return createPurchases(context);
  },
  get settings() {
    return createSettings(context);
  },
  get audit() {
    return createAudit(context);
  },
  get histories() {
    return createHistories(context);
  },
  get inbox() {
    return createInbox(context);
  },
  get chats() {
    return createChats(context);
  },
  get events() {
    return createEventLog(context);
  },
  get webhooks() {
    return createWebhooks(context);
  },
  get deliveries() {
    return createDeliveries(context);
  },
  get people() {
    return createPeople(context);
  },
  get retention() {
    return createRetention(context);
  },
});
