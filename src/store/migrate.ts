import { type Kysely, sql } from 'kysely';
import { ConfigError } from '../base/config.ts';
import type { Dialect } from './dialect.ts';
import { type Migration, migrations } from './migrations/index.ts';
import type { Tables } from './schema.ts';
import { inTransaction } from './transactions.ts';

/**
 * Brings the database up to date: forward only, in one transaction, under a lock, so that of many nodes that start together one
 * migrates and the others wait. Gives the names of what was applied. Throws ConfigError when the database is newer than this code.
 */
export async function migrate(
  db: Kysely<Tables>,
  dialect: Dialect,
  now: number,
  known: readonly Migration[] = migrations,
): Promise<readonly string[]> {
  const applied = await inTransaction(db, async (tx) => {
    await dialect.lockMigrations(tx);
    const { int, end } = dialect.columns;
    await sql
      .raw(`create table if not exists migration (name text primary key, applied_at ${int} not null) ${end}`)
      .execute(tx);
    const { rows } = await sql<{ name: string }>`select name from migration order by name`.execute(tx);
    const done = new Set(rows.map(({ name }) => name));
    const foreign = foreignOf(
      rows.map(({ name }) => name),
      known,
    );
    if (foreign !== undefined)
      throw new ConfigError(
        `The database was made by a newer version of WAGate (it has the migration ${foreign}, which this version does not know). Start the newer version, or restore a backup that was made before the upgrade.`,
      );
    const missing = known.filter(({ name }) => !done.has(name));
    for (const { name, statements } of missing) {
      for (const statement of statements(dialect.columns)) await sql.raw(statement).execute(tx);
      await sql`insert into migration (name, applied_at) values (${name}, ${now})`.execute(tx);
    }
    return missing.map(({ name }) => name);
  });
  await dialect.durable();
  return applied;
}

/**
 * A migration that this code does not know and can not serve beside. One whose name ends with `_online` only adds what older code need not
 * know of: while nodes are exchanged one after the other, the older ones go on.
 */
export const foreignOf = (applied: readonly string[], known: readonly Migration[] = migrations): string | undefined =>
  applied.find((name) => !name.endsWith('_online') && !known.some((migration) => migration.name === name));
