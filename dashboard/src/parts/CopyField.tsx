import { ActionIcon, Button, Group, Paper, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCopy } from './copy.ts';

interface Props {
  readonly text: string;
  readonly label: string;
  readonly className?: string;
}

/** A word to copy: a token, a link, a code. */
export function CopyField({ text, label, className }: Props) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  return (
    <Paper withBorder p="xs" className={`code-box ${className ?? ''}`}>
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Text ff="monospace" size="sm" className="break-all" aria-label={label}>
          {text}
        </Text>
        <ActionIcon
          variant={copied ? 'filled' : 'default'}
          size="lg"
          aria-label={t(copied ? 'action.copied' : 'action.copyWhat', { what: label })}
          onClick={() => void copy(text)}
        >
          {copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
        </ActionIcon>
      </Group>
    </Paper>
  );
}

/** Several lines to copy: a command, a sample. */
export function CopyBlock({ text, label }: Props) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  return (
    <Paper withBorder p="xs" className="code-box">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and a keyboard must reach them */}
      <section className="code-lines" tabIndex={0} aria-label={label}>
        {text}
      </section>
      <Group justify="flex-end" mt={4}>
        <Button
          size="compact-sm"
          variant={copied ? 'filled' : 'default'}
          leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          onClick={() => void copy(text)}
        >
          {t(copied ? 'action.copied' : 'action.copy')}
        </Button>
      </Group>
    </Paper>
  );
}
