import { Anchor, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconDeviceMobile } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../../api/ask.ts';
import type { PanelDevice, PanelMessage } from '../../api/types.ts';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { QuotaCard } from '../../parts/QuotaCard.tsx';
import { StateBadge } from '../../parts/StateBadge.tsx';
import { useMe } from '../../session.tsx';
import { MessageList } from '../messages/MessageList.tsx';
import { Figures } from '../usage/Figures.tsx';

interface Props {
  readonly devices: readonly PanelDevice[];
  readonly messages: readonly PanelMessage[];
}

export function Overview({ devices, messages }: Props) {
  const { t } = useTranslation('home');
  const { subscription } = useMe();
  const navigate = useNavigate();
  const usage = useAsk('GET /api/panel/usage', { query: { days: '7' } });
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <QuotaCard subscription={subscription} />
        <Card>
          <Stack gap="sm">
            <Heading title={t('today')} to="/usage" link={t('allUsage')} />
            <Loaded query={usage} skeleton={<Skeletons rows={1} height={60} />}>
              {({ days }) => <Figures figures={days.at(-1) ?? { sent: 0, delivered: 0, read: 0, failed: 0 }} />}
            </Loaded>
          </Stack>
        </Card>
      </SimpleGrid>
      <Stack gap="sm">
        <Heading title={t('devices')} to="/devices" link={t('allDevices')} />
        {devices.length === 0 ? (
          <EmptyNote icon={IconDeviceMobile} title={t('noDevice')} text={t('noDeviceText')}>
            <Button renderRoot={(props) => <Link to="/devices" {...props} />}>{t('allDevices')}</Button>
          </EmptyNote>
        ) : (
          <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }} spacing="sm">
            {devices.slice(0, 6).map((device) => (
              <Link
                key={device.id}
                to="/devices/$deviceId"
                params={{ deviceId: String(device.id) }}
                className="row-link"
              >
                <Card padding="sm">
                  <Group justify="space-between" gap="xs">
                    <Text fw={600} size="sm" truncate>
                      {device.name}
                    </Text>
                    <StateBadge device={device} />
                  </Group>
                </Card>
              </Link>
            ))}
          </SimpleGrid>
        )}
      </Stack>
      <Stack gap="sm">
        <Heading title={t('latest')} to="/messages" link={t('allMessages')} />
        {messages.length === 0 ? (
          <Text c="dimmed">{t('noMessage')}</Text>
        ) : (
          <MessageList
            messages={messages}
            onOpen={(message) => void navigate({ to: '/messages', search: { message } })}
          />
        )}
      </Stack>
    </Stack>
  );
}

function Heading({
  title,
  to,
  link,
}: {
  readonly title: string;
  readonly to: '/usage' | '/devices' | '/messages';
  readonly link: string;
}) {
  return (
    <Group justify="space-between" gap="xs">
      <Title order={2} size="h4">
        {title}
      </Title>
      <Anchor size="sm" renderRoot={(props) => <Link to={to} {...props} />}>
        {link}
      </Anchor>
    </Group>
  );
}
