/** Rows a transaction, so that a gateway at work waits for no more than some milliseconds. */
export const AT_ONCE = 500;

/** Walks through rows by id, some at a time; gives the sum of what `work` gives. */
export async function through<Row extends { readonly id: number }>(
  some: (after: number) => Promise<readonly Row[]>,
  work: (row: Row) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (let after = 0; ; ) {
    const rows = await some(after);
    const last = rows.at(-1);
    if (last === undefined) return sum;
    for (const row of rows) sum += await work(row);
    after = last.id;
  }
}
