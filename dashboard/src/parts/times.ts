import { currentLanguage } from '../i18n.ts';
import { zoneLabel } from './zones.ts';

type When = string | number | Date;
const locale = () => (currentLanguage() === 'id' ? 'id-ID' : 'en-GB');
const format = (at: When, timeZone: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale(), { timeZone, ...options }).format(new Date(at));

/** 12 Des 2025, 10.15 WIB */
export const dateTime = (at: When, zone: string): string =>
  `${format(at, zone, { dateStyle: 'medium', timeStyle: 'short' })} ${zoneLabel(zone, new Date(at))}`;

/** 10.15.04 WIB, for what happens within seconds. */
export const exactTime = (at: When, zone: string): string =>
  `${format(at, zone, { dateStyle: 'medium', timeStyle: 'medium' })} ${zoneLabel(zone, new Date(at))}`;

/** For a narrow place: 10.15 when it is today, else 12 Des. */
export const briefly = (at: When, zone: string): string =>
  dayAndMonth(at, zone) === dayAndMonth(Date.now(), zone) ? timeOfDay(at, zone) : dayAndMonth(at, zone);

export const timeOfDay = (at: When, zone: string): string => format(at, zone, { timeStyle: 'short' });
export const dayAndMonth = (at: When, zone: string): string => format(at, zone, { day: 'numeric', month: 'short' });
export const date = (at: When, zone: string): string => format(at, zone, { dateStyle: 'long' });

/** A bare date (`2025-12-31`) has no zone: it is that day everywhere. */
export const bareDate = (day: string): string => date(`${day.slice(0, 10)}T12:00:00Z`, 'UTC');

const steps: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "5 minutes ago"; under a minute "now". */
export function ago(at: When, now: number = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const step = steps.find(([, size]) => Math.abs(seconds) >= size);
  return step === undefined ? words.format(0, 'second') : words.format(Math.trunc(seconds / step[1]), step[0]);
}
