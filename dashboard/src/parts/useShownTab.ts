import { useEffect } from 'react';

/** Scrolls the chosen tab into sight: on a phone there are more of them than fit. */
export function useShownTab(shown: string): void {
  useEffect(() => {
    document.querySelector('[role=tab][aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [shown]);
}
