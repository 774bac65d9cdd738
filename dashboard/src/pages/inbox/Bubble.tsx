import { ActionIcon, Button, Popover, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowBackUp, IconBan, IconCopy, IconDots, IconMoodX, type TablerIcon } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { ChatMessage } from '../../api/types.ts';
import { copyText } from '../../parts/copy.ts';
import { translate } from '../../parts/failures.ts';
import { phone } from '../../parts/phones.ts';
import { timeOfDay } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { useZone } from '../../session.tsx';
import { Cards, Place, Poll, Vote } from './Attachments.tsx';
import { InboxFile } from './InboxFile.tsx';
import { briefText, kindText } from './kinds.ts';
import { plainName, writerOf } from './peers.ts';
import { Ticks } from './Ticks.tsx';

interface Props {
  readonly message: ChatMessage;
  readonly deviceId: number;
  readonly isGroup: boolean;
  readonly onReply: ((message: ChatMessage) => void) | undefined;
}

const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const;

export function Bubble({ message, deviceId, isGroup, onReply }: Props) {
  const { t } = useTranslation('inbox');
  const zone = useZone();
  const { by, quote, text, type, deleted_at, edited_at, reactions } = message;
  const ours = by !== 'them';
  const failure = failureOf(message);
  return (
    <li className={ours ? 'inbox-item ours' : 'inbox-item'}>
      <article className={ours ? 'inbox-bubble ours' : 'inbox-bubble'} aria-label={writerOf(message)}>
        {isGroup && !ours && <bdi className="inbox-writer">{writerOf(message)}</bdi>}
        {quote !== null && (
          <blockquote className="inbox-quote">
            <strong>
              <bdi>{quote.by === 'us' ? t('you') : plainName(quote.name) || t('hidden')}</bdi>
            </strong>
            <span className="inbox-quote-text">
              <bdi>{briefText(quote)}</bdi>
            </span>
          </blockquote>
        )}
        {deleted_at !== null ? (
          <Text size="sm" c="dimmed" fs="italic">
            <IconBan size={14} aria-hidden /> {t('bubble.deleted')}
          </Text>
        ) : (
          <>
            <Content message={message} deviceId={deviceId} />
            {text !== null && text !== '' && !isSaidBy(type) && (
              <span className="pre-wrap" dir="auto">
                {text}
              </span>
            )}
          </>
        )}
        <span className="inbox-foot">
          {message.offline && <span>{t('bubble.offline')} ·</span>}
          {message.opt_out && <span className="bad">{t('bubble.optOut')} ·</span>}
          {by === 'phone' && <span>{t('yourPhone')} ·</span>}
          {edited_at !== null && deleted_at === null && <span>{t('bubble.edited')} ·</span>}
          <time dateTime={message.sent_at}>{timeOfDay(message.sent_at, zone)}</time>
          {message.history_id !== null && (
            <Link
              to="/messages"
              search={{ message: message.history_id }}
              aria-label={t('history')}
              title={t('history')}
              className="inbox-state"
            >
              <Ticks state={message.state} />
            </Link>
          )}
        </span>
        {failure !== null && (
          <Text size="xs" className="bad">
            {failure}
          </Text>
        )}
        {reactions.length > 0 && (
          <ul className="plain-list inbox-reactions" aria-label={t('bubble.reactions')}>
            {reactions.map(({ from, emoji }) => (
              <li key={from} title={t('bubble.by', { who: from === 'me' ? t('bubble.me') : phone(from) })}>
                <bdi>{emoji}</bdi>
              </li>
            ))}
          </ul>
        )}
      </article>
      {onReply !== undefined && deleted_at === null && (
        <Actions message={message} deviceId={deviceId} onReply={onReply} />
      )}
    </li>
  );
}

/** Kinds whose text stands in their own part already, or says nothing. */
const isSaidBy = (type: string) => ['location', 'contact', 'poll', 'poll_vote', 'view_once', 'unknown'].includes(type);

function Content({ message, deviceId }: Pick<Props, 'message' | 'deviceId'>) {
  if (message.media !== null) return <InboxFile message={message} deviceId={deviceId} />;
  if (message.location !== null) return <Place place={message.location} />;
  if (message.contacts !== null) return <Cards contacts={message.contacts} />;
  if (message.poll_options !== null)
    return <Poll question={message.text} options={message.poll_options} votes={message.votes} />;
  if (message.type === 'poll_vote') return <Vote message={message} />;
  if (message.type === 'view_once' || message.type === 'unknown')
    return <Text size="sm">{kindText(message.type)}</Text>;
  return null;
}

function failureOf({ state, error_code, error_message }: ChatMessage): string | null {
  if (state !== 'failed' && state !== 'expired') return null;
  const key = `failures:${error_code ?? ''}`;
  return error_code !== null && i18next.exists(key)
    ? translate(key)
    : (error_message ?? translate('inbox:state.failed'));
}

function Actions({
  message,
  deviceId,
  onReply,
}: Pick<Props, 'message' | 'deviceId'> & { readonly onReply: (message: ChatMessage) => void }) {
  const { t } = useTranslation('inbox');
  const { run } = useAction();
  const [opened, menu] = useDisclosure(false);
  const mine = message.reactions.find(({ from }) => from === 'me')?.emoji;
  const react = (emoji: string | undefined) =>
    void run(async () => {
      await act('POST /api/panel/devices/{id}/reactions', {
        params: { id: String(deviceId) },
        body: { message_id: message.message_id, ...(emoji === undefined ? {} : { emoji }) },
      });
      await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices/{id}/chats/{peer}'] });
    });
  const choose = (what: () => void) => {
    menu.close();
    what();
  };
  const copy = () => void copyText(message.text ?? '');
  // What never arrived cannot be answered.
  if (message.state !== null && !['sent', 'delivered', 'read'].includes(message.state)) return null;
  return (
    <Popover
      position="bottom"
      opened={opened}
      onChange={(open) => (open ? menu.open() : menu.close())}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          className="inbox-actions"
          aria-label={t('bubble.actions')}
          onClick={menu.toggle}
        >
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={6} aria-label={t('bubble.actions')}>
        <div className="inbox-emoji">
          {EMOJI.map((emoji) => (
            <UnstyledButton
              key={emoji}
              aria-label={t('bubble.react', { emoji })}
              aria-pressed={emoji === mine}
              onClick={() => choose(() => react(emoji))}
            >
              {emoji}
            </UnstyledButton>
          ))}
        </div>
        {mine !== undefined && (
          <Choice icon={IconMoodX} onClick={() => choose(() => react(undefined))}>
            {t('bubble.unreact')}
          </Choice>
        )}
        <Choice icon={IconArrowBackUp} onClick={() => choose(() => onReply(message))}>
          {t('bubble.reply')}
        </Choice>
        {message.text !== null && message.text !== '' && (
          <Choice icon={IconCopy} onClick={() => choose(copy)}>
            {t('bubble.copy')}
          </Choice>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function Choice({
  icon: Icon,
  onClick,
  children,
}: {
  readonly icon: TablerIcon;
  readonly onClick: () => void;
  readonly children: string;
}) {
  return (
    <Button
      variant="subtle"
      color="gray"
      size="sm"
      fullWidth
      justify="flex-start"
      leftSection={<Icon size={16} aria-hidden />}
      onClick={onClick}
      className="inbox-choice"
    >
      {children}
    </Button>
  );
}
