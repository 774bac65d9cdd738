import { Alert, Button, Card, Group, List, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCheck,
  IconPassword,
  IconPlugConnected,
  IconPower,
  IconQrcode,
  type TablerIcon,
} from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { act, keyOf } from '../../api/ask.ts';
import type { PanelDeviceDetail } from '../../api/types.ts';
import { announce } from '../../parts/announce.ts';
import { remedyOf, stateOf, type Tone, toneColours, toneOf } from '../../parts/deviceState.ts';
import { translate } from '../../parts/failures.ts';
import { dateTime, timeOfDay } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { useMay, useZone } from '../../session.tsx';
import { Linking } from './Linking.tsx';
import { useLinkingWay } from './linkingWays.ts';

const icons: Readonly<Record<Tone, TablerIcon>> = {
  good: IconCheck,
  busy: IconPlugConnected,
  calm: IconPower,
  bad: IconAlertTriangle,
};

/** What the device is in, in plain words, what to do about it, and the button that does it. */
export function StateCard({ device }: { readonly device: PanelDeviceDetail }) {
  const { t } = useTranslation('devices');
  const zone = useZone();
  const { keep } = useMay();
  const { busy, run } = useAction();
  const state = stateOf(device);
  const tone = toneOf(state);
  // Somebody asked for a code and it is on its way: asking again would only begin anew.
  const begun = device.live.linking && device.live.retry_at !== null;
  const remedy = keep && !begun ? remedyOf(state, device) : undefined;
  const way = useLinkingWay(device.id);
  const byCode = way.byCode && keep && device.kind === 'whatsapp';
  const text =
    byCode && (state === 'idle' || state === 'qr_expired')
      ? (`link.ofCode.${state}` as const)
      : (`state.${state}` as const);
  const title = t(`${text}.title`);
  useAnnouncedChanges(title);
  const Icon = icons[tone];
  const params = { id: String(device.id) };
  const begin = (what: 'POST /api/panel/devices/{id}/link' | 'POST /api/panel/devices/{id}/connect') =>
    void run(async () => {
      await act(what, { params });
      await queries.invalidateQueries({ queryKey: keyOf('GET /api/panel/devices/{id}', { params }) });
    });
  const linking =
    device.kind === 'whatsapp' && (state === 'pairing' || (device.live.linking && state === 'connecting'));
  return (
    <Card>
      <Stack gap="md">
        <Group wrap="nowrap" align="flex-start">
          <ThemeIcon size={42} radius="xl" variant="light" color={toneColours[tone]}>
            <Icon aria-hidden />
          </ThemeIcon>
          <div>
            <Title order={2} size="h4">
              {title}
            </Title>
            <Text c="dimmed" size="sm">
              {t(`${text}.do`)}
            </Text>
            {device.live.retry_at !== null && (
              <Text size="sm">{t('tryAgainAt', { time: timeOfDay(device.live.retry_at, zone) })}</Text>
            )}
            {tone === 'good' && device.connected_at !== null && (
              <Text size="sm" c="dimmed">
                {t('details.since')}: {dateTime(device.connected_at, zone)}
              </Text>
            )}
          </div>
        </Group>
        <HealthNotices device={device} />
        {remedy === 'link' && (
          <Button
            leftSection={byCode ? <IconPassword size={18} aria-hidden /> : <IconQrcode size={18} aria-hidden />}
            loading={busy}
            onClick={() => begin('POST /api/panel/devices/{id}/link')}
          >
            {t(`link.${byCode ? 'ofCode' : 'ofQr'}.${state === 'idle' ? 'first' : 'next'}`)}
          </Button>
        )}
        {remedy === 'connect' && (
          <Button loading={busy} onClick={() => begin('POST /api/panel/devices/{id}/connect')}>
            {t('link.connect')}
          </Button>
        )}
        {keep && linking && <Linking device={device} way={way} />}
      </Stack>
    </Card>
  );
}

function HealthNotices({ device }: { readonly device: PanelDeviceDetail }) {
  const zone = useZone();
  const { t } = useTranslation('devices');
  // That it is down says the card itself.
  const notices = device.health.notices.filter(({ code }) => code !== 'down');
  if (notices.length === 0) return null;
  return (
    <Alert color={device.health.status === 'critical' ? 'red' : 'yellow'} role="status">
      <List size="sm" spacing={4}>
        {notices.map(({ code, until }) => (
          <List.Item key={code}>
            {translate(`devices:health.${code}`)}
            {until !== null && ` ${t('until', { time: dateTime(until, zone) })}`}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

/** Says a new state to screen readers; not the one that the page began with. */
function useAnnouncedChanges(title: string) {
  const before = useRef(title);
  useEffect(() => {
    if (before.current !== title) announce(title);
    before.current = title;
  }, [title]);
}
