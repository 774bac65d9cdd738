import { Alert, Anchor, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconWebhook, IconWebhookOff } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { PanelDevice, PanelWebhook } from '../../api/types.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { Page } from '../../parts/Page.tsx';
import { useAction } from '../../parts/useAction.ts';
import { useMay } from '../../session.tsx';
import { eventText } from './events.ts';
import { lookAgain } from './questions.ts';
import { WebhookStatus } from './Status.tsx';
import { showSecret } from './secrets.ts';
import { WebhookForm } from './WebhookForm.tsx';

export function WebhooksPage() {
  const { t } = useTranslation('webhooks');
  const { t: common } = useTranslation();
  const { keep } = useMay();
  const navigate = useNavigate();
  const [adding, add] = useDisclosure(false);
  const devices = useAsk('GET /api/panel/devices');
  // The live stream tells of changes; this is for deliveries that fail meanwhile.
  const webhooks = useAsk('GET /api/panel/webhooks', {}, { refetchInterval: 15_000 });
  const mayAdd = keep && (devices.data?.length ?? 0) > 0;
  const addButton = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={add.open}>
      {t('add')}
    </Button>
  );
  const docs = (
    <Anchor size="sm" renderRoot={(props) => <Link to="/docs" hash="webhook-receivers" {...props} />}>
      {t('docs')}
    </Anchor>
  );
  return (
    <Page title={t('title')} lead={t('lead')} actions={mayAdd && addButton}>
      <Loaded query={webhooks}>
        {(list) =>
          list.length === 0 ? (
            <EmptyNote
              icon={IconWebhook}
              title={t('empty.title')}
              text={keep ? t(mayAdd ? 'empty.text' : 'empty.devices') : t('reads')}
            >
              {mayAdd
                ? addButton
                : keep && (
                    <Button renderRoot={(props) => <Link to="/devices" {...props} />}>{common('place.devices')}</Button>
                  )}
              {docs}
            </EmptyNote>
          ) : (
            <Stack>
              <Paused webhooks={list.filter(({ status }) => status === 'paused')} mayResume={keep} />
              <Stack gap="sm" component="ul" className="plain-list" aria-label={t('title')}>
                {list.map((webhook) => (
                  <li key={webhook.id}>
                    <Row webhook={webhook} device={devices.data?.find(({ id }) => id === webhook.device_id)} />
                  </li>
                ))}
              </Stack>
              {docs}
            </Stack>
          )
        }
      </Loaded>
      <Dialog opened={adding} onClose={add.close} title={t('form.create')} size="lg">
        <WebhookForm
          devices={devices.data ?? []}
          onSend={async (values) => {
            const { webhook, secret } = await act('POST /api/panel/webhooks', { body: values });
            showSecret(webhook.id, secret);
            await lookAgain();
            await navigate({
              to: '/webhooks/$deviceId/$webhookId',
              params: { deviceId: String(webhook.device_id), webhookId: String(webhook.id) },
            });
          }}
        />
      </Dialog>
    </Page>
  );
}

function Row({ webhook, device }: { readonly webhook: PanelWebhook; readonly device: PanelDevice | undefined }) {
  const { t } = useTranslation('webhooks');
  return (
    <Link
      to="/webhooks/$deviceId/$webhookId"
      params={{ deviceId: String(webhook.device_id), webhookId: String(webhook.id) }}
      className="row-link"
    >
      <Card padding="md">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Stack gap={2} miw={0}>
            <Title order={2} size="h5" className="break-all">
              {webhook.description || webhook.url}
            </Title>
            {webhook.description !== '' && (
              <Text size="sm" className="break-all">
                {webhook.url}
              </Text>
            )}
            <Text size="xs" c="dimmed">
              {[device?.name, webhook.events.map(eventText).join('; ')].filter(Boolean).join(' · ')}
            </Text>
          </Stack>
          <Stack gap={4} align="flex-end" className="no-shrink">
            <WebhookStatus status={webhook.status} />
            {webhook.pending > 0 && <Text size="xs">{t('pending', { count: webhook.pending })}</Text>}
          </Stack>
        </Group>
      </Card>
    </Link>
  );
}

/** What was paused needs a person. */
function Paused({ webhooks, mayResume }: { readonly webhooks: readonly PanelWebhook[]; readonly mayResume: boolean }) {
  const { t } = useTranslation('webhooks');
  if (webhooks.length === 0) return null;
  return (
    <Alert
      color="red"
      role="alert"
      icon={<IconWebhookOff aria-hidden />}
      title={t('pausedAlert.title', { count: webhooks.length })}
    >
      <Stack gap="sm">
        <Text size="sm">{t('pausedAlert.text')}</Text>
        {webhooks.map((webhook) => (
          <Group key={webhook.id} gap="sm" justify="space-between">
            <Text size="sm" fw={600} className="break-all" flex="1 1 200px">
              {webhook.description || webhook.url}
            </Text>
            {mayResume && <Resume webhook={webhook} />}
          </Group>
        ))}
      </Stack>
    </Alert>
  );
}

export function Resume({ webhook }: { readonly webhook: PanelWebhook }) {
  const { t } = useTranslation('webhooks');
  const { busy, run } = useAction();
  return (
    <Button
      size="xs"
      color="red.8"
      loading={busy}
      onClick={() =>
        void run(async () => {
          await act('PATCH /api/panel/devices/{id}/webhooks/{webhook_id}', {
            params: { id: String(webhook.device_id), webhook_id: String(webhook.id) },
            body: { enabled: true },
          });
          await lookAgain();
          done(t('resumed'));
        })
      }
    >
      {t('pausedAlert.resume')}
    </Button>
  );
}
