import { isoMicros } from '../../base/clock.ts';

/** Keys whose number is an instant in Unix ms. */
const isTime = (key: string) => /(?:At|Since|Until|^at|^since|^until)$/.test(key);
const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * What the gateway says as JSON has it: `createdAt: 1765353600000` becomes `created_at: "2025-12-10T…"`. It lets everything through: the
 * schema of the row's answer says which keys leave the server.
 */
export function shown(value: unknown, key = ''): unknown {
  if (typeof value === 'number') return isTime(key) ? isoMicros(value) : value;
  if (Array.isArray(value)) return value.map((one) => shown(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snake(name), shown(inner, name)]));
}
