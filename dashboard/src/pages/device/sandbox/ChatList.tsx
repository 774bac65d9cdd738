import { Avatar, Badge, Stack, Text, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { SandboxConversation } from '../../../api/types.ts';
import { timeOfDay } from '../../../parts/times.ts';
import { useZone } from '../../../session.tsx';
import { mannerOf, nameOf } from './manners.ts';
import { Ticks } from './Ticks.tsx';

interface Props {
  readonly conversations: readonly SandboxConversation[];
  readonly numbers: readonly { readonly number: string; readonly meaning: string }[];
  readonly onOpen: (number: string) => void;
}

export function ChatList({ conversations, numbers, onOpen }: Props) {
  const { t } = useTranslation('sandbox');
  const zone = useZone();
  const untouched = numbers.filter(({ number }) => !conversations.some((one) => one.number === number));
  return (
    <div className="handset-body">
      {conversations.length === 0 && (
        <Text size="sm" c="dimmed" p="md">
          {t('empty')}
        </Text>
      )}
      <ul className="handset-list">
        {conversations.map(({ number, name, last, unread }) => (
          <li key={number}>
            <UnstyledButton className="handset-row" onClick={() => onOpen(number)}>
              <Avatar radius="xl" color="gate" name={name ?? ''} />
              <div className="handset-row-text">
                <span className="handset-line">
                  <Text size="sm" fw={600} truncate>
                    {nameOf(number, name)}
                  </Text>
                  {last !== null && (
                    <Text size="xs" c="dimmed" className="nowrap">
                      {timeOfDay(last.at, zone)}
                    </Text>
                  )}
                </span>
                <span className="handset-line">
                  <Text size="xs" c="dimmed" truncate>
                    {last !== null && <Ticks ticks={last.ticks} />}{' '}
                    {last?.text ?? last?.media?.name ?? last?.media?.kind ?? ''}
                  </Text>
                  {unread > 0 && (
                    <Badge size="sm" circle className="no-shrink" aria-label={t('unread', { count: unread })}>
                      {unread}
                    </Badge>
                  )}
                </span>
              </div>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {untouched.length > 0 && (
        <Stack gap={4} p="md">
          <Text size="xs" fw={600}>
            {t('numbers')}
          </Text>
          <ul className="handset-list">
            {untouched.map(({ number, meaning }) => (
              <li key={number}>
                <UnstyledButton className="handset-row compact" onClick={() => onOpen(number)}>
                  <div className="handset-row-text">
                    <Text size="xs" ff="monospace">
                      {number}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {mannerOf(number, meaning)}
                    </Text>
                  </div>
                </UnstyledButton>
              </li>
            ))}
          </ul>
        </Stack>
      )}
    </div>
  );
}
