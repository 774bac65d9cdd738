import type { Insertable, Selectable } from 'kysely';
import type { PackageTable } from './account-schema.ts';
import type { Context } from './context.ts';
import { isEmpty } from './patches.ts';

export type PackageRow = Selectable<PackageTable>;
export type NewPackage = Omit<Insertable<PackageTable>, 'id' | 'archived_at' | 'created_at'>;

export type PackagePatch = Partial<NewPackage & Pick<Insertable<PackageTable>, 'archived_at'>>;

export type Packages = ReturnType<typeof createPackages>;

/** What the server's administrator offers. */
export function createPackages({ db, clock }: Pick<Context, 'db' | 'clock'>) {
  return {
    create: (row: NewPackage): Promise<PackageRow> =>
      db
        .insertInto('package')
        .values({ ...row, archived_at: null, created_at: clock.now() })
        .returningAll()
        .executeTakeFirstOrThrow(),

    find: (id: number): Promise<PackageRow | undefined> =>
      db.selectFrom('package').selectAll().where('id', '=', id).executeTakeFirst(),

    findByName: (name: string): Promise<PackageRow | undefined> =>
      db.selectFrom('package').selectAll().where('name', '=', name).executeTakeFirst(),

    /** Undefined when there is none. Throws a duplicate when another has the name. */
    update: (id: number, patch: PackagePatch): Promise<PackageRow | undefined> =>
      isEmpty(patch)
        ? db.selectFrom('package').selectAll().where('id', '=', id).executeTakeFirst()
        : db.updateTable('package').set(patch).where('id', '=', id).returningAll().executeTakeFirst(),

    list: (): Promise<PackageRow[]> => db.selectFrom('package').selectAll().orderBy('id').execute(),
  };
}
