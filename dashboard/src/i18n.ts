import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type en from './texts/en/index.ts';

export const languages = ['id', 'en'] as const;
export type Language = (typeof languages)[number];

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: typeof en;
  }
}

const STORED = 'wagate-language';
/** Each language is a file of its own; only the one that is shown is loaded. */
const loaders = {
  id: () => import('./texts/id/index.ts'),
  en: () => import('./texts/en/index.ts'),
} satisfies Record<Language, () => Promise<unknown>>;

/** What was chosen here before, else the browser's first language. */
export function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === 'id' || stored === 'en') return stored;
  const wanted = navigator.languages.find((language) => /^(id|in|en)\b/i.test(language)) ?? navigator.language;
  return /^(id|in)\b/i.test(wanted) ? 'id' : 'en';
}

export async function startTexts(): Promise<void> {
  const language = firstLanguage();
  const texts = await loaders[language]();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'common',
    resources: { [language]: texts.default },
    // React escapes.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
}

export async function changeLanguage(language: Language): Promise<void> {
  const texts = await loaders[language]();
  for (const [name, namespace] of Object.entries(texts.default))
    i18next.addResourceBundle(language, name, namespace, true, true);
  localStorage.setItem(STORED, language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

export const currentLanguage = (): Language => (i18next.language === 'id' ? 'id' : 'en');
