import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiFailure } from './api/failure.ts';

/** Answers that another try would not change. */
const isFinal = (error: unknown) => error instanceof ApiFailure && error.status >= 400 && error.status < 500;

type Listener = () => void;
let signedOut: Listener = () => undefined;
/** Called when the server says that nobody is signed in any more. */
export const onSignedOut = (listener: Listener): void => {
  signedOut = listener;
};

const watch = (error: unknown) => {
  if (error instanceof ApiFailure && error.code === 'not_signed_in') signedOut();
};

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: watch }),
  mutationCache: new MutationCache({ onError: watch }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (tries, error) => !isFinal(error) && tries < 2,
      // An answer "offline" is shown at once, with a button, instead of a page that waits for the network without a word.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
