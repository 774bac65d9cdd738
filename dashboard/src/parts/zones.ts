/** The time zones offered; the first three are Indonesia's. */
export const zones = [
  'Asia/Jakarta',
  'Asia/Makassar',
  'Asia/Jayapura',
  'Asia/Kuala_Lumpur',
  'Asia/Singapore',
  'Asia/Manila',
  'Asia/Bangkok',
  'Asia/Tokyo',
  'Asia/Kolkata',
  'Asia/Dubai',
  'Australia/Sydney',
  'Europe/London',
  'Europe/Amsterdam',
  'America/New_York',
  'America/Sao_Paulo',
  'America/Los_Angeles',
  'UTC',
] as const;

const indonesian: Readonly<Record<string, string>> = {
  'Asia/Jakarta': 'WIB',
  'Asia/Pontianak': 'WIB',
  'Asia/Makassar': 'WITA',
  'Asia/Jayapura': 'WIT',
};

/** WIB, WITA, WIT, or GMT+9. */
export function zoneLabel(zone: string, at: number | Date = Date.now()): string {
  const known = indonesian[zone];
  if (known !== undefined) return known;
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(at);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}

/** For a list to choose from: "Asia/Jakarta (WIB)". */
export const zoneChoice = (zone: string): string => `${zone.replaceAll('_', ' ')} (${zoneLabel(zone)})`;
