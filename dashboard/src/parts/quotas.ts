import i18next from 'i18next';
import { count } from './numbers.ts';

/** From here on a quota is none: the account of whoever runs the server. */
const BOUNDLESS = 100_000_000;

export const isBoundless = (quota: number): boolean => quota >= BOUNDLESS;

/** 12 / 1,000, and 12 (no limit). */
export const usedOf = (used: number, quota: number): string =>
  isBoundless(quota)
    ? `${count(used)} (${i18next.t('usage:quota.boundless').toLowerCase()})`
    : `${count(used)} / ${count(quota)}`;

/** What a package holds: 1,000 messages. */
export const holds = (quota: number): string =>
  isBoundless(quota) ? i18next.t('plan:quotaBoundless') : i18next.t('plan:quota', { quota: count(quota) });
