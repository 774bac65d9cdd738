import { currentLanguage } from '../i18n.ts';

const locale = () => (currentLanguage() === 'id' ? 'id-ID' : 'en-GB');

/** 1.234 in Indonesian, 1,234 in English. */
export const count = (value: number): string => new Intl.NumberFormat(locale()).format(value);

/** Prices are written the Indonesian way in both languages: Rp66.500. */
export const rupiah = (value: number): string => `Rp${new Intl.NumberFormat('id-ID').format(value)}`;

/** 0.42 → 42 %, never 100 before all is used. */
export const percent = (part: number): number => (part >= 1 ? 100 : Math.min(99, Math.max(0, Math.floor(part * 100))));

/** 1.5 MB; units of a thousand, as phones tell them. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const figure = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(value / 1000 ** step);
  return `${figure} ${units[step] ?? 'B'}`;
}
