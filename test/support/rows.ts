import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import pg from 'pg';
import { readNumbers } from '../../src/store/postgres.ts';

/**
 * One statement on a gateway's database, past the gateway: `at` is SQLite's file or PostgreSQL's URL (`placeOf`), `statement` what both
 * understand, with `?` for values.
 */
export async function rows<Row = Record<string, unknown>>(
  at: string,
  statement: string,
  ...values: SQLInputValue[]
): Promise<Row[]> {
  if (!at.startsWith('postgres')) {
    const file = new DatabaseSync(at, { readOnly: /^\s*select/i.test(statement), timeout: 5_000 });
    try {
      return file.prepare(statement).all(...values) as Row[];
    } finally {
      file.close();
    }
  }
  const client = new pg.Client({ connectionString: at, types: { getTypeParser: readNumbers } });
  await client.connect();
  let place = 0;
  const numbered = statement.replaceAll('?', () => `$${++place}`);
  return client
    .query(numbered, values)
    .then((answer) => answer.rows as Row[])
    .finally(() => client.end());
}
