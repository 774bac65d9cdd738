import { Button, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconMessageSearch, IconMessages, IconSend2 } from '@tabler/icons-react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAsk, useAskPage } from '../../api/ask.ts';
import { Dialog, SidePanel } from '../../parts/Dialog.tsx';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { Page } from '../../parts/Page.tsx';
import { Pages } from '../../parts/Pages.tsx';
import type { MessagesSearch } from '../../router.tsx';
import { useMay, useZone } from '../../session.tsx';
import { ExportButton } from './ExportButton.tsx';
import { Filters } from './Filters.tsx';
import { filtersOf, isFiltered } from './filtering.ts';
import { MessageDetail } from './MessageDetail.tsx';
import { MessageList } from './MessageList.tsx';
import { SendForm } from './SendForm.tsx';

export function MessagesPage() {
  const { t } = useTranslation('messages');
  const search = useSearch({ from: '/signed/messages' });
  const navigate = useNavigate({ from: '/messages' });
  const zone = useZone();
  const { send } = useMay();
  const devices = useAsk('GET /api/panel/devices');
  const [sending, compose] = useDisclosure(false);
  const messages = useAskPage('GET /api/panel/messages', {
    query: {
      limit: '25',
      page: String(search.page ?? 1),
      ...filtersOf(search, zone),
    },
  });
  const go = (change: Partial<MessagesSearch>, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace });
  const mayCompose = send && (devices.data?.length ?? 0) > 0;
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          <ExportButton search={search} />
          {mayCompose && (
            <Button leftSection={<IconSend2 size={18} aria-hidden />} onClick={compose.open}>
              {t('send.open')}
            </Button>
          )}
        </>
      }
    >
      <Filters
        search={search}
        devices={devices.data ?? []}
        onChange={(change) => go({ ...change, page: undefined }, true)}
      />
      <Loaded query={messages} skeleton={<Skeletons rows={5} height={64} />}>
        {({ data, pagination }) =>
          data.length === 0 && pagination.total === 0 ? (
            isFiltered(search) ? (
              <EmptyNote icon={IconMessageSearch} title={t('noMatch.title')} text={t('noMatch.text')}>
                <Button
                  variant="default"
                  renderRoot={(props) => <Link to="/messages" search={{}} replace {...props} />}
                >
                  {t('noMatch.clear')}
                </Button>
              </EmptyNote>
            ) : (
              <EmptyNote icon={IconMessages} title={t('empty.title')} text={t('empty.text')}>
                {mayCompose ? (
                  <Button onClick={compose.open}>{t('send.open')}</Button>
                ) : (
                  <Button renderRoot={(props) => <Link to="/devices" {...props} />}>{t('empty.devices')}</Button>
                )}
              </EmptyNote>
            )
          ) : (
            <Stack>
              <MessageList messages={data} onOpen={(message) => go({ message })} />
              <Group justify="space-between">
                <Pages pagination={pagination} onGo={(page) => go({ page: page === 1 ? undefined : page })} />
              </Group>
            </Stack>
          )
        }
      </Loaded>
      <Dialog opened={sending} onClose={compose.close} title={t('send.title')}>
        <SendForm />
      </Dialog>
      <SidePanel
        opened={search.message !== undefined}
        onClose={() => go({ message: undefined }, true)}
        position="right"
        size="md"
        title={t('detail.title')}
      >
        {search.message !== undefined && (
          <MessageDetail key={search.message} id={search.message} onOpen={(message) => go({ message })} />
        )}
      </SidePanel>
    </Page>
  );
}
