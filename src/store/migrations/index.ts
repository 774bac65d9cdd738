import type { Columns } from '../dialect.ts';
import { statements as first } from './0001_first.ts';
import { statements as paceAndHealth } from './0003_pace_and_health.ts';

/**
 * A step of the schema. Once released it never changes; the next change is the next file. `statements` are plain SQL for both
 * databases; what differs comes in `columns`.
 */
export interface Migration {
  readonly name: string;
  readonly statements: (columns: Columns) => readonly string[];
}

/** In order. */
export const migrations: readonly Migration[] = [
  { name: '0001_first', statements: first },
  { name: '0003_pace_and_health', statements: paceAndHealth },
];
