import { ActionIcon, Alert, FileButton, Group, Progress, Text, Textarea } from '@mantine/core';
import { IconPaperclip, IconPlugConnectedX, IconSend2, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { ChatMessage, PanelDevice } from '../../api/types.ts';
import { upload } from '../../api/upload.ts';
import { sentenceOf } from '../../parts/failures.ts';
import { bytes, percent } from '../../parts/numbers.ts';
import { typedOn } from '../../parts/typed.ts';
import { noteEndedSession, queries } from '../../queries.ts';
import { briefText } from './kinds.ts';
import { writerOf } from './peers.ts';

interface Props {
  readonly deviceId: number;
  readonly peer: string;
  readonly device: PanelDevice | undefined;
  readonly replyTo: ChatMessage | undefined;
  readonly onStopReply: () => void;
}

/** Text, or a file with a caption; a refusal keeps what was written. */
export function AnswerBox({ deviceId, peer, device, replyTo, onStopReply }: Props) {
  const { t } = useTranslation('inbox');
  const [text, setText] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const [progress, setProgress] = useState<number>();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const field = useRef<HTMLTextAreaElement>(null);
  const stop = useRef<AbortController>(undefined);
  const forget = useRef<() => void>(null);
  useEffect(() => {
    // Else the same file could not be chosen once more: for the browser nothing would have changed.
    if (file === null) forget.current?.();
  }, [file]);
  useEffect(() => {
    if (replyTo !== undefined) field.current?.focus();
  }, [replyTo]);
  useEffect(() => () => stop.current?.abort(new Error('left the conversation')), []);
  const offline = device !== undefined && device.live.status !== 'connected';

  const send = async () => {
    if (busy || (text.trim() === '' && file === null)) return;
    setBusy(true);
    setFailure(undefined);
    const about = {
      ...(offline ? { hold: true } : {}),
      ...(replyTo === undefined ? {} : { reply_to: replyTo.message_id }),
    };
    try {
      if (file === null)
        await act('POST /api/panel/messages', {
          body: { device_id: deviceId, recipient: peer, message: text, ...about },
        });
      else await sendFile(file, about);
      setText((now) => typedOn(now, text));
      setFile((now) => (now === file ? null : now));
      onStopReply();
      await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices/{id}/chats/{peer}'] });
      void queries.invalidateQueries({ queryKey: ['GET /api/panel/inbox'] });
    } catch (error) {
      noteEndedSession(error);
      if (!stop.current?.signal.aborted) setFailure(error);
    } finally {
      setBusy(false);
      setProgress(undefined);
    }
    field.current?.focus();
  };

  const sendFile = async (given: File, about: Readonly<Record<string, string | boolean>>) => {
    const form = new FormData();
    form.set('device_id', String(deviceId));
    form.set('recipient', peer);
    if (text.trim() !== '') form.set('caption', text);
    for (const [name, value] of Object.entries(about)) form.set(name, String(value));
    // Fields must come before the file: the server reads the form as it arrives.
    form.set('file', given);
    stop.current = new AbortController();
    setProgress(0);
    await upload('/api/panel/messages', form, setProgress, stop.current.signal);
  };

  return (
    <form
      className="inbox-answer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {offline && (
        <Alert color="yellow" p="xs" icon={<IconPlugConnectedX aria-hidden />} role="status">
          {t('answer.offline', { device: device.name })}
        </Alert>
      )}
      {failure !== undefined && (
        <Text size="sm" className="bad" role="alert">
          {sentenceOf(failure)}
        </Text>
      )}
      {replyTo !== undefined && (
        <Chip label={t('answer.stopReply')} onRemove={onStopReply}>
          <strong>
            <bdi>{t('answer.replyTo', { who: writerOf(replyTo) })}</bdi>
          </strong>{' '}
          <bdi>{briefText(replyTo)}</bdi>
        </Chip>
      )}
      {file !== null && (
        <Chip label={t('answer.detach')} onRemove={() => setFile(null)}>
          <IconPaperclip size={14} aria-hidden /> {file.name} ({bytes(file.size)})
        </Chip>
      )}
      {progress !== undefined && (
        <Progress value={percent(progress)} aria-label={t('answer.uploading', { percent: percent(progress) })} />
      )}
      <Group gap="xs" wrap="nowrap" align="flex-end">
        <FileButton
          resetRef={forget}
          onChange={setFile}
          inputProps={{ 'aria-label': t('answer.attach'), tabIndex: -1 }}
        >
          {(props) => (
            <ActionIcon {...props} variant="default" size={38} radius="xl" aria-label={t('answer.attach')}>
              <IconPaperclip size={20} aria-hidden />
            </ActionIcon>
          )}
        </FileButton>
        <Textarea
          ref={field}
          flex={1}
          aria-label={t('answer.label')}
          aria-description={t('answer.keys')}
          placeholder={t(file === null ? 'answer.placeholder' : 'answer.caption')}
          autosize
          minRows={1}
          maxRows={6}
          maxLength={file === null ? 5000 : 1024}
          radius="lg"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onPaste={(event) => {
            const [pasted] = event.clipboardData.files;
            if (pasted === undefined) return;
            event.preventDefault();
            setFile(pasted);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <ActionIcon type="submit" size={38} radius="xl" loading={busy} aria-label={t('answer.send')}>
          <IconSend2 size={20} aria-hidden />
        </ActionIcon>
      </Group>
    </form>
  );
}

function Chip({
  label,
  onRemove,
  children,
}: {
  readonly label: string;
  readonly onRemove: () => void;
  readonly children: React.ReactNode;
}) {
  return (
    <div className="inbox-chip">
      <span>{children}</span>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={onRemove}>
        <IconX size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}
