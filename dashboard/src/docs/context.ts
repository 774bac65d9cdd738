import { createContext, useContext } from 'react';
import type { LanguageId } from './samples/filling.ts';
import type { DocsTexts } from './texts/shape.ts';

export interface Docs {
  readonly texts: DocsTexts;
  readonly origin: string;
  /** The language of the samples, chosen once for the page. */
  readonly chosen: LanguageId;
  readonly choose: (language: LanguageId) => void;
}

export const DocsContext = createContext<Docs | undefined>(undefined);

export function useDocs(): Docs {
  const docs = useContext(DocsContext);
  if (docs === undefined) throw new Error('this part stands outside of the documentation page');
  return docs;
}
