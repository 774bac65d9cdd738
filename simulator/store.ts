import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';

/** One change of what the network keeps; without a value it is a deletion. */
export interface Write {
  readonly kind: string;
  readonly id: string;
  readonly value?: unknown;
}

/**
 * What the network remembers over a restart. Memory holds the truth while it runs; every change is written through,
 * synchronously and before it shows on the wire, so that a SIGKILL at any instant loses nothing that was answered.
 */
export interface Store {
  all<T>(kind: string): [id: string, value: T][];
  commit(writes: readonly Write[]): void;
  close(): void;
}

export function openStore(path: string | undefined): Store {
  return path === undefined ? memoryStore : new SqliteStore(path);
}

const memoryStore: Store = {
  all: () => [],
  commit: () => undefined,
  close: () => undefined,
};

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // NORMAL survives the death of the process (the page cache does), not of the machine: enough for a simulator.
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS things (
        kind TEXT NOT NULL, id TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, id)
      ) WITHOUT ROWID;
    `);
    this.#put = this.#database.prepare('INSERT OR REPLACE INTO things (kind, id, value) VALUES (?, ?, ?)');
    this.#remove = this.#database.prepare('DELETE FROM things WHERE kind = ? AND id = ?');
  }

  all<T>(kind: string): [string, T][] {
    const rows = this.#database.prepare('SELECT id, value FROM things WHERE kind = ? ORDER BY id').all(kind);
    return rows.map((row) => [row.id as string, deserialize(row.value as Uint8Array) as T]);
  }

  commit(writes: readonly Write[]): void {
    if (writes.length === 0) return;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { kind, id, value } of writes) {
        if (value === undefined) this.#remove.run(kind, id);
        else this.#put.run(kind, id, serialize(value));
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }
}
