import { Group, Paper, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconPaperclip } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PanelMessage } from '../../api/types.ts';
import { phone } from '../../parts/phones.ts';
import { briefly, dateTime } from '../../parts/times.ts';
import { useZone } from '../../session.tsx';
import { failureText, hasFailed, waitingText } from './life.ts';
import { StateMark } from './StateMark.tsx';

interface Props {
  readonly messages: readonly PanelMessage[];
  readonly onOpen: (id: number) => void;
}

/** The history, newest first. Rows are buttons: the whole row opens the message. */
export function MessageList({ messages, onOpen }: Props) {
  const { t } = useTranslation('messages');
  const zone = useZone();
  return (
    <Stack gap="xs" component="ul" className="plain-list" aria-label={t('title')}>
      {messages.map((message) => (
        <li key={message.id}>
          <UnstyledButton w="100%" onClick={() => onOpen(message.id)}>
            <Paper withBorder p="sm" radius="md" className="row-button">
              <Stack gap={4}>
                <Group justify="space-between" gap="xs" wrap="nowrap">
                  <Text fw={600} size="sm" truncate>
                    {phone(message.recipient)}
                  </Text>
                  <StateMark message={message} />
                </Group>
                <Text size="sm" lineClamp={1}>
                  {message.type !== 'text' && (
                    <>
                      <IconPaperclip size={14} aria-hidden /> {message.filename ?? t(`type.${message.type}`)}{' '}
                    </>
                  )}
                  {message.message}
                </Text>
                {hasFailed(message) && (
                  <Text size="xs" className="bad" lineClamp={2}>
                    {failureText(message)}
                  </Text>
                )}
                {message.status === 'pending' && message.waiting_for !== null && (
                  <Text size="xs" c="dimmed" lineClamp={2}>
                    {waitingText(message)}
                  </Text>
                )}
                <Group justify="space-between" gap="xs" wrap="nowrap">
                  <Text size="xs" c="dimmed" truncate>
                    {message.device_name}
                  </Text>
                  <Text size="xs" c="dimmed" className="nowrap" visibleFrom="sm">
                    {dateTime(message.created_at, zone)}
                  </Text>
                  <Text size="xs" c="dimmed" className="nowrap" hiddenFrom="sm">
                    {briefly(message.created_at, zone)}
                  </Text>
                </Group>
              </Stack>
            </Paper>
          </UnstyledButton>
        </li>
      ))}
    </Stack>
  );
}
