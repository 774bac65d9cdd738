import { Card, Group, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconBrandWhatsapp, IconFlask } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { PanelDevice } from '../../api/types.ts';
import { stateOf, toneOf } from '../../parts/deviceState.ts';
import { phone } from '../../parts/phones.ts';
import { StateBadge } from '../../parts/StateBadge.tsx';
import { ago } from '../../parts/times.ts';

export function DeviceCard({ device }: { readonly device: PanelDevice }) {
  const { t } = useTranslation('devices');
  const state = stateOf(device);
  const Icon = device.kind === 'sandbox' ? IconFlask : IconBrandWhatsapp;
  return (
    <Link to="/devices/$deviceId" params={{ deviceId: String(device.id) }} className="row-link">
      <Card h="100%">
        <Group wrap="nowrap" align="flex-start">
          <ThemeIcon variant="light" size={42} radius="md" color={device.kind === 'sandbox' ? 'gray' : 'gate'}>
            <Icon size={24} stroke={1.6} aria-hidden />
          </ThemeIcon>
          <Stack gap={6} flex={1} miw={0}>
            <Group justify="space-between" gap="xs">
              <Text fw={650} truncate maw="100%">
                {device.name}
              </Text>
              <StateBadge device={device} />
            </Group>
            <Text size="sm" c="dimmed">
              {t(`kind.${device.kind}`)} · {device.phone_number === null ? t('noPhone') : phone(device.phone_number)}
            </Text>
            {toneOf(state) === 'bad' && <Text size="sm">{t(`state.${state}.title`)}</Text>}
            {toneOf(state) !== 'good' && device.last_seen_at !== null && (
              <Text size="sm" c="dimmed">
                {t('lastSeen', { ago: ago(device.last_seen_at) })}
              </Text>
            )}
          </Stack>
        </Group>
      </Card>
    </Link>
  );
}
