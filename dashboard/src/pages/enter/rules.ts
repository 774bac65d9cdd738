import i18next from 'i18next';
import { count } from '../../parts/numbers.ts';

/** As the server demands it. */
export const SHORTEST_PASSWORD = 10;

export const isEmail = (value: string) => (/^\S+@\S+$/.test(value.trim()) ? null : i18next.t('enter:email'));
export const isFilled = (value: string) => (value.trim() === '' ? i18next.t('enter:required') : null);
/** An emptied number: it would be taken as 0. */
export const isGiven = (value: number | string) => (String(value).trim() === '' ? i18next.t('enter:required') : null);
export const isWhole = (min: number, max: number) => (value: number | string) =>
  isGiven(value) ??
  (Number.isInteger(Number(value)) && Number(value) >= min && Number(value) <= max
    ? null
    : i18next.t('failures:field.between', { min: count(min), max: count(max) }));
export const isPassword = (value: string) =>
  value.length < SHORTEST_PASSWORD ? i18next.t('enter:password.short', { count: SHORTEST_PASSWORD }) : null;
export const isSame = (value: string, values: { readonly password: string }) =>
  value === values.password ? null : i18next.t('enter:password.differ');
