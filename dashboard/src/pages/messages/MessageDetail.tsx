import { Alert, Anchor, Button, Code, Group, Paper, Stack, Text, Timeline, Title } from '@mantine/core';
import { IconClock, IconPaperclip } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { PanelMessage } from '../../api/types.ts';
import { Facts } from '../../parts/Facts.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { count } from '../../parts/numbers.ts';
import { phone } from '../../parts/phones.ts';
import { dateTime, exactTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { useMay, useZone } from '../../session.tsx';
import { failureText, hasFailed, stepsOf, waitingText } from './life.ts';
import { StateMark } from './StateMark.tsx';

interface Props {
  readonly id: number;
  readonly onOpen: (id: number) => void;
}

/** One message and its life. */
export function MessageDetail({ id, onOpen }: Props) {
  const message = useAsk('GET /api/panel/messages/{id}', { params: { id: String(id) } });
  return <Loaded query={message}>{(it) => <Detail message={it} onOpen={onOpen} />}</Loaded>;
}

function Detail({ message, onOpen }: { readonly message: PanelMessage; readonly onOpen: Props['onOpen'] }) {
  const { t } = useTranslation('messages');
  const zone = useZone();
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <div>
          <Text fw={650}>{phone(message.recipient)}</Text>
          <Text size="sm" c="dimmed">
            {t('detail.from')}{' '}
            <Anchor
              renderRoot={(props) => (
                <Link to="/devices/$deviceId" params={{ deviceId: String(message.device_id) }} {...props} />
              )}
            >
              {message.device_name}
            </Anchor>
          </Text>
        </div>
        <StateMark message={message} />
      </Group>
      <Waiting message={message} />
      {hasFailed(message) && (
        <Alert color="red" title={t('detail.why')}>
          {failureText(message)}
          {message.error_code !== null && (
            <Text size="xs" mt={4}>
              <Code>{message.error_code}</Code>
            </Text>
          )}
        </Alert>
      )}
      <Paper withBorder p="sm" radius="md">
        {message.type !== 'text' && (
          <Text size="sm" fw={600}>
            <IconPaperclip size={14} aria-hidden /> {message.filename ?? t(`type.${message.type}`)}
          </Text>
        )}
        {message.media_url !== null && (
          <Text size="xs" c="dimmed" className="break-all">
            {message.media_url}
          </Text>
        )}
        <Text size="sm" className="pre-wrap">
          {message.message}
        </Text>
      </Paper>
      <div>
        <Title order={3} size="h5" mb="sm">
          {t('detail.life')}
        </Title>
        <Life message={message} />
      </div>
      <Facts
        rows={[
          [t('detail.whatsappId'), <Code key="id">{message.message_id}</Code>],
          ...(message.ref === null ? [] : [[t('detail.ref'), message.ref] as const]),
          ...(message.scheduled_at === null
            ? []
            : [[t('detail.scheduled'), dateTime(message.scheduled_at, zone)] as const]),
          [t('detail.attempts'), count(message.attempts)],
          ...(message.status === 'pending' ? [[t('detail.expires'), dateTime(message.expires_at, zone)] as const] : []),
        ]}
      />
      <Actions message={message} onOpen={onOpen} />
    </Stack>
  );
}

function Waiting({ message }: { readonly message: PanelMessage }) {
  const { t } = useTranslation('messages');
  const zone = useZone();
  if (message.status !== 'pending' || message.waiting_for === null) return null;
  return (
    <Alert color="yellow" icon={<IconClock aria-hidden />} title={t('detail.waits')} role="status">
      {waitingText(message)}
      {message.waiting_until !== null && (
        <Text size="sm">{t('detail.until', { time: exactTime(message.waiting_until, zone) })}</Text>
      )}
    </Alert>
  );
}

function Life({ message }: { readonly message: PanelMessage }) {
  const { t } = useTranslation('messages');
  const zone = useZone();
  const steps = stepsOf(message);
  const reached = steps.filter(({ at }) => at !== null).length - 1;
  return (
    <Timeline active={reached} bulletSize={16} lineWidth={2}>
      {steps.map(({ name, at }) => (
        <Timeline.Item key={name} title={t(`step.${name}`)}>
          <Text size="xs" c="dimmed">
            {at === null ? t('step.notYet') : exactTime(at, zone)}
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

function Actions({ message, onOpen }: { readonly message: PanelMessage; readonly onOpen: Props['onOpen'] }) {
  const { t } = useTranslation('messages');
  const { send } = useMay();
  const { busy, run } = useAction();
  const params = { id: String(message.id) };
  const refresh = () => queries.invalidateQueries({ queryKey: ['GET /api/panel/messages'] });
  if (!send) return null;
  return (
    <Group>
      {message.may_cancel && (
        <Button
          variant="default"
          loading={busy}
          onClick={() =>
            void run(async () => {
              await act('POST /api/panel/messages/{id}/cancel', { params });
              await queries.invalidateQueries({ queryKey: ['GET /api/panel/messages/{id}'] });
              await refresh();
              done(t('cancelled'));
            })
          }
        >
          {t('cancel')}
        </Button>
      )}
      {message.may_send_again ? (
        message.status !== 'pending' && (
          <Button
            variant="default"
            loading={busy}
            onClick={() =>
              void run(async () => {
                const next = await act('POST /api/panel/messages/{id}/send-again', { params, body: {} });
                await refresh();
                done(t('sentAgain'));
                onOpen(next.id);
              })
            }
          >
            {t('again')}
          </Button>
        )
      ) : (
        <Text size="sm" c="dimmed">
          {t('notAgain')}
        </Text>
      )}
    </Group>
  );
}
