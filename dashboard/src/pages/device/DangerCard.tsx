import { Button, Card, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { act, keyOf } from '../../api/ask.ts';
import type { PanelDeviceDetail } from '../../api/types.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { done } from '../../parts/notices.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { removeDevice } from '../../shell/live.ts';

interface Props {
  readonly device: PanelDeviceDetail;
  /** Whether the device is asked for: not while it is being deleted. */
  readonly onAsk: (asks: boolean) => void;
}

/** Disconnect, unlink, delete: from the mildest to the one that cannot be undone. */
export function DangerCard({ device, onAsk }: Props) {
  const { t } = useTranslation('devices');
  const navigate = useNavigate();
  const { busy, run } = useAction();
  const [unlinking, unlink] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  const params = { id: String(device.id) };
  const disconnect = async () => {
    await act('POST /api/panel/devices/{id}/disconnect', { params });
    done(t('danger.disconnected'));
  };
  return (
    <Card>
      <Stack gap="lg">
        <Title order={2} size="h4">
          {t('danger.title')}
        </Title>
        <SimpleGrid cols={{ base: 1, md: device.linked ? 3 : 1 }} spacing="lg">
          {device.enabled && device.linked && (
            <Choice text={t('danger.disconnectText')}>
              <Button variant="default" loading={busy} onClick={() => void run(disconnect)}>
                {t('danger.disconnect')}
              </Button>
            </Choice>
          )}
          {device.linked && (
            <Choice text={t('danger.logOutText')}>
              <Button variant="default" onClick={unlink.open}>
                {t('danger.logOut')}
              </Button>
            </Choice>
          )}
          <Choice text={t('danger.deleteText')}>
            <Button variant="outline" color="red" onClick={remove.open}>
              {t('danger.delete')}
            </Button>
          </Choice>
        </SimpleGrid>
      </Stack>
      <Confirm
        opened={unlinking}
        onClose={unlink.close}
        title={t('danger.logOutTitle', { name: device.name })}
        action={t('danger.logOut')}
        danger
        onConfirm={async () => {
          await act('POST /api/panel/devices/{id}/unlink', { params });
          done(t('danger.loggedOut'));
        }}
      >
        <Text>{t('danger.logOutText')}</Text>
      </Confirm>
      <Confirm
        opened={deleting}
        onClose={remove.close}
        title={t('danger.deleteTitle', { name: device.name })}
        action={t('danger.deleteDo')}
        typed={device.name}
        danger
        onConfirm={async () => {
          onAsk(false);
          await queries.cancelQueries({ queryKey: keyOf('GET /api/panel/devices/{id}', { params }) });
          await act('DELETE /api/panel/devices/{id}', { params }).catch((error) => {
            onAsk(true);
            throw error;
          });
          await navigate({ to: '/devices' });
          removeDevice(device.id);
          done(t('danger.deleted'));
        }}
      >
        <Text>{t('danger.deleteText')}</Text>
      </Confirm>
    </Card>
  );
}

function Choice({ text, children }: { readonly text: string; readonly children: React.ReactNode }) {
  return (
    <Stack gap="sm" align="flex-start" justify="space-between">
      <Text size="sm">{text}</Text>
      {children}
    </Stack>
  );
}
