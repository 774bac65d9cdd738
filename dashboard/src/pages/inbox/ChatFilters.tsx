import { ActionIcon, Group, NativeSelect, Popover, SegmentedControl, Stack, Switch, TextInput } from '@mantine/core';
import { IconAdjustments, IconSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PanelDevice } from '../../api/types.ts';
import { useTyped } from '../../parts/useTyped.ts';
import type { InboxSearch } from '../../router.tsx';
import { useMay } from '../../session.tsx';
import { useReadWhenOpened } from './reading.ts';

interface Props {
  readonly search: InboxSearch;
  readonly devices: readonly PanelDevice[];
  readonly unread: number;
  readonly onChange: (change: Partial<InboxSearch>) => void;
}

const shows = ['unread', 'people', 'groups'] as const;

export function ChatFilters({ search: { q, show, only }, devices, unread, onChange }: Props) {
  const { t } = useTranslation('inbox');
  const { send } = useMay();
  const typed = useTyped(q, (text) => onChange({ q: text }));
  const [readWhenOpened, setReadWhenOpened] = useReadWhenOpened();
  return (
    <Stack gap="xs" p="sm" component="search" aria-label={t('filter.search')}>
      <Group gap="xs" wrap="nowrap">
        <TextInput
          flex={1}
          miw={0}
          type="search"
          aria-label={t('filter.search')}
          placeholder={t('filter.search')}
          leftSection={<IconSearch size={18} aria-hidden />}
          {...typed}
        />
        <Popover position="bottom-end" width={280} trapFocus returnFocus>
          <Popover.Target>
            <ActionIcon variant="default" size={36} aria-label={t('options')}>
              <IconAdjustments size={18} aria-hidden />
            </ActionIcon>
          </Popover.Target>
          <Popover.Dropdown aria-label={t('options')}>
            <Stack gap="sm">
              <NativeSelect
                label={t('filter.device')}
                value={String(only ?? '')}
                onChange={({ currentTarget: { value } }) =>
                  onChange({ only: value === '' ? undefined : Number(value) })
                }
                data={[
                  { value: '', label: t('filter.allDevices') },
                  ...devices.map(({ id, name }) => ({ value: String(id), label: name })),
                ]}
              />
              {send && (
                <Switch
                  label={t('readWhenOpened')}
                  description={t('readWhenOpenedHint')}
                  checked={readWhenOpened}
                  onChange={({ currentTarget: { checked } }) => setReadWhenOpened(checked)}
                />
              )}
            </Stack>
          </Popover.Dropdown>
        </Popover>
      </Group>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={t('filter.show')}
        value={show ?? 'all'}
        onChange={(value) => onChange({ show: shows.find((one) => one === value) })}
        data={[
          { value: 'all', label: t('filter.all') },
          ...shows.map((value) => ({
            value,
            label: value === 'unread' && unread > 0 ? `${t('filter.unread')} (${unread})` : t(`filter.${value}`),
          })),
        ]}
      />
    </Stack>
  );
}
