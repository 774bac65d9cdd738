import { Alert, Button, Group, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CopyField } from './CopyField.tsx';

interface Props {
  readonly link: string;
  readonly label: string;
  /** Whether it was mailed, or must be handed over. */
  readonly sentence: string;
  readonly onClose: () => void;
}

/** A link for somebody who comes in with it: shown once. */
export function LinkMade({ link, label, sentence, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Alert role="status">{sentence}</Alert>
      <CopyField text={link} label={label} />
      <Group justify="flex-end">
        <Button onClick={onClose}>{t('action.close')}</Button>
      </Group>
    </Stack>
  );
}
