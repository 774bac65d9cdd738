import { QueryCache, QueryClient, type QueryKey } from '@tanstack/react-query';
import { ApiFailure } from './api/failure.ts';
import { forgetKept } from './parts/kept.ts';

/** Answers that another try would not change. */
const isFinal = (error: unknown) => error instanceof ApiFailure && error.status >= 400 && error.status < 500;

const isEnded = (error: unknown) => error instanceof ApiFailure && error.code === 'not_signed_in';

const WHO = 'GET /api/panel/me';

/** The server says that nobody is signed in any more: who it is, is asked again, and the shell goes to the sign-in page. */
export function noteEndedSession(error: unknown): boolean {
  const ended = isEnded(error);
  if (ended) {
    forgetKept();
    void queries.invalidateQueries({ queryKey: [WHO] });
  }
  return ended;
}

export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] !== WHO) noteEndedSession(error);
      else if (isEnded(error)) forgetKept();
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (tries, error) => !isFinal(error) && tries < 2,
      // An answer "offline" is shown at once, with a button, instead of a page that waits for the network without a word.
      networkMode: 'always',
    },
  },
});

let leaving = false;

/** Signs out: what is still being asked, or would be asked again meanwhile because something happened, would be answered to nobody. */
export async function leave(signOut: () => Promise<void>): Promise<void> {
  leaving = true;
  try {
    await queries.cancelQueries();
    await signOut();
    queries.clear();
  } catch (error) {
    void queries.invalidateQueries();
    throw error;
  } finally {
    leaving = false;
  }
}

/** Something has happened that these answers may tell of. */
export function askAgain(queryKey: QueryKey): void {
  if (!leaving) void queries.invalidateQueries({ queryKey });
}
