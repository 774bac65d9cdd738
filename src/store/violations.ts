import pg from 'pg';

/** SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE. */
const sqliteDuplicates = new Set<unknown>([1555, 2067]);

/** Whether a write was refused because a row with such a unique value exists. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof pg.DatabaseError
    ? error.code === '23505'
    : error instanceof Error && 'errcode' in error && sqliteDuplicates.has(error.errcode);
