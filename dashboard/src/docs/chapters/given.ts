import type { DocsTexts } from '../texts/shape.ts';

/** What a chapter is made from. */
export interface Given {
  readonly texts: DocsTexts;
  readonly origin: string;
}
