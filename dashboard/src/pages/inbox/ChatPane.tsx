import { ActionIcon, Alert, Button, Text, Title } from '@mantine/core';
import { useDocumentVisibility } from '@mantine/hooks';
import { IconArrowLeft, IconChecks, IconHandStop } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import { call } from '../../api/client.ts';
import type { Chat, PanelDevice } from '../../api/types.ts';
import { useDraft } from '../../parts/drafts.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { Skeletons } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { useMay } from '../../session.tsx';
import { AnswerBox } from './AnswerBox.tsx';
import { ChatAvatar } from './ChatList.tsx';
import { useGroupNames } from './groups.ts';
import { chatLine, chatName, numberOf } from './peers.ts';
import { useReadWhenOpened } from './reading.ts';
import { Thread } from './Thread.tsx';

interface Props {
  readonly deviceId: number;
  readonly peer: string;
  readonly device: PanelDevice | undefined;
  readonly onBack: () => void;
}

const QUESTION = 'GET /api/panel/devices/{id}/chats/{peer}';

/** One conversation: both directions, as they come, and a box to answer. */
export function ChatPane({ deviceId, peer, device, onBack }: Props) {
  const { t } = useTranslation('inbox');
  const { send } = useMay();
  const params = { id: String(deviceId), peer };
  const pages = useInfiniteQuery({
    queryKey: [QUESTION, { params }],
    queryFn: ({ pageParam, signal }) =>
      call(QUESTION, { params, query: { limit: '40', ...(pageParam === null ? {} : { before: pageParam }) } }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ data }) => data.before,
  });
  const { change } = useDraft(deviceId, peer);
  const messages = pages.data?.pages.toReversed().flatMap(({ data }) => data.messages) ?? [];
  const told = pages.data?.pages[0]?.data.chat;
  const named = useGroupNames(device && [device], [told]);
  const chat = told && named(told);
  const markRead = async () => {
    await act('POST /api/panel/devices/{id}/chats/{peer}/read', { params });
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/inbox'] });
    await queries.invalidateQueries({ queryKey: [QUESTION, { params }] });
  };
  useReadOnOpening(send && device?.live.status === 'connected' ? chat : undefined, markRead);
  return (
    <section className="inbox-pane" aria-label={t('conversation')}>
      <Head chat={chat} deviceName={device?.name} onBack={onBack} {...(send ? { onRead: markRead } : {})} />
      {chat?.opted_out && (
        <Alert color="orange" radius={0} icon={<IconHandStop aria-hidden />} role="status">
          {t('optedOut')}
        </Alert>
      )}
      {pages.data === undefined ? (
        <div className="inbox-thread">
          {pages.isError ? (
            <FailureNote error={pages.error} onRetry={() => void pages.refetch()} />
          ) : (
            <Skeletons rows={3} height={48} />
          )}
        </div>
      ) : (
        <Thread
          messages={messages}
          deviceId={deviceId}
          isGroup={chat?.is_group ?? false}
          onReply={send ? (replyTo) => change({ replyTo }) : undefined}
          earlier={
            pages.hasNextPage ? (
              <Button
                variant="default"
                size="compact-sm"
                loading={pages.isFetchingNextPage}
                onClick={() => void pages.fetchNextPage()}
              >
                {t('earlier')}
              </Button>
            ) : null
          }
        />
      )}
      {send ? (
        <AnswerBox
          deviceId={deviceId}
          peer={peer}
          name={chat === undefined ? numberOf(peer) : chatName(chat)}
          device={device}
        />
      ) : (
        <Text size="sm" c="dimmed" p="sm" ta="center">
          {t('answer.viewer')}
        </Text>
      )}
    </section>
  );
}

/** As on a phone, where this browser's setting says so. A device that is not connected is asked again when it is. */
function useReadOnOpening(chat: Chat | undefined, markRead: () => Promise<void>) {
  const [wanted] = useReadWhenOpened();
  const asked = useRef<string>(undefined);
  const unread = chat?.unread ?? 0;
  const newest = chat?.last?.at ?? '';
  const isSeen = useDocumentVisibility() === 'visible';
  useEffect(() => {
    if (!wanted || unread === 0 || asked.current === newest || !isSeen) return;
    asked.current = newest;
    // It stays unread, and the button that marks it is still there.
    markRead().catch(() => undefined);
  }, [wanted, unread, newest, isSeen, markRead]);
}

interface HeadProps {
  readonly chat: Chat | undefined;
  readonly deviceName: string | undefined;
  readonly onBack: () => void;
  readonly onRead?: () => Promise<void>;
}

function Head({ chat, deviceName, onBack, onRead }: HeadProps) {
  const { t } = useTranslation('inbox');
  const { busy, run } = useAction();
  const heading = useRef<HTMLHeadingElement>(null);
  const known = chat !== undefined;
  // Who opens a conversation goes on reading there.
  useEffect(() => {
    if (known) heading.current?.focus({ preventScroll: true });
  }, [known]);
  return (
    <header className="inbox-head">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        className="inbox-back"
        aria-label={t('backToList')}
        onClick={onBack}
      >
        <IconArrowLeft aria-hidden />
      </ActionIcon>
      {chat !== undefined && (
        <>
          <ChatAvatar chat={chat} />
          <div className="inbox-head-text">
            <Title order={2} size="h5" ref={heading} tabIndex={-1} className="page-title" lineClamp={1}>
              <bdi>{chatName(chat)}</bdi>
            </Title>
            <Text size="xs" c="dimmed" truncate>
              {[chatLine(chat), deviceName === undefined ? '' : t('via', { device: deviceName })]
                .filter((part) => part !== '')
                .join(' · ')}
            </Text>
          </div>
          {onRead !== undefined && chat.unread > 0 && (
            <Button
              size="xs"
              variant="light"
              className="no-shrink"
              loading={busy}
              leftSection={<IconChecks size={16} aria-hidden />}
              onClick={() =>
                void run(async () => {
                  await onRead();
                  done(t('marked'));
                })
              }
            >
              {t('markRead')}
            </Button>
          )}
        </>
      )}
    </header>
  );
}
