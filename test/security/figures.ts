import { appendFileSync } from 'node:fs';

/** A figure for docs/security.md: written to the file that SECURITY_FIGURES names, and nowhere else. */
export function tell(what: string, figure: number | string): void {
  const file = process.env.SECURITY_FIGURES;
  if (file !== undefined) appendFileSync(file, `${what}: ${figure}\n`);
}
