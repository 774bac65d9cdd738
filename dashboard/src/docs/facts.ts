import type { FailureCode } from './failures.ts';

/** The numbers that the texts name. `test/docs` compares each with what the server does. */

export const pacing = {
  gapShortest: 1,
  gapLongest: 4,
  recipientGap: 2,
  perMinute: 20,
  perHour: 300,
  perDay: 2000,
  newPerDay: 150,
  newFirstDay: 15,
  warmUpDays: 30,
} as const;

export const limits = {
  ratePerMinute: 120,
  waitSeconds: 20,
  textLength: 5000,
  captionLength: 1024,
  keyLength: 255,
  keyHours: 24,
  expiresIn: 86_400,
  expiresInMost: 1_209_600,
  mediaMb: 100,
  mediaSeconds: 30,
  bodyMb: 1,
} as const;

/** Numbers of the sandbox with fixed manners; what each does stands in the texts. */
export const mannerNumbers = [
  '628990000001',
  '628990000002',
  '628990000003',
  '628990000004',
  '628990000005',
  '628990000006',
  '628990000007',
] as const;
export type MannerNumber = (typeof mannerNumbers)[number];

/** Ways to fail that only people in the dashboard meet, never a program with a token. */
export const dashboardOnly: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'not_signed_in',
  'invalid_link',
  'wrong_credentials',
  'code_required',
  'wrong_code',
  'device_limit_reached',
  'not_allowed',
  'foreign_site',
  'sign_up_closed',
  'device_busy',
  'already_decided',
  'last_owner',
]);

/** The texts' `{names}`, as the language writes numbers. */
export const factsFor = (language: 'id' | 'en'): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({ ...pacing, ...limits }).map(([name, value]) => [
      name,
      new Intl.NumberFormat(language).format(value),
    ]),
  );
