import { Button, Card, Group, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { PanelDevice, PanelMessage } from '../../api/types.ts';
import { Skeletons } from '../../parts/Loaded.tsx';
import { ECHO } from '../../parts/senders.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { Outcome } from '../messages/Outcome.tsx';

const Handset = lazy(async () => ({ default: (await import('../device/sandbox/Handset.tsx')).Handset }));

interface Props {
  readonly devices: readonly PanelDevice[];
  readonly mayCreate: boolean;
  readonly onBegun: () => void;
  readonly onDone: () => void;
}

/** From nothing to the first message on a simulated phone: three steps, three clicks. */
export function FirstSteps({ devices, mayCreate, onBegun, onDone }: Props) {
  const { t } = useTranslation('home');
  const [sent, setSent] = useState<PanelMessage>();
  const { busy, run } = useAction();
  const sandbox = devices.find(({ kind }) => kind === 'sandbox');
  const ready = sandbox?.live.status === 'connected';

  const create = async () => {
    await act('POST /api/panel/devices', { body: { name: t('first.phoneName'), kind: 'sandbox' } });
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices'] });
  };
  const send = async (device: PanelDevice) => {
    onBegun();
    const body = { device_id: device.id, recipient: ECHO, message: t('first.hello') };
    setSent(await act('POST /api/panel/messages', { body }));
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices/{id}/sandbox'] });
  };

  return (
    <Stack component="ol" className="plain-list">
      <Step
        number={1}
        done={ready}
        title={t('first.phone.title')}
        text={t(ready ? 'first.phone.done' : 'first.phone.text')}
      >
        {sandbox === undefined && mayCreate && (
          <Button loading={busy} onClick={() => void run(create)}>
            {t('first.phone.do')}
          </Button>
        )}
        {sandbox !== undefined && !ready && mayCreate && (
          <Button
            renderRoot={(props) => (
              <Link to="/devices/$deviceId" params={{ deviceId: String(sandbox.id) }} {...props} />
            )}
          >
            {t('first.phone.open')}
          </Button>
        )}
      </Step>
      <Step number={2} done={sent !== undefined} title={t('first.send.title')} text={t('first.send.text')}>
        {sent === undefined ? (
          <Button
            disabled={!ready}
            loading={busy && ready}
            onClick={() => {
              if (sandbox !== undefined) void run(() => send(sandbox));
            }}
          >
            {t('first.send.do')}
          </Button>
        ) : (
          <Outcome message={sent} />
        )}
      </Step>
      <Step number={3} done={false} title={t('first.see.title')} text={t('first.see.text')}>
        {sent !== undefined && sandbox !== undefined && (
          <Stack>
            <Suspense fallback={<Skeletons rows={1} height={480} />}>
              <Handset deviceId={sandbox.id} />
            </Suspense>
            <Text>{t('first.next')}</Text>
            <Group>
              <Button renderRoot={(props) => <Link to="/devices" {...props} />}>{t('first.own')}</Button>
              <Button variant="default" onClick={onDone}>
                {t('first.overview')}
              </Button>
            </Group>
          </Stack>
        )}
      </Step>
    </Stack>
  );
}

interface StepProps {
  readonly number: number;
  readonly done: boolean;
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
}

function Step({ number, done, title, text, children }: StepProps) {
  const { t } = useTranslation('home');
  return (
    <li>
      <Card>
        <Group align="flex-start" wrap="nowrap">
          <ThemeIcon radius="xl" size={36} variant={done ? 'filled' : 'light'}>
            {done ? <IconCheck aria-label={t('first.stepDone')} /> : <Text fw={700}>{number}</Text>}
          </ThemeIcon>
          <Stack gap="sm" flex={1} miw={0} align="stretch">
            <div>
              <Title order={2} size="h4">
                {title}
              </Title>
              <Text size="sm" c="dimmed">
                {text}
              </Text>
            </div>
            <div className="step-body">{children}</div>
          </Stack>
        </Group>
      </Card>
    </li>
  );
}
