import { Alert, Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { IconRepeat } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { PanelDelivery, PanelWebhook } from '../../api/types.ts';
import { CopyBlock } from '../../parts/CopyField.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { count } from '../../parts/numbers.ts';
import { exactTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { useMay, useZone } from '../../session.tsx';
import { eventText } from './events.ts';
import { lookAgain } from './questions.ts';
import { DeliveryState } from './Status.tsx';

/** One delivery: what was sent, what was answered, and once more. */
export function DeliveryDetail({ webhook, id }: { readonly webhook: PanelWebhook; readonly id: number }) {
  const { t } = useTranslation('webhooks');
  const { keep } = useMay();
  const { busy, run } = useAction();
  const params = { id: String(webhook.device_id), webhook_id: String(webhook.id), delivery_id: String(id) };
  const delivery = useAsk(
    'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}',
    { params },
    { refetchInterval: 3_000 },
  );
  const replay = async () => {
    await act('POST /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/replay', { params });
    await lookAgain();
    done(t('delivery.replayed'));
  };
  return (
    <Loaded query={delivery}>
      {(it) => (
        <Stack gap="lg">
          <Group justify="space-between">
            <Text fw={650}>{eventText(it.type)}</Text>
            <DeliveryState state={it.state} attempts={it.attempts} />
          </Group>
          {it.reason !== null && it.state !== 'delivered' && (
            <Alert color="red" title={t('delivery.why')}>
              {it.reason}
            </Alert>
          )}
          <Times delivery={it} />
          {keep && (
            <Group>
              <Button
                variant="light"
                leftSection={<IconRepeat size={18} aria-hidden />}
                loading={busy}
                onClick={() => void run(replay)}
              >
                {t('delivery.replay')}
              </Button>
            </Group>
          )}
          <div>
            <Title order={3} size="h5" mb="xs">
              {t('delivery.request')}
            </Title>
            <CopyBlock text={`POST ${webhook.url}\n\n${indented(it.request)}`} label={t('delivery.request')} />
          </div>
          <div>
            <Title order={3} size="h5" mb="xs">
              {t('delivery.answer')}
              {it.status !== null && `: HTTP ${it.status}`}
            </Title>
            {it.answer === null || it.answer === '' ? (
              <Text size="sm" c="dimmed">
                {t(it.attempts === 0 || it.status === null ? 'delivery.answerNone' : 'delivery.answerEmpty')}
              </Text>
            ) : (
              <CopyBlock text={it.answer} label={t('delivery.answer')} />
            )}
          </div>
          <Text size="xs" c="dimmed">
            {t('delivery.cut')}
          </Text>
        </Stack>
      )}
    </Loaded>
  );
}

function Times({ delivery: it }: { readonly delivery: PanelDelivery }) {
  const { t } = useTranslation('webhooks');
  const zone = useZone();
  const at = (name: string, value: string | null) => (value === null ? [] : [[name, exactTime(value, zone)] as const]);
  return (
    <Facts
      rows={[
        [t('delivery.id'), <Code key="id">{it.event_id}</Code>],
        [t('log.attempts'), count(it.attempts)],
        ...(it.replays > 0 ? [[t('delivery.replays'), count(it.replays)] as const] : []),
        ...at(t('log.when'), it.created_at),
        ...at(t('delivery.attempted'), it.attempted_at),
        ...at(t('delivery.delivered'), it.delivered_at),
        ...at(t('log.next'), it.next_attempt_at),
      ]}
    />
  );
}

/** JSON on several lines; what was cut off, or is none, stays as it is. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // Cut at 8 KB: no JSON any more, and still worth reading.
    return body;
  }
}
