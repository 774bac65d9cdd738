import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { FailureNote } from './FailureNote.tsx';

interface Props {
  /** Why the last try failed. */
  readonly failure: unknown;
  readonly busy: boolean;
  readonly onCancel: () => void;
  /** What the button says. */
  readonly submit: string;
  readonly danger?: boolean;
}

/** The last of a form in a dialog: what went wrong, and the two ways out. */
export function FormEnd({ failure, busy, onCancel, submit, danger = false }: Props) {
  const { t } = useTranslation();
  return (
    <>
      {failure !== undefined && <FailureNote error={failure} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          {t('action.cancel')}
        </Button>
        <Button type="submit" loading={busy} {...(danger ? { color: 'red.8' } : {})}>
          {submit}
        </Button>
      </Group>
    </>
  );
}
