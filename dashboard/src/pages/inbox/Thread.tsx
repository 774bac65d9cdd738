import { type ReactNode, useEffect, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatMessage } from '../../api/types.ts';
import { date } from '../../parts/times.ts';
import { useZone } from '../../session.tsx';
import { Bubble } from './Bubble.tsx';

interface Props {
  readonly messages: readonly ChatMessage[];
  readonly deviceId: number;
  readonly isGroup: boolean;
  readonly earlier: ReactNode;
  readonly onReply: ((message: ChatMessage) => void) | undefined;
}

/** Near enough to the end to be taken along when something comes, px. */
const NEAR = 120;

/** The messages, the newest at the end and in sight; who reads further up stays where they are. */
export function Thread({ messages, deviceId, isGroup, earlier, onReply }: Props) {
  const { t } = useTranslation('inbox');
  const zone = useZone();
  const box = useRef<HTMLDivElement>(null);
  const fromEnd = useRef(0);
  const first = messages[0]?.key;
  const last = messages.at(-1)?.key;
  const before = useRef({ first, last });
  useLayoutEffect(() => {
    const here = box.current;
    if (here === null) return;
    const grewAbove = before.current.first !== first && before.current.last === last;
    if (grewAbove) here.scrollTop = here.scrollHeight - fromEnd.current;
    else if (fromEnd.current - here.clientHeight < NEAR || before.current.last === undefined)
      here.scrollTop = here.scrollHeight;
    before.current = { first, last };
    fromEnd.current = here.scrollHeight - here.scrollTop;
  }, [first, last]);
  useEffect(() => {
    const here = box.current;
    if (here === null) return;
    // Images that come later make it longer.
    const watch = new ResizeObserver(() => {
      if (fromEnd.current - here.clientHeight < NEAR) here.scrollTop = here.scrollHeight;
    });
    for (const child of here.children) watch.observe(child);
    return () => watch.disconnect();
  }, []);
  let day = '';
  return (
    <div
      className="inbox-thread"
      role="log"
      aria-label={t('conversation')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must reach it
      tabIndex={0}
      ref={box}
      onScroll={({ currentTarget: it }) => {
        fromEnd.current = it.scrollHeight - it.scrollTop;
      }}
    >
      <ol className="plain-list inbox-bubbles">
        {earlier !== null && <li className="inbox-earlier">{earlier}</li>}
        {messages.length === 0 && <li className="inbox-earlier">{t('noMessages')}</li>}
        {messages.flatMap((message) => {
          const its = date(message.sent_at, zone);
          const head = its === day ? [] : [<DayLine key={its} day={its} />];
          day = its;
          return [
            ...head,
            <Bubble key={message.key} message={message} deviceId={deviceId} isGroup={isGroup} onReply={onReply} />,
          ];
        })}
      </ol>
    </div>
  );
}

const DayLine = ({ day }: { readonly day: string }) => <li className="inbox-day">{day}</li>;
