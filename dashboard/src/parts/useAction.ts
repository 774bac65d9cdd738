import { useState } from 'react';
import { ApiFailure } from '../api/failure.ts';
import { queries } from '../queries.ts';
import { failed } from './notices.ts';

/** Runs what a click asks for: `busy` while it runs, a notice when it fails. Gives whether it went well. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const run = async (action: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    try {
      await action();
      return true;
    } catch (error) {
      tell(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
}

/** A session that has ended is told once, by the way to the sign-in page. */
function tell(error: unknown): void {
  if (error instanceof ApiFailure && error.code === 'not_signed_in')
    void queries.invalidateQueries({ queryKey: ['GET /api/panel/me'] });
  else failed(error);
}
