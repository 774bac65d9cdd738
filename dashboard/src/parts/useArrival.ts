import { type RefObject, useEffect } from 'react';

let isFirst = true;

/**
 * Moves the focus to the title of a page when one comes there, so that a screen reader begins with it. Not on the first page of a
 * visit, where the keyboard begins at the top as everywhere; and a field that wants the focus (autofocus) keeps it.
 */
export function useArrival(heading: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (isFirst) isFirst = false;
    else if (!(document.activeElement instanceof HTMLInputElement)) heading.current?.focus({ preventScroll: true });
  }, [heading]);
}
