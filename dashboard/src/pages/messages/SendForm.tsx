import {
  Alert,
  Autocomplete,
  Button,
  FileInput,
  Group,
  NativeSelect,
  Progress,
  SegmentedControl,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconFlask, IconSend2, IconUpload } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { PanelDevice, PanelMessage } from '../../api/types.ts';
import { upload } from '../../api/upload.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { bytes, percent } from '../../parts/numbers.ts';
import { firstSender, recipientFor, sandboxNumbers } from '../../parts/senders.ts';
import { typedOn } from '../../parts/typed.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { mannerOf } from '../device/sandbox/manners.ts';
import { isFilled } from '../enter/rules.ts';
import { Outcome } from './Outcome.tsx';

const kinds = ['text', 'url', 'file'] as const;
type Kind = (typeof kinds)[number];

interface Values {
  device_id: string;
  recipient: string;
  kind: Kind;
  message: string;
  media_url: string;
  file: File | null;
  hold: boolean;
}

/** Sends one message and shows what becomes of it. Without `deviceId` the device is chosen, too. */
export function SendForm({ deviceId }: { readonly deviceId?: number }) {
  const devices = useAsk('GET /api/panel/devices');
  const usable = (devices.data ?? []).filter(({ id }) => deviceId === undefined || id === deviceId);
  const first = firstSender(usable);
  // The form begins with a device that can send; until the list is there, there is none to begin with.
  if (first === undefined) return devices.isError ? <FailureNote error={devices.error} /> : null;
  return <Form devices={usable} first={first} isChosen={deviceId === undefined} />;
}

interface FormProps {
  readonly devices: readonly PanelDevice[];
  readonly first: PanelDevice;
  /** False on the page of the device, which shows the sandbox's phone beside the form. */
  readonly isChosen: boolean;
}

function Form({ devices, first, isChosen }: FormProps) {
  const { t } = useTranslation('messages');
  const [sent, setSent] = useState<PanelMessage>();
  const [progress, setProgress] = useState<number>();
  const stop = useRef<AbortController>(undefined);
  const form = useForm<Values>({
    initialValues: {
      device_id: String(first.id),
      recipient: recipientFor(first.kind, ''),
      kind: 'text',
      message: '',
      media_url: '',
      file: null,
      hold: false,
    },
    validate: {
      recipient: isFilled,
      message: (value, { kind }) => (kind === 'text' ? isFilled(value) : null),
      media_url: (value, { kind }) => (kind === 'url' ? isFilled(value) : null),
      file: (value, { kind }) => (kind === 'file' && value === null ? t('send.noFile') : null),
    },
  });
  const { busy, failure, submit } = useSubmit(form);
  const { values } = form;
  const device = devices.find(({ id }) => String(id) === values.device_id) ?? first;
  const offline = device.live.status !== 'connected';
  const choose = (id: string) => {
    form.setFieldValue('device_id', id);
    const kind = devices.find((one) => String(one.id) === id)?.kind;
    if (kind !== undefined) form.setFieldValue('recipient', (now) => recipientFor(kind, now));
  };

  const send = async (given: Values) => {
    setSent(undefined);
    const message = given.kind === 'file' ? await sendFile(given) : await sendJson(given);
    setSent(message);
    form.setFieldValue('message', (now) => typedOn(now, given.message));
    form.setFieldValue('file', (now) => (now === given.file ? null : now));
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/messages'] });
  };
  const sendFile = async ({ device_id, recipient, message, file, hold }: Values): Promise<PanelMessage> => {
    const body = new FormData();
    body.set('device_id', device_id);
    body.set('recipient', recipient.trim());
    if (message.trim() !== '') body.set('caption', message);
    if (hold) body.set('hold', 'true');
    // Fields must come before the file: the server reads the form as it arrives.
    if (file !== null) body.set('file', file);
    stop.current = new AbortController();
    setProgress(0);
    try {
      const answer = await upload('/api/panel/messages', body, setProgress, stop.current.signal);
      return (answer as { data: PanelMessage }).data;
    } finally {
      setProgress(undefined);
    }
  };

  return (
    <form onSubmit={submit(send)} noValidate>
      <Stack gap="sm">
        {devices.length > 1 && (
          <NativeSelect
            label={t('send.device')}
            data={devices.map(({ id, name }) => ({ value: String(id), label: name }))}
            {...form.getInputProps('device_id')}
            onChange={({ currentTarget: { value } }) => choose(value)}
          />
        )}
        {device.kind === 'sandbox' &&
          (isChosen ? (
            <Alert color="yellow" role="status" icon={<IconFlask aria-hidden />}>
              {t('send.simulated')}
            </Alert>
          ) : (
            <Text size="sm" c="dimmed">
              {t('send.sandboxHint')}
            </Text>
          ))}
        {device.kind === 'sandbox' ? (
          <Autocomplete
            label={t('send.recipient')}
            data={sandboxNumbers}
            renderOption={({ option }) => (
              <div>
                <Text size="sm">{option.value}</Text>
                <Text size="xs" c="dimmed">
                  {mannerOf(option.value, null)}
                </Text>
              </div>
            )}
            filter={({ options }) => options}
            inputMode="tel"
            {...form.getInputProps('recipient')}
            description={mannerOf(values.recipient, null) || undefined}
          />
        ) : (
          <TextInput
            label={t('send.recipient')}
            placeholder="0812 3456 7890"
            inputMode="tel"
            {...form.getInputProps('recipient')}
          />
        )}
        <SegmentedControl
          aria-label={t('send.kind')}
          fullWidth
          data={kinds.map((value) => ({ value, label: t(`send.kinds.${value}`) }))}
          {...form.getInputProps('kind')}
        />
        {values.kind === 'url' && (
          <TextInput
            label={t('send.url')}
            placeholder="https://…"
            inputMode="url"
            {...form.getInputProps('media_url')}
          />
        )}
        {values.kind === 'file' && (
          <FileInput
            label={t('send.file')}
            placeholder={t('send.choose')}
            leftSection={<IconUpload size={18} aria-hidden />}
            clearable
            {...form.getInputProps('file')}
            {...(values.file === null ? {} : { description: bytes(values.file.size) })}
          />
        )}
        <Textarea
          label={t(values.kind === 'text' ? 'send.text' : 'send.caption')}
          autosize
          minRows={values.kind === 'text' ? 3 : 2}
          maxRows={10}
          maxLength={values.kind === 'text' ? 5000 : 1024}
          {...form.getInputProps('message')}
        />
        {offline && (
          <Switch
            label={t('send.hold')}
            description={t('send.holdHint')}
            {...form.getInputProps('hold', { type: 'checkbox' })}
          />
        )}
        {progress !== undefined && (
          <Group wrap="nowrap">
            <Progress
              value={percent(progress)}
              flex={1}
              aria-label={t('send.uploading', { percent: percent(progress) })}
            />
            <Text size="sm" className="nowrap">
              {percent(progress)} %
            </Text>
            <Button size="compact-sm" variant="default" onClick={() => stop.current?.abort(new Error('cancelled'))}>
              {t('send.stop')}
            </Button>
          </Group>
        )}
        {failure !== undefined && !stop.current?.signal.aborted && <FailureNote error={failure} />}
        <Button type="submit" loading={busy} leftSection={<IconSend2 size={18} aria-hidden />}>
          {t('send.submit')}
        </Button>
        {sent !== undefined && <Outcome message={sent} />}
      </Stack>
    </form>
  );
}

async function sendJson({ device_id, recipient, kind, message, media_url, hold }: Values): Promise<PanelMessage> {
  const caption = message.trim() === '' ? {} : { caption: message };
  return act('POST /api/panel/messages', {
    body: {
      device_id: Number(device_id),
      recipient: recipient.trim(),
      ...(kind === 'text' ? { message } : { media_url: media_url.trim(), ...caption }),
      ...(hold ? { hold: true } : {}),
    },
  });
}
