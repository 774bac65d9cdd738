import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
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

/** While a code is shown, or the device connects. */
const MOVING_MS = 5_000;

const Handset = lazy(async () => ({ default: (await import('./sandbox/Handset.tsx')).Handset }));

export function DevicePage() {
  const { deviceId } = useParams({ from: '/signed/devices/$deviceId' });
  const [asks, setAsks] = useState(true);
  const [moving, setMoving] = useState(false);
  const device = useAsk(
    'GET /api/panel/devices/{id}',
    { params: { id: deviceId } },
    // The live stream tells; a proxy that holds it back must not leave somebody before a code that never comes. What is being deleted is
    // not asked for.
    { enabled: asks, ...(moving ? { refetchInterval: MOVING_MS } : {}) },
  );
  const live = device.data?.live;
  const isMoving = live !== undefined && (live.linking || live.status === 'connecting');
  if (moving !== isMoving) setMoving(isMoving);
  return <Loaded query={device}>{(it) => <DeviceParts key={it.id} device={it} onAsk={setAsks} />}</Loaded>;
}

interface PartsProps {
  readonly device: PanelDeviceDetail;
  /** Whether the device is asked for. */
  readonly onAsk: (asks: boolean) => void;
}

function DeviceParts({ device, onAsk }: PartsProps) {
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
      {keep && <DangerCard device={device} onAsk={onAsk} />}
    </Page>
  );
}
