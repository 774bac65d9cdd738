import { Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Pagination } from '../api/types.ts';
import { count } from './numbers.ts';

interface Props {
  readonly pagination: Pagination;
  readonly onGo: (page: number) => void;
}

/** To the newer and older page of a list. */
export function Pages({ pagination: { current_page, total_pages, total }, onGo }: Props) {
  const { t } = useTranslation();
  if (total_pages <= 1 && current_page <= 1)
    return (
      <Text size="sm" c="dimmed">
        {t('page.total', { count: total })}
      </Text>
    );
  return (
    <Group gap="sm" component="nav" aria-label={t('page.label')}>
      <Button
        variant="default"
        size="sm"
        disabled={current_page <= 1}
        onClick={() => onGo(Math.max(1, Math.min(current_page - 1, total_pages)))}
      >
        {t('action.newer')}
      </Button>
      <Text size="sm" c="dimmed" aria-live="polite">
        {t('page.of', { page: count(current_page), pages: count(Math.max(1, total_pages)) })} ·{' '}
        {t('page.total', { count: total })}
      </Text>
      <Button variant="default" size="sm" disabled={current_page >= total_pages} onClick={() => onGo(current_page + 1)}>
        {t('action.older')}
      </Button>
    </Group>
  );
}
