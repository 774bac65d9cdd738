import { QueryCache, QueryClient } from '@tanstack/react-query';
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
