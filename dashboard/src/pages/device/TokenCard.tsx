import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { PanelDeviceDetail } from '../../api/types.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { CopyBlock, CopyField } from '../../parts/CopyField.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { ECHO } from '../../parts/senders.ts';
import { dateTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { useMay, useZone } from '../../session.tsx';
import { hideToken, showToken, useFreshToken } from './freshTokens.ts';

/** The token: shown once, when it is made; later only what tells it from others. */
export function TokenCard({ device }: { readonly device: PanelDeviceDetail }) {
  const { t } = useTranslation('devices');
  const { keep } = useMay();
  const kept = useFreshToken(device.id);
  // Made by somebody whose role has changed since.
  const fresh = keep ? kept : undefined;
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('token.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('token.lead')}
        </Text>
        {fresh === undefined ? <Known device={device} /> : <Fresh device={device} token={fresh} />}
        {keep && fresh === undefined && <Make device={device} />}
      </Stack>
    </Card>
  );
}

function Known({ device: { token } }: { readonly device: PanelDeviceDetail }) {
  const { t } = useTranslation('devices');
  const { t: common } = useTranslation();
  const zone = useZone();
  if (token === null) return <Text size="sm">{t('token.none')}</Text>;
  return (
    <Facts
      rows={[
        [t('token.prefix'), <Text span ff="monospace" size="sm" key="token">{`${token.prefix}…${token.last4}`}</Text>],
        [t('token.created'), dateTime(token.created_at, zone)],
        [t('token.used'), token.used_at === null ? common('never') : dateTime(token.used_at, zone)],
      ]}
    />
  );
}

function Fresh({ device, token }: { readonly device: PanelDeviceDetail; readonly token: string }) {
  const { t } = useTranslation('devices');
  const installation = useAsk('GET /api/panel/installation');
  const address = installation.data?.public_url ?? location.origin;
  // Never to a stranger, who would be the first new conversation of a fresh number: a word that the API refuses is better.
  const placeholder = t('token.placeholder');
  const recipient = device.kind === 'sandbox' ? ECHO : (device.phone_number ?? placeholder);
  const curl = [
    `curl -X POST ${address}/api/v1/send-message \\`,
    `  -H "Authorization: Bearer ${token}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d '{"recipient": "${recipient}", "message": "${t('token.hello')}"}'`,
  ].join('\n');
  return (
    <Stack gap="sm">
      <Alert color="yellow" role="status" icon={<IconKey aria-hidden />}>
        {t('token.once')}
      </Alert>
      <CopyField text={token} label={t('token.label')} className="token" />
      <Text size="sm" fw={500}>
        {t('token.try')}
      </Text>
      {recipient === placeholder && <Text size="sm">{t('token.replace', { placeholder })}</Text>}
      <CopyBlock text={curl} label={t('token.try')} />
      <Group justify="flex-end">
        <Button variant="light" onClick={() => hideToken(device.id)}>
          {t('token.stored')}
        </Button>
      </Group>
    </Stack>
  );
}

function Make({ device }: { readonly device: PanelDeviceDetail }) {
  const { t } = useTranslation('devices');
  const [asking, ask] = useDisclosure(false);
  const { busy, run } = useAction();
  const make = async () => {
    const { token } = await act('POST /api/panel/devices/{id}/token', { params: { id: String(device.id) } });
    showToken(device.id, token);
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices/{id}'] });
  };
  if (device.token === null)
    return (
      <Group>
        <Button leftSection={<IconKey size={18} aria-hidden />} loading={busy} onClick={() => void run(make)}>
          {t('token.make')}
        </Button>
      </Group>
    );
  return (
    <>
      <Group>
        <Button variant="default" leftSection={<IconKey size={18} aria-hidden />} onClick={ask.open}>
          {t('token.regenerate')}
        </Button>
      </Group>
      <Confirm
        opened={asking}
        onClose={ask.close}
        title={t('token.regenerateTitle')}
        action={t('token.regenerateDo')}
        danger
        onConfirm={make}
      >
        <Text>{t('token.regenerateText')}</Text>
      </Confirm>
    </>
  );
}
