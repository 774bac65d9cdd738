/** When the day began in that zone, as UTC; where the clocks left midnight out, that is later than 00:00. `day`: YYYY-MM-DD. */
export const startOfDay = (day: string, zone: string): Date => inZone(`${day}T00:00:00`, zone);

const DAY_MS = 86_400_000;

/**
 * The instant at which clocks of the zone show this. Of a time that comes twice when they are set back it is the first; one that is left
 * out when they are set forward comes as much later, as on the server (`src/base/clock.ts`). `shown`: YYYY-MM-DDThh:mm, with or without
 * seconds.
 */
export function inZone(shown: string, zone: string): Date {
  const clocks = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  const ahead = (at: number) => Date.parse(`${clocks.format(at).replace(' ', 'T')}Z`) - at;
  const wanted = Date.parse(`${shown}Z`);
  // As far from UTC as a day before, or as a day after: at a change of the clocks only one of the two may show what is wanted.
  const before = wanted - ahead(wanted - DAY_MS);
  const after = wanted - ahead(wanted + DAY_MS);
  const fitting = [before, after].filter((at) => at + ahead(at) === wanted);
  return new Date(fitting.length === 0 ? before : Math.min(...fitting));
}
