import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from './Dialog.tsx';
import { sentenceOf } from './failures.ts';

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says. */
  readonly action: string;
  readonly danger?: boolean;
  /** A word that must be typed first. */
  readonly typed?: string;
  /** Rejects with what went wrong; the question then stays open and says so. */
  readonly onConfirm: () => Promise<unknown>;
}

export function Confirm({ opened, onClose, title, children, action, danger = false, typed, onConfirm }: Props) {
  const { t } = useTranslation();
  const form = useId();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const close = () => {
    setText('');
    setFailed(undefined);
    onClose();
  };
  const confirm = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      await onConfirm();
      close();
    } catch (error) {
      setFailed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog opened={opened} onClose={close} title={title}>
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <Stack>
          {children}
          {typed !== undefined && (
            <TextInput
              label={t('confirm.type', { word: typed })}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              autoComplete="off"
              data-autofocus
            />
          )}
          {failed !== undefined && (
            <Text role="alert" size="sm" className="bad">
              {sentenceOf(failed)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button
              type="submit"
              form={form}
              loading={busy}
              disabled={typed !== undefined && text.trim() !== typed.trim()}
              {...(danger ? { color: 'red.8' } : {})}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
