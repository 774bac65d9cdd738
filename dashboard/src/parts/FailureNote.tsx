import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCloudOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ApiFailure } from '../api/failure.ts';
import { sentenceOf } from './failures.ts';

/** What went wrong, what to do, and a button to try again. */
export function FailureNote({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { t } = useTranslation();
  const away = error instanceof ApiFailure && error.status === 0;
  const requestId = error instanceof ApiFailure && error.status >= 500 ? error.requestId : null;
  return (
    <Alert
      color={away ? 'orange' : 'red'}
      variant="light"
      role="alert"
      icon={away ? <IconCloudOff aria-hidden /> : <IconAlertTriangle aria-hidden />}
      title={t(away ? 'failed.away' : 'failed.title')}
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{sentenceOf(error)}</Text>
        {requestId !== null && (
          <Group gap="xs">
            <Text size="xs">{t('failed.request')}</Text>
            <Code>{requestId}</Code>
          </Group>
        )}
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('action.retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
