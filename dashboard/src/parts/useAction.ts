import { useState } from 'react';
import { noteEndedSession } from '../queries.ts';
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
      // Told once, by the way to the sign-in page.
      if (!noteEndedSession(error)) failed(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
}
