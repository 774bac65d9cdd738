import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type Answer, call, type Data, type Given, type Inputs, type Operation } from './client.ts';

export type Reading = Extract<Operation, `GET ${string}`>;

interface AskOptions {
  readonly enabled?: boolean;
  /** Ms; beside the live stream, for what it does not tell. */
  readonly refetchInterval?: number;
}

/** The key of a question in the cache. With the operation alone it stands for all of its questions. */
export const keyOf = <O extends Reading>(operation: O, given?: Given<O>): readonly unknown[] =>
  given === undefined ? [operation] : [operation, given];

const dataOf = <O extends Operation>(answer: Answer<O>): Data<O> =>
  ((answer as { data?: unknown } | null)?.data ?? null) as Data<O>;

/** Asks a route and gives `data` of its envelope. */
export function useAsk<O extends Reading>(
  operation: O,
  given?: Given<O>,
  options: AskOptions = {},
): UseQueryResult<Data<O>> {
  return useQuery({
    queryKey: keyOf(operation, given),
    queryFn: ({ signal }) => call(operation, given, signal),
    select: (answer: Answer<O>) => dataOf<O>(answer),
    ...options,
  });
}

/** As `useAsk`, with the whole envelope, for lists in pages; the page before stays while the next is fetched. */
export function useAskPage<O extends Reading>(
  operation: O,
  given: Given<O>,
  options: AskOptions = {},
): UseQueryResult<Answer<O>> {
  return useQuery({
    queryKey: keyOf(operation, given),
    queryFn: ({ signal }) => call(operation, given, signal),
    placeholderData: (previous) => previous,
    ...options,
  });
}

/** Does something. Gives `data`; rejects with ApiFailure. */
export async function act<O extends Operation>(operation: O, ...[given]: Inputs<O>): Promise<Data<O>> {
  return dataOf<O>(await call(operation, given));
}
