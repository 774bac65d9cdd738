import { Button, Checkbox, NativeSelect, Radio, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import type { PanelDevice, PanelWebhook } from '../../api/types.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { isFilled } from '../enter/rules.ts';
import { type EventType, eventText, eventTypes } from './events.ts';

interface Values {
  device_id: string;
  url: string;
  description: string;
  events: EventType[];
  format: 'standard' | 'legacy';
}

export interface Given {
  readonly device_id: number;
  readonly url: string;
  readonly description: string;
  readonly events: EventType[];
  readonly format: 'standard' | 'legacy';
}

interface Props {
  /** To choose from; none where the webhook is there already. */
  readonly devices?: readonly PanelDevice[];
  readonly webhook?: PanelWebhook;
  readonly onSend: (given: Given) => Promise<unknown>;
}

export function WebhookForm({ devices = [], webhook, onSend }: Props) {
  const { t } = useTranslation('webhooks');
  const form = useForm<Values>({
    initialValues: {
      device_id: String(webhook?.device_id ?? devices[0]?.id ?? ''),
      url: webhook?.url ?? '',
      description: webhook?.description ?? '',
      events: webhook?.events ?? ['message.received', 'message.status', 'message.failed'],
      format: webhook?.format ?? 'standard',
    },
    validate: { url: isFilled, events: (value) => (value.length === 0 ? t('form.noEvents') : null) },
  });
  const { busy, failure, submit } = useSubmit(form);
  const send = ({ device_id, url, ...rest }: Values) =>
    onSend({ ...rest, device_id: Number(device_id), url: url.trim() });
  return (
    <form onSubmit={submit(send)} noValidate>
      <Stack>
        {devices.length > 0 && (
          <NativeSelect
            label={t('device')}
            data={devices.map(({ id, name }) => ({ value: String(id), label: name }))}
            {...form.getInputProps('device_id')}
          />
        )}
        <TextInput
          label={t('form.url')}
          description={t('form.urlHint')}
          placeholder="https://"
          inputMode="url"
          autoComplete="off"
          data-autofocus
          {...form.getInputProps('url')}
        />
        <TextInput
          label={t('form.description')}
          description={t('form.descriptionHint')}
          maxLength={255}
          {...form.getInputProps('description')}
        />
        <Checkbox.Group label={t('form.events')} {...form.getInputProps('events')}>
          <Stack gap="xs" mt="xs">
            {eventTypes.map((type) => (
              <Checkbox key={type} value={type} label={eventText(type)} description={<code>{type}</code>} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Radio.Group label={t('format')} {...form.getInputProps('format')}>
          <Stack gap="xs" mt="xs">
            {(['standard', 'legacy'] as const).map((format) => (
              <Radio
                key={format}
                value={format}
                label={t(`formats.${format}`)}
                description={t(`formatText.${format}`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" loading={busy}>
          {t(webhook === undefined ? 'form.submit' : 'form.save')}
        </Button>
      </Stack>
    </form>
  );
}
