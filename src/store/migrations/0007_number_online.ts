import type { Columns } from '../dialect.ts';

/** Another number may have linked a device: what was before it was another number's. */
export const statements = ({ int }: Columns): readonly string[] => [
  `alter table device add column number_since ${int}`,
];
