import { Avatar, Badge, Button, Text } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Chat } from '../../api/types.ts';
import { briefly } from '../../parts/times.ts';
import type { InboxSearch } from '../../router.tsx';
import { useZone } from '../../session.tsx';
import { briefText } from './kinds.ts';
import { chatName, plainName } from './peers.ts';
import { Ticks } from './Ticks.tsx';

interface Props {
  readonly chats: readonly Chat[];
  readonly total: number;
  readonly withDevice: boolean;
  readonly search: InboxSearch;
  readonly onMore: (() => void) | undefined;
}

export function ChatList({ chats, total, withDevice, search, onMore }: Props) {
  const { t } = useTranslation('inbox');
  const { t: common } = useTranslation();
  return (
    <>
      <ul className="plain-list">
        {chats.map((chat) => (
          <li key={`${chat.device_id} ${chat.peer}`}>
            <Row
              chat={chat}
              withDevice={withDevice}
              search={search}
              isOpen={search.chat === chat.peer && search.device === chat.device_id}
            />
          </li>
        ))}
      </ul>
      {total > chats.length && onMore !== undefined && (
        <Button variant="subtle" fullWidth onClick={onMore}>
          {common('action.older')}
        </Button>
      )}
      {total > chats.length && onMore === undefined && (
        <Text size="xs" c="dimmed" p="sm" ta="center">
          {t('filter.search')}
        </Text>
      )}
    </>
  );
}

function Row({
  chat,
  withDevice,
  search,
  isOpen,
}: Pick<Props, 'withDevice' | 'search'> & { readonly chat: Chat; readonly isOpen: boolean }) {
  const { t } = useTranslation('inbox');
  const zone = useZone();
  const { last, unread } = chat;
  return (
    <Link
      to="/inbox"
      search={{ ...search, chat: chat.peer, device: chat.device_id }}
      className="inbox-row"
      aria-current={isOpen ? 'true' : undefined}
      preload={false}
    >
      <ChatAvatar chat={chat} />
      <span className="inbox-row-text">
        <span className="inbox-line">
          <bdi className={unread > 0 ? 'inbox-name strong' : 'inbox-name'}>{chatName(chat)}</bdi>
          {last !== null && <span className="inbox-time">{briefly(last.at, zone)}</span>}
        </span>
        <span className="inbox-line">
          <span className="inbox-last">
            {last?.by === 'us' && (
              <>
                <Ticks state={last.state} />
                <span className="inbox-you">{t('you')}: </span>
              </>
            )}
            {chat.is_group && last?.by === 'them' && last.name !== null && <bdi>{plainName(last.name)}: </bdi>}
            {last !== null && <bdi>{briefText(last)}</bdi>}
          </span>
          {unread > 0 && (
            <Badge size="sm" className="plain-badge no-shrink" aria-label={t('unread', { count: unread })}>
              {unread > 99 ? '99+' : unread}
            </Badge>
          )}
        </span>
        {withDevice && <span className="inbox-device">{t('via', { device: chat.device_name })}</span>}
      </span>
    </Link>
  );
}

export function ChatAvatar({ chat }: { readonly chat: Chat }) {
  if (chat.is_group)
    return (
      <Avatar radius="xl" color="blue" aria-hidden>
        <IconUsersGroup size={20} aria-hidden />
      </Avatar>
    );
  // Letters alone: a name may begin with anything.
  const letters = plainName(chat.name)
    .replace(/[^\p{L}\p{N} ]/gu, '')
    .trim();
  return <Avatar radius="xl" color="gate" name={letters === '' ? '#' : letters} aria-hidden />;
}
