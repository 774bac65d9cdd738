import { Button } from '@mantine/core';
import { IconInbox, IconMessageSearch, IconMessages } from '@tabler/icons-react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAsk, useAskPage } from '../../api/ask.ts';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { Page } from '../../parts/Page.tsx';
import type { InboxSearch } from '../../router.tsx';
import { ChatFilters } from './ChatFilters.tsx';
import { ChatList } from './ChatList.tsx';
import { ChatPane } from './ChatPane.tsx';
import { useGroupNames } from './groups.ts';
import './inbox.css';

/** Conversations beside the one that is open; on a phone one after the other. */
export function InboxPage() {
  const { t } = useTranslation('inbox');
  const search = useSearch({ from: '/signed/inbox' });
  const navigate = useNavigate({ from: '/inbox' });
  const { q, show, only, chat, device } = search;
  const devices = useAsk('GET /api/panel/devices');
  const [pages, setPages] = usePages(`${q} ${show} ${only}`);
  const chats = useAskPage('GET /api/panel/inbox', {
    query: {
      limit: String(Math.min(100, 30 * pages)),
      ...(q === undefined ? {} : { q }),
      ...(show === undefined ? {} : { show }),
      ...(only === undefined ? {} : { device_id: String(only) }),
    },
  });
  const named = useGroupNames(devices.data, chats.data?.data.chats ?? []);
  // In the place of the entry before: Back must not open what was closed, nor undo a search word by word.
  const go = (change: Partial<InboxSearch>, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace });
  const isOpen = chat !== undefined && device !== undefined;
  const isFiltered = q !== undefined || show !== undefined || only !== undefined;
  const isEmpty = chats.data?.data.chats.length === 0 && !isFiltered && !isOpen;
  return (
    <div className={isOpen ? 'inbox-page open' : 'inbox-page'}>
      <Page title={t('title')} lead={t('lead')}>
        {isEmpty ? (
          <EmptyNote icon={IconInbox} title={t('empty.title')} text={t('empty.text')}>
            <Button renderRoot={(props) => <Link to="/devices" {...props} />}>{t('empty.devices')}</Button>
          </EmptyNote>
        ) : (
          <div className="inbox">
            <section className="inbox-list" aria-label={t('list')}>
              <ChatFilters
                search={search}
                devices={devices.data ?? []}
                unread={chats.data?.data.unread ?? 0}
                onChange={(change) => go(change, true)}
              />
              <div className="inbox-chats">
                <Loaded query={chats} skeleton={<Skeletons rows={5} height={56} />}>
                  {({ data, pagination }) =>
                    data.chats.length === 0 ? (
                      <EmptyNote icon={IconMessageSearch} title={t('noMatch.title')} text={t('noMatch.text')}>
                        <Button
                          variant="default"
                          onClick={() => go({ q: undefined, show: undefined, only: undefined }, true)}
                        >
                          {t('noMatch.clear')}
                        </Button>
                      </EmptyNote>
                    ) : (
                      <ChatList
                        chats={data.chats.map(named)}
                        total={pagination.total}
                        withDevice={(devices.data?.length ?? 0) > 1 && only === undefined}
                        search={search}
                        onMore={pages < 4 ? () => setPages(pages + 1) : undefined}
                      />
                    )
                  }
                </Loaded>
              </div>
            </section>
            {isOpen ? (
              <ChatPane
                key={`${device} ${chat}`}
                deviceId={device}
                peer={chat}
                device={devices.data?.find(({ id }) => id === device)}
                onBack={() => go({ chat: undefined, device: undefined }, true)}
              />
            ) : (
              <section className="inbox-pane empty" aria-label={t('conversation')}>
                <EmptyNote icon={IconMessages} title={t('choose.title')} text={t('choose.text')} />
              </section>
            )}
          </div>
        )}
      </Page>
    </div>
  );
}

/** How much of the list is asked for; begins anew when the question is another. */
function usePages(question: string) {
  const [asked, setAsked] = useState({ question, pages: 1 });
  const pages = asked.question === question ? asked.pages : 1;
  return [pages, (count: number) => setAsked({ question, pages: count })] as const;
}
