import type { Selectable } from 'kysely';
import type { AuditTable } from './account-schema.ts';
import type { Context } from './context.ts';

export type AuditRow = Selectable<AuditTable> & { readonly account: string | null };
export type Audit = ReturnType<typeof createAudit>;

/** Who did what. Nothing of it is ever changed; the oldest go by `prune`. */
export function createAudit({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  const page = async (
    where: { readonly account_id?: number; readonly kind?: string | undefined },
    limit: number,
    number: number,
  ): Promise<{ rows: AuditRow[]; total: number }> => {
    let rows = db
      .selectFrom('audit')
      .leftJoin('account', 'account.id', 'audit.account_id')
      .selectAll('audit')
      .select('account.name as account')
      .orderBy('audit.id', 'desc');
    let counted = db.selectFrom('audit').select((eb) => eb.fn.countAll<number>().as('total'));
    if (where.account_id !== undefined) {
      rows = rows.where('audit.account_id', '=', where.account_id);
      counted = counted.where('account_id', '=', where.account_id);
    }
    if (where.kind !== undefined) {
      rows = rows.where('audit.kind', '=', where.kind);
      counted = counted.where('kind', '=', where.kind);
    }
    const { total } = await counted.executeTakeFirstOrThrow();
    return {
      total,
      rows: await rows
        .limit(limit)
        .offset((number - 1) * limit)
        .execute(),
    };
  };
  return {
    async add(row: Omit<Selectable<AuditTable>, 'id' | 'at'>): Promise<void> {
      await db
        .insertInto('audit')
        .values({ ...row, at: clock.now() })
        .execute();
    },
    ofAccount: (account_id: number, limit: number, number: number) => page({ account_id }, limit, number),
    all: (kind: string | undefined, limit: number, number: number) => page({ kind }, limit, number),
    /** At most `limit` of those before; gives how many. */
    async prune(before: number, limit: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('audit')
        .where('id', 'in', (eb) => eb.selectFrom('audit').select('id').where('at', '<', before).limit(limit))
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
