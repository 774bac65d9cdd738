import { ActionIcon, Alert, FileButton, Group, Progress, Text, Textarea } from '@mantine/core';
import { IconPaperclip, IconPlugConnectedX, IconSend2, IconX } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { PanelDevice } from '../../api/types.ts';
import { upload } from '../../api/upload.ts';
import { untilSignOut, useDraft } from '../../parts/drafts.ts';
import { sentenceOf } from '../../parts/failures.ts';
import { failed } from '../../parts/notices.ts';
import { bytes, percent } from '../../parts/numbers.ts';
import { typedOn } from '../../parts/typed.ts';
import { noteEndedSession, queries } from '../../queries.ts';
import { briefText } from './kinds.ts';
import { writerOf } from './peers.ts';

interface Props {
  readonly deviceId: number;
  readonly peer: string;
  /** Whom it is an answer to, for people. */
  readonly name: string;
  readonly device: PanelDevice | undefined;
}

/** Text, or a file with a caption. A refusal keeps what was written; so does leaving the conversation, and what is being sent goes on. */
export function AnswerBox({ deviceId, peer, name, device }: Props) {
  const { t } = useTranslation('inbox');
  const { draft, change, isShown } = useDraft(deviceId, peer);
  const { text, file, replyTo, busy, progress, failure } = draft;
  const field = useRef<HTMLTextAreaElement>(null);
  const answered = useRef(replyTo);
  const forget = useRef<() => void>(null);
  useEffect(() => {
    // Else the same file could not be chosen once more: for the browser nothing would have changed.
    if (file === null) forget.current?.();
  }, [file]);
  useEffect(() => {
    // Not for one that was chosen before the conversation was left: who comes back begins at its head.
    if (replyTo !== undefined && replyTo !== answered.current) field.current?.focus();
    answered.current = replyTo;
  }, [replyTo]);
  const offline = device !== undefined && device.live.status !== 'connected';

  const send = async () => {
    if (busy || (text.trim() === '' && file === null)) return;
    change({ busy: true, failure: undefined });
    const signal = untilSignOut();
    const about = {
      ...(offline ? { hold: true } : {}),
      ...(replyTo === undefined ? {} : { reply_to: replyTo.message_id }),
    };
    try {
      if (file === null)
        await act('POST /api/panel/messages', {
          body: { device_id: deviceId, recipient: peer, message: text, ...about },
        });
      else await sendFile(file, about, signal);
      change((now) => ({
        text: typedOn(now.text, text),
        file: now.file === file ? null : now.file,
        replyTo: now.replyTo === replyTo ? undefined : now.replyTo,
      }));
      await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices/{id}/chats/{peer}'] });
      void queries.invalidateQueries({ queryKey: ['GET /api/panel/inbox'] });
    } catch (error) {
      // Nobody is there any more who could be told.
      if (signal.aborted) return;
      // Of an ended session the sign-in page tells; here it would stand on when that is long over.
      if (!noteEndedSession(error)) change({ failure: error });
      if (!isShown()) failed(error, t('answer.notSent', { who: name }));
    } finally {
      change({ busy: false, progress: undefined });
    }
    field.current?.focus();
  };

  const sendFile = async (given: File, about: Readonly<Record<string, string | boolean>>, signal: AbortSignal) => {
    const form = new FormData();
    form.set('device_id', String(deviceId));
    form.set('recipient', peer);
    if (text.trim() !== '') form.set('caption', text);
    for (const [name, value] of Object.entries(about)) form.set(name, String(value));
    // Fields must come before the file: the server reads the form as it arrives.
    form.set('file', given);
    change({ progress: 0 });
    await upload('/api/panel/messages', form, (progress) => change({ progress }), signal);
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
        <Chip label={t('answer.stopReply')} onRemove={() => change({ replyTo: undefined })}>
          <strong>
            <bdi>{t('answer.replyTo', { who: writerOf(replyTo) })}</bdi>
          </strong>{' '}
          <bdi>{briefText(replyTo)}</bdi>
        </Chip>
      )}
      {file !== null && (
        <Chip label={t('answer.detach')} onRemove={() => change({ file: null })}>
          <IconPaperclip size={14} aria-hidden /> {file.name} ({bytes(file.size)})
        </Chip>
      )}
      {progress !== undefined && (
        <Progress value={percent(progress)} aria-label={t('answer.uploading', { percent: percent(progress) })} />
      )}
      <Group gap="xs" wrap="nowrap" align="flex-end">
        <FileButton
          resetRef={forget}
          onChange={(chosen) => change({ file: chosen })}
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
          onChange={(event) => change({ text: event.currentTarget.value })}
          onPaste={(event) => {
            const [pasted] = event.clipboardData.files;
            if (pasted === undefined) return;
            event.preventDefault();
            change({ file: pasted });
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
