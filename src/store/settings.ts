import type { Context } from './context.ts';

export type Settings = ReturnType<typeof createSettings>;

/** Of the installation, by name; what nobody has set is absent. */
export function createSettings({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  return {
    async all(): Promise<Readonly<Record<string, string>>> {
      const rows = await db.selectFrom('setting').select(['name', 'value']).execute();
      return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    },

    async set(name: string, value: string): Promise<void> {
      const changed_at = clock.now();
      await db
        .insertInto('setting')
        .values({ name, value, changed_at })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at }))
        .execute();
    },
  };
}
