import { Alert, Anchor, Card, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Subscription } from '../api/types.ts';
import { count, percent } from './numbers.ts';
import { isBoundless } from './quotas.ts';
import { bareDate } from './times.ts';

/** What of the package is used, until when, and a warning when it is nearly gone. */
export function QuotaCard({ subscription }: { readonly subscription: Subscription | null }) {
  const { t } = useTranslation('usage');
  if (subscription === null)
    return (
      <Card>
        <Stack gap="xs">
          <Title order={2} size="h4">
            {t('quota.none')}
          </Title>
          <Text size="sm">{t('quota.noneText')}</Text>
          <PlanLink />
        </Stack>
      </Card>
    );
  const used = subscription.message_quota === 0 ? 1 : subscription.used / subscription.message_quota;
  const part = percent(used);
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {t('quota.title')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('quota.package', { name: subscription.package })}
          </Text>
        </Group>
        <Progress
          value={part}
          size="lg"
          radius="xl"
          color={part >= 100 ? 'red.7' : part >= 80 ? 'orange.6' : 'gate'}
          aria-label={t('quota.bar', { percent: part })}
        />
        <Group justify="space-between" gap="xs">
          <Text size="sm">
            {isBoundless(subscription.message_quota)
              ? t('quota.boundless')
              : t('quota.left', { remaining: count(subscription.remaining), quota: count(subscription.message_quota) })}
          </Text>
          <Text size="sm" c="dimmed">
            {t('quota.until', { date: bareDate(subscription.end_date) })}
          </Text>
        </Group>
        <Warning subscription={subscription} />
      </Stack>
    </Card>
  );
}

function Warning({ subscription }: { readonly subscription: Subscription }) {
  const { t } = useTranslation('usage');
  const { warning } = subscription;
  if (warning === null) return null;
  const grave = warning === 'quota_100' || warning === 'ended' || warning === 'suspended';
  return (
    <Alert color={grave ? 'red' : 'orange'} role="status" icon={<IconAlertTriangle aria-hidden />}>
      <Stack gap={4} align="flex-start">
        {t(`warning.${warning}`, { date: bareDate(subscription.end_date) })}
        {warning !== 'suspended' && <PlanLink />}
      </Stack>
    </Alert>
  );
}

function PlanLink() {
  const { t } = useTranslation('usage');
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/plan" {...props} />}>
      {t('quota.plans')}
    </Anchor>
  );
}
