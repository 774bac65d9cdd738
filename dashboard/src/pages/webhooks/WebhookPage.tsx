import { Alert, Anchor, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowLeft, IconPencil, IconTrash, IconWebhookOff } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { PanelWebhook } from '../../api/types.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { Dialog, SidePanel } from '../../parts/Dialog.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { Page } from '../../parts/Page.tsx';
import { dateTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import type { WebhookSearch } from '../../router.tsx';
import { useMay, useZone } from '../../session.tsx';
import { Deliveries } from './Deliveries.tsx';
import { DeliveryDetail } from './DeliveryDetail.tsx';
import { eventText } from './events.ts';
import { lookAgain, stopAsking } from './questions.ts';
import { SecretCard } from './SecretCard.tsx';
import { WebhookStatus } from './Status.tsx';
import { TestButton } from './TestButton.tsx';
import { WebhookForm } from './WebhookForm.tsx';
import { Resume } from './WebhooksPage.tsx';

export function WebhookPage() {
  const [asks, setAsks] = useState(true);
  const { deviceId, webhookId } = useParams({ from: '/signed/webhooks/$deviceId/$webhookId' });
  const webhook = useAsk(
    'GET /api/panel/devices/{id}/webhooks/{webhook_id}',
    { params: { id: deviceId, webhook_id: webhookId } },
    // What is being deleted is not asked for: the answer would be that there is no such webhook.
    { enabled: asks, refetchInterval: 10_000 },
  );
  return <Loaded query={webhook}>{(it) => <Parts key={it.id} webhook={it} asks={asks} onAsk={setAsks} />}</Loaded>;
}

interface Asking {
  readonly onAsk: (asks: boolean) => void;
}

function Parts({
  webhook,
  asks,
  onAsk,
}: Asking & {
  readonly webhook: PanelWebhook;
  /** False while it is being deleted. */
  readonly asks: boolean;
}) {
  const { t } = useTranslation('webhooks');
  const { keep } = useMay();
  const search = useSearch({ from: '/signed/webhooks/$deviceId/$webhookId' });
  const navigate = useNavigate({ from: '/webhooks/$deviceId/$webhookId' });
  const devices = useAsk('GET /api/panel/devices');
  const go = (change: Partial<WebhookSearch>, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace });
  const device = devices.data?.find(({ id }) => id === webhook.device_id);
  return (
    <Page
      title={webhook.description || new URL(webhook.url).host}
      above={
        <Anchor size="sm" renderRoot={(props) => <Link to="/webhooks" {...props} />}>
          <IconArrowLeft size={14} aria-hidden /> {t('back')}
        </Anchor>
      }
      lead={<span className="break-all">{webhook.url}</span>}
      actions={keep && <TestButton webhook={webhook} onOpen={(delivery) => go({ delivery })} />}
    >
      {webhook.status === 'paused' && (
        <Alert
          color="red"
          role="alert"
          icon={<IconWebhookOff aria-hidden />}
          title={t('pausedAlert.title', { count: 1 })}
        >
          <Stack gap="sm" align="flex-start">
            <Text size="sm">{t('pausedAlert.text')}</Text>
            {webhook.pause_reason !== null && (
              <Text size="sm">
                {t('reason')}: {webhook.pause_reason}
              </Text>
            )}
            {keep && <Resume webhook={webhook} />}
          </Stack>
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <StateCard webhook={webhook} deviceName={device?.name} onAsk={onAsk} />
        <SecretCard webhook={webhook} />
      </SimpleGrid>
      <Deliveries webhook={webhook} search={search} onGo={go} asks={asks} />
      <SidePanel
        opened={search.delivery !== undefined}
        onClose={() => go({ delivery: undefined }, true)}
        position="right"
        size="lg"
        title={t('delivery.title')}
      >
        {search.delivery !== undefined && (
          <DeliveryDetail key={search.delivery} webhook={webhook} id={search.delivery} />
        )}
      </SidePanel>
    </Page>
  );
}

function StateCard({
  webhook,
  deviceName,
  onAsk,
}: Asking & {
  readonly webhook: PanelWebhook;
  readonly deviceName: string | undefined;
}) {
  const { t } = useTranslation('webhooks');
  const zone = useZone();
  const { keep } = useMay();
  const { status } = webhook;
  const isFresh = status === 'active' && webhook.last_success_at === null;
  const at = (name: string, value: string | null) => (value === null ? [] : [[name, dateTime(value, zone)] as const]);
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {t('settings')}
          </Title>
          <WebhookStatus status={status} />
        </Group>
        <Text size="sm">{t(isFresh ? 'statusText.fresh' : `statusText.${status}`)}</Text>
        <Facts
          rows={[
            ...(deviceName === undefined ? [] : [[t('device'), deviceName] as const]),
            [t('events'), webhook.events.map(eventText).join('; ')],
            [t('format'), t(`formats.${webhook.format}`)],
            ...at(t('lastSuccess'), webhook.last_success_at),
            ...at(t('failingSince'), webhook.failing_since),
            ...at(t('pausedSince'), webhook.paused_at),
            ...(webhook.pending > 0
              ? [[t('log.states.pending'), t('pending', { count: webhook.pending })] as const]
              : []),
            ...at(t('oldest'), webhook.oldest_pending_at),
            ...at(t('made'), webhook.created_at),
          ]}
        />
        {keep && <Changes webhook={webhook} onAsk={onAsk} />}
      </Stack>
    </Card>
  );
}

/** Change, switch off and on, delete. */
function Changes({ webhook, onAsk }: Asking & { readonly webhook: PanelWebhook }) {
  const { t } = useTranslation('webhooks');
  const navigate = useNavigate();
  const { busy, run } = useAction();
  const [editing, edit] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  const params = { id: String(webhook.device_id), webhook_id: String(webhook.id) };
  const isOff = webhook.status === 'disabled';
  const toggle = async () => {
    await act('PATCH /api/panel/devices/{id}/webhooks/{webhook_id}', { params, body: { enabled: isOff } });
    await lookAgain();
    done(t(isOff ? 'switchedOn' : 'switchedOff'));
  };
  return (
    <Group gap="xs">
      <Button variant="default" size="xs" leftSection={<IconPencil size={16} aria-hidden />} onClick={edit.open}>
        {t('edit')}
      </Button>
      <Button variant="default" size="xs" loading={busy} onClick={() => void run(toggle)}>
        {t(isOff ? 'switchOn' : 'switchOff')}
      </Button>
      <Button
        variant="outline"
        color="red"
        size="xs"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={remove.open}
      >
        {t('delete')}
      </Button>
      <Dialog opened={editing} onClose={edit.close} title={t('form.edit')} size="lg">
        <WebhookForm
          webhook={webhook}
          onSend={async ({ device_id: _, ...body }) => {
            await act('PATCH /api/panel/devices/{id}/webhooks/{webhook_id}', { params, body });
            await lookAgain();
            edit.close();
            done(t('saved'));
          }}
        />
      </Dialog>
      <Confirm
        opened={deleting}
        onClose={remove.close}
        title={t('deleteTitle')}
        action={t('delete')}
        danger
        onConfirm={async () => {
          onAsk(false);
          await stopAsking();
          await act('DELETE /api/panel/devices/{id}/webhooks/{webhook_id}', { params }).catch((error) => {
            onAsk(true);
            throw error;
          });
          await queries.invalidateQueries({ queryKey: ['GET /api/panel/webhooks'] });
          await navigate({ to: '/webhooks' });
          done(t('deleted'));
        }}
      >
        <Text>{t('deleteText')}</Text>
      </Confirm>
    </Group>
  );
}
