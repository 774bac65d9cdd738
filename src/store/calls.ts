import { sql } from 'kysely';
import type { Context } from './context.ts';
import { about } from './seals.ts';

export type NodeCalls = ReturnType<typeof createNodeCalls>;

/** What one node asks of another: a row each, so that a lost ring loses nothing. Times in milliseconds. */
export function createNodeCalls({ db, dialect, vault, clock }: Context) {
  return {
    async ask(id: string, node: string, request: Uint8Array, ttl: number): Promise<void> {
      await sql`insert into node_call (id, node, sealed_request, expires_at)
        values (${id}, ${node}, ${vault.seal(request, about.call(id, 'request'))}, ${dialect.now()} + ${ttl})`.execute(
        db,
      );
    },

    /** Takes one to answer it: once, and only while its asker waits. */
    async take(id: string, node: string): Promise<Uint8Array | undefined> {
      const row = await db
        .updateTable('node_call')
        .set({ taken_at: clock.now() })
        .where('id', '=', id)
        .where('node', '=', node)
        .where('taken_at', 'is', null)
        .where(sql<boolean>`expires_at > ${dialect.now()}`)
        .returning('sealed_request')
        .executeTakeFirst();
      return row && vault.open(row.sealed_request, about.call(id, 'request'));
    },

    async answer(id: string, answer: Uint8Array): Promise<void> {
      await db
        .updateTable('node_call')
        .set({ sealed_answer: vault.seal(answer, about.call(id, 'answer')) })
        .where('id', '=', id)
        .execute();
    },

    async read(id: string): Promise<Uint8Array | undefined> {
      const row = await db.selectFrom('node_call').select('sealed_answer').where('id', '=', id).executeTakeFirst();
      return row?.sealed_answer ? vault.open(row.sealed_answer, about.call(id, 'answer')) : undefined;
    },

    async forget(id: string): Promise<void> {
      await db.deleteFrom('node_call').where('id', '=', id).execute();
    },

    /** Nobody has taken them yet. */
    async open(node: string): Promise<string[]> {
      const rows = await db
        .selectFrom('node_call')
        .select('id')
        .where('node', '=', node)
        .where('taken_at', 'is', null)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** Those whose asker is gone. */
    async prune(): Promise<void> {
      await sql`delete from node_call where expires_at < ${dialect.now()} - 60000`.execute(db);
    },
  };
}
