import { startOfDay } from '../../parts/clocks.ts';
import { isWholeNumber } from '../../parts/phones.ts';
import type { MessagesSearch } from '../../router.tsx';

/** The filters as the server takes them; days are days of the account's zone, the last one included. */
export function filtersOf({ device, status, q, recipient, from, to }: MessagesSearch, zone: string) {
  return {
    ...(device === undefined ? {} : { device_id: String(device) }),
    ...(status === undefined ? {} : { status }),
    ...(q === undefined ? {} : { q }),
    ...(recipient === undefined || !isWholeNumber(recipient) ? {} : { recipient }),
    ...(from === undefined ? {} : { since: startOfDay(from, zone).toISOString() }),
    ...(to === undefined ? {} : { until: startOfDay(dayAfter(to), zone).toISOString() }),
  };
}

export const isFiltered = ({ device, status, q, recipient, from, to }: MessagesSearch): boolean =>
  [device, status, q, recipient, from, to].some((value) => value !== undefined);

function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}
