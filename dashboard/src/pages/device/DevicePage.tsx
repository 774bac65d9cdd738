import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../../api/ask.ts';
import type { PanelDeviceDetail } from '../../api/types.ts';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { Page } from '../../parts/Page.tsx';
import { phone } from '../../parts/phones.ts';
import { useMay } from '../../session.tsx';
import { DangerCard } from './DangerCard.tsx';
import { SettingsCard } from './SettingsCard.tsx';
import { StateCard } from './StateCard.tsx';
import { TestCard } from './TestCard.tsx';
import { TokenCard } from './TokenCard.tsx';

const Handset = lazy(async () => ({ default: (await import('./sandbox/Handset.tsx')).Handset }));

export function DevicePage() {
  const { deviceId } = useParams({ from: '/signed/devices/$deviceId' });
  const device = useAsk('GET /api/panel/devices/{id}', { params: { id: deviceId } });
  return <Loaded query={device}>{(it) => <DeviceParts key={it.id} device={it} />}</Loaded>;
}

function DeviceParts({ device }: { readonly device: PanelDeviceDetail }) {
  const { t } = useTranslation('devices');
  const { keep, send } = useMay();
  const sandbox = device.kind === 'sandbox';
  return (
    <Page
      title={device.name}
      above={
        <Anchor size="sm" className="way-back" renderRoot={(props) => <Link to="/devices" {...props} />}>
          <IconArrowLeft size={16} aria-hidden />
          {t('title')}
        </Anchor>
      }
      lead={
        <Text span>
          {t(`kind.${device.kind}`)} · {device.phone_number === null ? t('noPhone') : phone(device.phone_number)}
        </Text>
      }
    >
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Stack gap="lg">
          <StateCard device={device} />
          {sandbox && (
            <Suspense fallback={<Skeletons rows={1} height={480} />}>
              <Handset deviceId={device.id} />
            </Suspense>
          )}
          {!sandbox && send && device.live.status === 'connected' && <TestCard device={device} />}
        </Stack>
        <Stack gap="lg">
          <TokenCard device={device} />
          {sandbox && send && device.live.status === 'connected' && <TestCard device={device} />}
          {keep && <SettingsCard device={device} />}
        </Stack>
      </SimpleGrid>
      {keep && <DangerCard device={device} />}
    </Page>
  );
}
