import { open } from 'node:fs/promises';
import { StatementSync } from 'node:sqlite';

export interface Counted {
  readonly text: string;
  readonly calls: number;
  /** Wall ms inside SQLite. */
  readonly ms: number;
}

/**
 * Counts what the process asks of SQLite and how often it syncs, from now on; the function that comes back ends it. Both are patched
 * from outside, so that the product has no switch for it.
 */
export async function countStatements(): Promise<() => Counted[]> {
  const counted = new Map<string, { calls: number; ms: number }>();
  const add = (text: string, ms: number) => {
    const entry = counted.get(text) ?? { calls: 0, ms: 0 };
    counted.set(text, { calls: entry.calls + 1, ms: entry.ms + ms });
  };

  const { all, run } = StatementSync.prototype;
  const watched = <A extends unknown[], R>(call: (...values: A) => R) =>
    function (this: StatementSync, ...values: A): R {
      const from = performance.now();
      try {
        return call.apply(this, values);
      } finally {
        add(this.sourceSQL.replaceAll('"', '').replace(/\s+/g, ' ').trim(), performance.now() - from);
      }
    };
  StatementSync.prototype.all = watched(all) as typeof all;
  StatementSync.prototype.run = watched(run) as typeof run;

  const file = await open(import.meta.filename);
  const handles = Object.getPrototypeOf(file) as Pick<typeof file, 'datasync'>;
  await file.close();
  const { datasync } = handles;
  handles.datasync = async function (this: typeof file) {
    const from = performance.now();
    await datasync.call(this);
    add('(fdatasync)', performance.now() - from);
  };

  return () => {
    Object.assign(StatementSync.prototype, { all, run });
    handles.datasync = datasync;
    return [...counted].map(([text, entry]) => ({ text, ...entry })).sort((a, b) => b.calls - a.calls || b.ms - a.ms);
  };
}
