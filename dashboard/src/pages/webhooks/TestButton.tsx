import { Alert, Anchor, Button, Group, Loader, Stack } from '@mantine/core';
import { IconCheck, IconSend2, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { PanelWebhook } from '../../api/types.ts';
import { useAction } from '../../parts/useAction.ts';
import { lookAgain } from './questions.ts';

interface Props {
  readonly webhook: PanelWebhook;
  readonly onOpen: (deliveryId: number) => void;
}

/** Sends a test and says what the receiver answered. */
export function TestButton({ webhook, onOpen }: Props) {
  const { t } = useTranslation('webhooks');
  const { busy, run } = useAction();
  const [test, setTest] = useState<number>();
  const params = { id: String(webhook.device_id), webhook_id: String(webhook.id) };
  return (
    <Stack gap="xs" align="flex-end">
      <Button
        leftSection={<IconSend2 size={18} aria-hidden />}
        loading={busy}
        onClick={() =>
          void run(async () => {
            const { id } = await act('POST /api/panel/devices/{id}/webhooks/{webhook_id}/test', { params });
            setTest(id);
            await lookAgain();
          })
        }
      >
        {t('test.send')}
      </Button>
      {test !== undefined && (
        <Outcome key={test} params={{ ...params, delivery_id: String(test) }} onOpen={() => onOpen(test)} />
      )}
    </Stack>
  );
}

function Outcome({
  params,
  onOpen,
}: {
  readonly params: { readonly id: string; readonly webhook_id: string; readonly delivery_id: string };
  readonly onOpen: () => void;
}) {
  const { t } = useTranslation('webhooks');
  const [settled, setSettled] = useState(false);
  const delivery = useAsk(
    'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}',
    { params },
    settled ? {} : { refetchInterval: 1_000 },
  );
  const it = delivery.data;
  const isDone = it !== undefined && (it.state !== 'pending' || it.attempts > 0);
  if (isDone && !settled) {
    setSettled(true);
    void lookAgain();
  }
  if (!isDone)
    return (
      <Group gap="xs" role="status">
        <Loader size={14} aria-hidden /> {t('test.waiting')}
      </Group>
    );
  const accepted = it.state === 'delivered';
  return (
    <Alert
      color={accepted ? 'gate' : 'red'}
      p="xs"
      role="status"
      icon={accepted ? <IconCheck aria-hidden /> : <IconX aria-hidden />}
    >
      {accepted
        ? t('test.delivered', { status: it.status ?? 0, ms: it.took_ms ?? 0 })
        : t('test.failed', { reason: it.reason ?? `HTTP ${it.status ?? 0}` })}{' '}
      <Anchor component="button" type="button" size="sm" onClick={onOpen}>
        {t('test.look')}
      </Anchor>
    </Alert>
  );
}
