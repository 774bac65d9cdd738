import { Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiFailure } from '../api/failure.ts';
import { FailureNote } from './FailureNote.tsx';

interface Props<T> {
  readonly query: UseQueryResult<T>;
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** What a page shows of a question: a skeleton, the failure with a way on, or the data. Old data stays while new is fetched. */
export function Loaded<T>({ query, skeleton, children }: Props<T>) {
  // Deleted by somebody else, or not for one's role any more.
  const isGone = query.error instanceof ApiFailure && [403, 404].includes(query.error.status);
  if (query.data !== undefined && !isGone) return <>{children(query.data)}</>;
  if (query.isError) return <FailureNote error={query.error} onRetry={() => void query.refetch()} />;
  return <>{skeleton ?? <Skeletons />}</>;
}

export function Skeletons({ rows = 3, height = 88 }: { readonly rows?: number; readonly height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md" role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="lg" />
      ))}
    </Stack>
  );
}
