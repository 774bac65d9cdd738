/** The time zones offered; the first three are Indonesia's. */
const zones: readonly string[] = [
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
];

/** What `TIME_ZONE` of the server is until its operator sets it: an account that has it was given none by anybody. */
const UNCHOSEN = 'Asia/Jakarta';

/** The browser's own, where it knows one. */
export function browserZone(): string | undefined {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // "Etc/Unknown" is what Chromium says on a machine without a setting; it is no zone, also for Chromium.
  return zone === 'Etc/Unknown' ? undefined : zone;
}

/** What is proposed to an account at its beginning: the zone it was given, else the browser's. */
export const proposedZone = (given: string): string => (given === UNCHOSEN ? (browserZone() ?? given) : given);

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

/** "Asia/Jakarta (WIB)" */
export const zoneChoice = (zone: string): string => `${zone.replaceAll('_', ' ')} (${zoneLabel(zone)})`;

/** The list to choose from, `own` zones among them. */
export function zoneChoices(...own: readonly string[]): { readonly value: string; readonly label: string }[] {
  const others = [...new Set(own)].filter((zone) => !zones.includes(zone));
  return [...others, ...zones].map((value) => ({ value, label: zoneChoice(value) }));
}
