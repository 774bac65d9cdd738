import { Button, Card, Group, NativeSelect, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconHistory } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAskPage } from '../../api/ask.ts';
import type { PanelDelivery, PanelWebhook } from '../../api/types.ts';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { Pages } from '../../parts/Pages.tsx';
import { exactTime } from '../../parts/times.ts';
import type { WebhookSearch } from '../../router.tsx';
import { useMay, useZone } from '../../session.tsx';
import { eventText, eventTypes } from './events.ts';
import { ReplayRange } from './ReplayRange.tsx';
import { DeliveryState } from './Status.tsx';

interface Props {
  readonly webhook: PanelWebhook;
  readonly search: WebhookSearch;
  /** `replace`: Back does not return to what was there before. */
  readonly onGo: (change: Partial<WebhookSearch>, replace?: boolean) => void;
  /** False: what is there stays, and nothing new is asked. */
  readonly asks: boolean;
}

const states = ['pending', 'delivered', 'failed'] as const;

/** The log, newest first. */
export function Deliveries({ webhook, search, onGo, asks }: Props) {
  const { t } = useTranslation('webhooks');
  const { keep } = useMay();
  const [replaying, replay] = useDisclosure(false);
  const { page = 1, state, type } = search;
  const deliveries = useAskPage(
    'GET /api/panel/devices/{id}/webhooks/{webhook_id}/deliveries',
    {
      params: { id: String(webhook.device_id), webhook_id: String(webhook.id) },
      query: {
        limit: '25',
        page: String(page),
        ...(state === undefined ? {} : { state }),
        ...(type === undefined ? {} : { type }),
      },
    },
    { enabled: asks, refetchInterval: 5_000 },
  );
  const isFiltered = state !== undefined || type !== undefined;
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between">
          <div>
            <Title order={2} size="h4">
              {t('log.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('log.lead')}
            </Text>
          </div>
          {keep && (
            <Button variant="default" leftSection={<IconHistory size={18} aria-hidden />} onClick={replay.open}>
              {t('replay.open')}
            </Button>
          )}
        </Group>
        <Group gap="sm" grow>
          <NativeSelect
            label={t('log.state')}
            value={state ?? ''}
            onChange={({ currentTarget: { value } }) =>
              onGo({ state: states.find((one) => one === value), page: undefined }, true)
            }
            data={[
              { value: '', label: t('log.all') },
              ...states.map((value) => ({ value, label: t(`log.states.${value}`) })),
            ]}
          />
          <NativeSelect
            label={t('log.type')}
            value={type ?? ''}
            onChange={({ currentTarget: { value } }) => onGo({ type: value || undefined, page: undefined }, true)}
            data={[
              { value: '', label: t('log.all') },
              ...[...eventTypes, 'webhook.test'].map((value) => ({ value, label: eventText(value) })),
            ]}
          />
        </Group>
        <Loaded query={deliveries} skeleton={<Skeletons rows={4} height={52} />}>
          {({ data, pagination }) =>
            data.length === 0 && pagination.total === 0 ? (
              <Stack align="center" gap="sm" py="md">
                <Text c="dimmed">{t(isFiltered ? 'log.noMatch' : 'log.empty')}</Text>
                {isFiltered && (
                  <Button
                    variant="default"
                    size="xs"
                    onClick={() => onGo({ state: undefined, type: undefined, page: undefined }, true)}
                  >
                    {t('log.clear')}
                  </Button>
                )}
              </Stack>
            ) : (
              <Stack gap="sm">
                <ul className="plain-list delivery-list" aria-label={t('log.title')}>
                  {data.map((delivery) => (
                    <li key={delivery.id}>
                      <Row delivery={delivery} onOpen={() => onGo({ delivery: delivery.id })} />
                    </li>
                  ))}
                </ul>
                <Pages pagination={pagination} onGo={(next) => onGo({ page: next === 1 ? undefined : next })} />
              </Stack>
            )
          }
        </Loaded>
      </Stack>
      {keep && <ReplayRange webhook={webhook} opened={replaying} onClose={replay.close} />}
    </Card>
  );
}

function Row({ delivery, onOpen }: { readonly delivery: PanelDelivery; readonly onOpen: () => void }) {
  const { t } = useTranslation('webhooks');
  const zone = useZone();
  const { status, reason, took_ms, state } = delivery;
  const outcome = [
    status === null ? null : `HTTP ${status}`,
    took_ms === null ? null : t('log.took', { ms: took_ms }),
    state === 'delivered' || reason === `HTTP ${status}` ? null : reason,
  ].filter((part) => part !== null);
  return (
    <UnstyledButton w="100%" className="delivery-row" onClick={onOpen}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
        <Stack gap={2} miw={0}>
          <Text size="sm" fw={600}>
            {eventText(delivery.type)}
          </Text>
          <Text size="xs" c="dimmed">
            {exactTime(delivery.created_at, zone)}
            {outcome.length > 0 && ` · ${outcome.join(' · ')}`}
          </Text>
        </Stack>
        <DeliveryState state={state} attempts={delivery.attempts} />
      </Group>
    </UnstyledButton>
  );
}
