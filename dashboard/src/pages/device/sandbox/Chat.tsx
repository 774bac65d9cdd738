import { ActionIcon, Skeleton, Stack, Text, Textarea, Title } from '@mantine/core';
import { IconArrowLeft, IconChecks, IconPaperclip, IconSend2 } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, keyOf, useAsk } from '../../../api/ask.ts';
import type { Bubble } from '../../../api/types.ts';
import { Loaded } from '../../../parts/Loaded.tsx';
import { phone } from '../../../parts/phones.ts';
import { timeOfDay } from '../../../parts/times.ts';
import { typedOn } from '../../../parts/typed.ts';
import { useAction } from '../../../parts/useAction.ts';
import { queries } from '../../../queries.ts';
import { useMay, useZone } from '../../../session.tsx';
import { mannerOf, nameOf } from './manners.ts';
import { Ticks } from './Ticks.tsx';

interface Props {
  readonly deviceId: string;
  readonly number: string;
  readonly onBack: () => void;
}

/** One conversation: what the device sent on the right, what the contact wrote on the left. */
export function Chat({ deviceId, number, onBack }: Props) {
  const { t } = useTranslation('sandbox');
  const { t: common } = useTranslation();
  const { send } = useMay();
  const params = { id: deviceId, number };
  const chat = useAsk('GET /api/panel/devices/{id}/sandbox/{number}', { params }, { refetchInterval: 5_000 });
  const { run } = useAction();
  const conversation = chat.data?.conversation;
  const markRead = () =>
    void run(async () => {
      await act('POST /api/panel/devices/{id}/sandbox/{number}/read', { params });
      await refresh(params);
    });
  return (
    <>
      <header className="handset-bar">
        <ActionIcon variant="transparent" color="inherit" size="lg" aria-label={common('action.back')} onClick={onBack}>
          <IconArrowLeft aria-hidden />
        </ActionIcon>
        <div className="handset-bar-text">
          <Title order={2} size="h6">
            {nameOf(number, conversation?.name ?? null)}
          </Title>
          <Text size="xs" lineClamp={1}>
            {mannerOf(number, conversation?.manner ?? null) || phone(number)}
          </Text>
        </div>
        {send && (
          <ActionIcon
            variant="transparent"
            color="inherit"
            size="lg"
            aria-label={t('markRead')}
            title={t('markRead')}
            onClick={markRead}
          >
            <IconChecks aria-hidden />
          </ActionIcon>
        )}
      </header>
      <Loaded query={chat} skeleton={<Skeleton m="md" height={40} width="60%" radius="lg" />}>
        {({ bubbles }) => <Bubbles bubbles={bubbles} />}
      </Loaded>
      {send && <Answer params={params} />}
    </>
  );
}

const refresh = async (params: { id: string; number: string }) => {
  await queries.invalidateQueries({ queryKey: keyOf('GET /api/panel/devices/{id}/sandbox/{number}', { params }) });
  await queries.invalidateQueries({ queryKey: ['GET /api/panel/devices/{id}/sandbox'] });
};

function Bubbles({ bubbles }: { readonly bubbles: readonly Bubble[] }) {
  const { t } = useTranslation('sandbox');
  const zone = useZone();
  const end = useRef<HTMLDivElement>(null);
  const last = bubbles.at(-1)?.id;
  useEffect(() => {
    const box = end.current?.parentElement;
    if (last !== undefined && box) box.scrollTop = box.scrollHeight;
  }, [last]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must reach it
    <div className="handset-chat" role="log" aria-label={t('messages')} tabIndex={0}>
      {bubbles.length === 0 && (
        <Text size="sm" c="dimmed" ta="center" p="md">
          {t('noMessages')}
        </Text>
      )}
      {bubbles.map((bubble) => (
        <div key={bubble.id} className={`bubble ${bubble.from}`}>
          {bubble.media !== null && (
            <span className="bubble-media">
              <IconPaperclip size={14} aria-hidden /> {bubble.media.name ?? bubble.media.kind}
            </span>
          )}
          {bubble.text !== null && <span className="pre-wrap">{bubble.text}</span>}
          <span className="bubble-foot">
            {timeOfDay(bubble.at, zone)} <Ticks ticks={bubble.ticks} />
          </span>
        </div>
      ))}
      <div ref={end} />
    </div>
  );
}

function Answer({ params }: { readonly params: { id: string; number: string } }) {
  const { t } = useTranslation('sandbox');
  const [text, setText] = useState('');
  const { busy, run } = useAction();
  const send = async () => {
    if (text.trim() === '' || busy) return;
    const sent = await run(async () => {
      await act('POST /api/panel/devices/{id}/sandbox/{number}/messages', { params, body: { text } });
      await refresh(params);
    });
    if (sent) setText((now) => typedOn(now, text));
  };
  return (
    <form
      className="handset-answer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Stack gap={0} flex={1}>
        <Textarea
          aria-label={t('answer')}
          placeholder={t('answer')}
          autosize
          minRows={1}
          maxRows={4}
          radius="xl"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey) return;
            event.preventDefault();
            void send();
          }}
        />
      </Stack>
      <ActionIcon type="submit" size={38} radius="xl" loading={busy} aria-label={t('send')}>
        <IconSend2 size={20} aria-hidden />
      </ActionIcon>
    </form>
  );
}
