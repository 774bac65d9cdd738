import { Alert, Anchor, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconRefresh } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { PanelWebhook } from '../../api/types.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { CopyField } from '../../parts/CopyField.tsx';
import { dateTime } from '../../parts/times.ts';
import { useMay, useZone } from '../../session.tsx';
import { lookAgain } from './questions.ts';
import { hideSecret, showSecret, useFreshSecret } from './secrets.ts';

/** The signing secret: shown once, when it is made; later it can only be changed. */
export function SecretCard({ webhook }: { readonly webhook: PanelWebhook }) {
  const { t } = useTranslation('webhooks');
  const zone = useZone();
  const { keep } = useMay();
  const kept = useFreshSecret(webhook.id);
  // Made by somebody whose role has changed since.
  const fresh = keep ? kept : undefined;
  const [asking, ask] = useDisclosure(false);
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('secret.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('secret.lead')}
        </Text>
        {webhook.old_secret_until !== null && (
          <Alert color="yellow" role="status" icon={<IconRefresh aria-hidden />}>
            {t('secret.rotating', { until: dateTime(webhook.old_secret_until, zone) })}
          </Alert>
        )}
        {fresh !== undefined && (
          <>
            <Alert color="yellow" role="status" icon={<IconKey aria-hidden />}>
              {t('secret.once')}
            </Alert>
            <CopyField text={fresh} label={t('secret.label')} className="token" />
            <Group justify="flex-end">
              <Button variant="light" onClick={() => hideSecret(webhook.id)}>
                {t('secret.stored')}
              </Button>
            </Group>
          </>
        )}
        <Anchor size="sm" renderRoot={(props) => <Link to="/docs" hash="webhook-receivers" {...props} />}>
          {t('docs')}
        </Anchor>
        {keep && fresh === undefined && (
          <Group>
            <Button variant="default" size="xs" leftSection={<IconKey size={16} aria-hidden />} onClick={ask.open}>
              {t('secret.rotate')}
            </Button>
          </Group>
        )}
      </Stack>
      <Confirm
        opened={asking}
        onClose={ask.close}
        title={t('secret.rotateTitle')}
        action={t('secret.rotate')}
        onConfirm={async () => {
          const { secret } = await act('POST /api/panel/devices/{id}/webhooks/{webhook_id}/rotate-secret', {
            params: { id: String(webhook.device_id), webhook_id: String(webhook.id) },
          });
          showSecret(webhook.id, secret);
          await lookAgain();
        }}
      >
        <Text>{t('secret.rotateText')}</Text>
      </Confirm>
    </Card>
  );
}
