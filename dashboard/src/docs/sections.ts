import { basics } from './chapters/basics.ts';
import { endpoints } from './chapters/endpoints.ts';
import { practice } from './chapters/practice.ts';
import { receiving } from './chapters/receiving.ts';
import { sending } from './chapters/sending.ts';
import { factsFor } from './facts.ts';
import { filled, type Section } from './model.ts';
import { en } from './texts/en/index.ts';
import { id } from './texts/id/index.ts';
import type { DocsTexts } from './texts/shape.ts';

export type DocsLanguage = 'id' | 'en';

const languages: Readonly<Record<DocsLanguage, DocsTexts>> = {
  id: filled(id, factsFor('id')),
  en: filled(en, factsFor('en')),
};

export const textsIn = (language: DocsLanguage): DocsTexts => languages[language];

/** The whole page: the contract document's order, with what this server adds between its endpoints and its code examples. */
export function sectionsIn(language: DocsLanguage, origin: string): readonly Section[] {
  const given = { texts: textsIn(language), origin };
  return [basics, endpoints, sending, receiving, practice].flatMap((chapter) => chapter(given));
}
