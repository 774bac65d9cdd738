import { Button, Group, Progress, Radio, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queryString } from '../../api/client.ts';
import { currentLanguage } from '../../i18n.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { bytes } from '../../parts/numbers.ts';
import type { MessagesSearch } from '../../router.tsx';
import { useZone } from '../../session.tsx';
import { download } from './download.ts';
import { filtersOf } from './filtering.ts';

/** The history as CSV, with the filters of the page. */
export function ExportButton({ search }: { readonly search: MessagesSearch }) {
  const { t } = useTranslation('messages');
  const { t: common } = useTranslation();
  const zone = useZone();
  const [opened, dialog] = useDisclosure(false);
  const [separator, setSeparator] = useState(currentLanguage() === 'id' ? 'semicolon' : 'comma');
  const [received, setReceived] = useState<number>();
  const [failure, setFailure] = useState<unknown>();
  const stop = useRef<AbortController>(undefined);

  const start = async () => {
    const controller = new AbortController();
    stop.current = controller;
    const { signal } = controller;
    setFailure(undefined);
    setReceived(0);
    try {
      const url = `/api/panel/messages/export${queryString({ ...filtersOf(search, zone), separator })}`;
      await download(url, 'wagate-messages.csv', setReceived, signal);
      dialog.close();
    } catch (error) {
      if (!signal.aborted) setFailure(error);
    } finally {
      setReceived(undefined);
    }
  };
  const close = () => {
    stop.current?.abort(new Error('closed'));
    dialog.close();
  };
  return (
    <>
      <Button variant="default" leftSection={<IconDownload size={18} aria-hidden />} onClick={dialog.open}>
        {t('export.open')}
      </Button>
      <Dialog opened={opened} onClose={close} title={t('export.title')}>
        <Stack>
          <Text size="sm">{t('export.text')}</Text>
          <Radio.Group label={t('export.separator')} value={separator} onChange={setSeparator}>
            <Stack gap="xs" mt={6}>
              <Radio value="semicolon" label={t('export.semicolon')} />
              <Radio value="comma" label={t('export.comma')} />
            </Stack>
          </Radio.Group>
          {received !== undefined && (
            <div role="status">
              <Progress value={100} animated aria-label={t('export.running')} />
              <Text size="sm" c="dimmed" mt={4}>
                {t('export.received', { size: bytes(received) })}
              </Text>
            </div>
          )}
          {failure !== undefined && <FailureNote error={failure} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {common('action.cancel')}
            </Button>
            <Button loading={received !== undefined} onClick={() => void start()}>
              {t('export.start')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </>
  );
}
