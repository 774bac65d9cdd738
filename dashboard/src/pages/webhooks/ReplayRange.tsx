import { Button, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { PanelWebhook } from '../../api/types.ts';
import { inZone } from '../../parts/clocks.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { zoneLabel } from '../../parts/zones.ts';
import { useZone } from '../../session.tsx';
import { lookAgain } from './questions.ts';

interface Props {
  readonly webhook: PanelWebhook;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Everything of a time once more, for a receiver that was down or lost its data. */
export function ReplayRange({ webhook, opened, onClose }: Props) {
  const { t } = useTranslation('webhooks');
  const zone = useZone();
  const [replayed, setReplayed] = useState<number>();
  const form = useForm({
    initialValues: { since: '', until: '', missed: true },
    validate: { since: (value) => (value === '' ? t('replay.noFrom') : null) },
  });
  const { busy, failure, submit } = useSubmit(form);
  const send = async ({ since, until, missed }: typeof form.values) => {
    setReplayed(undefined);
    const answer = await act('POST /api/panel/devices/{id}/webhooks/{webhook_id}/replay', {
      params: { id: String(webhook.device_id), webhook_id: String(webhook.id) },
      body: {
        since: inZone(since, zone).toISOString(),
        ...(until === '' ? {} : { until: inZone(until, zone).toISOString() }),
        only_missed: missed,
      },
    });
    setReplayed(answer.replayed);
    await lookAgain();
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={t('replay.title')}>
      <form onSubmit={submit(send)} noValidate>
        <Stack>
          <Text size="sm">{t('replay.text')}</Text>
          <TextInput
            type="datetime-local"
            label={t('replay.from')}
            description={t('replay.zone', { zone: zoneLabel(zone) })}
            data-autofocus
            {...form.getInputProps('since')}
          />
          <TextInput
            type="datetime-local"
            label={t('replay.to')}
            description={t('replay.toHint')}
            {...form.getInputProps('until')}
          />
          <Switch
            label={t('replay.missed')}
            description={t('replay.missedHint')}
            {...form.getInputProps('missed', { type: 'checkbox' })}
          />
          {failure !== undefined && <FailureNote error={failure} />}
          {replayed !== undefined && (
            <Text role="status" fw={600}>
              {replayed === 0 ? t('replay.none') : t('replay.done', { count: replayed })}
            </Text>
          )}
          <Button type="submit" loading={busy}>
            {t('replay.submit')}
          </Button>
        </Stack>
      </form>
    </Dialog>
  );
}
