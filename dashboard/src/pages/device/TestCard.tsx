import { Card, Stack, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PanelDeviceDetail } from '../../api/types.ts';
import { SendForm } from '../messages/SendForm.tsx';

/** A first message from this device, without any program. */
export function TestCard({ device }: { readonly device: PanelDeviceDetail }) {
  const { t } = useTranslation('messages');
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('send.title')}
        </Title>
        <SendForm deviceId={device.id} />
      </Stack>
    </Card>
  );
}
