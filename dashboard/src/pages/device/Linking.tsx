import { Anchor, Button, Center, Group, List, Progress, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { PanelDevice } from '../../api/types.ts';
import { CopyField } from '../../parts/CopyField.tsx';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { Qr } from '../../parts/Qr.tsx';
import { useAction } from '../../parts/useAction.ts';
import { useNow } from '../../parts/useNow.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { isFilled } from '../enter/rules.ts';
import type { LinkingWay } from './linkingWays.ts';

interface Props {
  readonly device: PanelDevice;
  readonly way: LinkingWay;
}

/** A QR code that renews itself by the live stream, or a code to type on the phone. */
export function Linking({ device, way }: Props) {
  const { t } = useTranslation('devices');
  const { t: common } = useTranslation();
  const { byCode, choose } = way;
  const { busy, run } = useAction();
  return (
    <Stack>
      {byCode ? <ByCode device={device} way={way} /> : <ByQr device={device} />}
      <Group justify="space-between">
        <Anchor component="button" type="button" size="sm" onClick={() => choose({ byCode: !byCode })}>
          {t(byCode ? 'link.byQr' : 'link.byCode')}
        </Anchor>
        <Button
          variant="default"
          size="xs"
          loading={busy}
          onClick={() =>
            void run(() => act('DELETE /api/panel/devices/{id}/link', { params: { id: String(device.id) } }))
          }
        >
          {common('action.cancel')}
        </Button>
      </Group>
    </Stack>
  );
}

function ByQr({ device }: { readonly device: PanelDevice }) {
  const { t } = useTranslation('devices');
  const { qr } = device.live;
  return (
    <Stack>
      <Center>
        {qr === null ? (
          <Skeleton width={264} height={264} radius="md" />
        ) : (
          <Qr text={qr.text} label={t('link.qrLabel')} />
        )}
      </Center>
      {qr !== null && <Countdown until={qr.expires_at} key={qr.text} />}
      <List type="ordered" size="sm" spacing={4}>
        {(['open', 'menu', 'tap', 'scan'] as const).map((step) => (
          <List.Item key={step}>{t(`link.steps.${step}`)}</List.Item>
        ))}
      </List>
    </Stack>
  );
}

function Countdown({ until }: { readonly until: string }) {
  const { t } = useTranslation('devices');
  const now = useNow(500);
  const left = Math.max(0, new Date(until).getTime() - now);
  // WhatsApp's lives of a code: the first of a minute, those after it of 20 s. The page may have been opened within one.
  const [from] = useState(() => (left > 20_000 ? 60_000 : 20_000));
  const seconds = Math.ceil(left / 1000);
  return (
    <Stack gap={4}>
      <Progress value={Math.min(100, (left / from) * 100)} size="sm" aria-hidden transitionDuration={500} />
      <Text size="sm" c="dimmed" ta="center">
        {seconds > 0 ? t('link.expires', { count: seconds }) : t('link.renewing')}
      </Text>
    </Stack>
  );
}

function ByCode({ device, way: { phone, choose } }: Props) {
  const { t } = useTranslation('devices');
  const [code, setCode] = useState<string>();
  const form = useForm({
    initialValues: { phone_number: phone },
    validate: { phone_number: isFilled },
    onValuesChange: ({ phone_number }) => choose({ phone: phone_number }),
  });
  const { busy, failure, submit } = useSubmit(form);
  const ask = async (body: typeof form.values) => {
    const data = await act('POST /api/panel/devices/{id}/pairing-code', { params: { id: String(device.id) }, body });
    setCode(data.code);
  };
  if (code !== undefined)
    return (
      <Stack gap="xs">
        <Text fw={600}>{t('link.codeIs')}</Text>
        <CopyField text={`${code.slice(0, 4)}-${code.slice(4)}`} label={t('link.codeIs')} className="pairing-code" />
        <Text size="sm" c="dimmed">
          {t('link.codeHow')}
        </Text>
      </Stack>
    );
  return (
    <form onSubmit={submit(ask)} noValidate>
      <Stack>
        <TextInput
          label={t('link.codePhone')}
          type="tel"
          inputMode="tel"
          autoComplete="tel"
          placeholder="0812 3456 7890"
          {...form.getInputProps('phone_number')}
        />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" loading={busy} disabled={device.live.status !== 'pairing'}>
          {t('link.codeAsk')}
        </Button>
      </Stack>
    </form>
  );
}
