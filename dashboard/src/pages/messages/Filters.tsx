import { Button, Collapse, Group, NativeSelect, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilter, IconSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PanelDevice } from '../../api/types.ts';
import { translate } from '../../parts/failures.ts';
import { isWholeNumber } from '../../parts/phones.ts';
import { useTyped } from '../../parts/useTyped.ts';
import type { MessagesSearch } from '../../router.tsx';

interface Props {
  readonly search: MessagesSearch;
  readonly devices: readonly PanelDevice[];
  readonly onChange: (change: Partial<MessagesSearch>) => void;
}

export function Filters({ search, devices, onChange }: Props) {
  const { t } = useTranslation('messages');
  const [opened, more] = useDisclosure(
    [search.device, search.recipient, search.from, search.to].some((value) => value !== undefined),
  );
  const q = useTyped(search.q, (text) => onChange({ q: text }));
  const recipient = useTyped(
    search.recipient,
    (text) => onChange({ recipient: text }),
    (text) => (isWholeNumber(text) ? null : translate('failures:field.phone')),
  );
  return (
    <Stack gap="sm" component="search" aria-label={t('filter.label')}>
      <Group gap="sm" align="flex-end" wrap="nowrap">
        <TextInput
          flex={1}
          miw={0}
          type="search"
          aria-label={t('filter.search')}
          placeholder={t('filter.search')}
          leftSection={<IconSearch size={18} aria-hidden />}
          {...q}
        />
        <Button
          variant="default"
          onClick={more.toggle}
          aria-expanded={opened}
          leftSection={<IconFilter size={18} aria-hidden />}
        >
          {t('filter.more')}
        </Button>
      </Group>
      <Collapse expanded={opened}>
        <SimpleGrid cols={{ base: 2, md: 5 }} spacing="sm">
          <NativeSelect
            label={t('filter.status')}
            value={search.status ?? ''}
            onChange={({ currentTarget: { value } }) =>
              onChange({ status: value === 'pending' || value === 'sent' || value === 'failed' ? value : undefined })
            }
            data={[
              { value: '', label: t('filter.all') },
              ...(['pending', 'sent', 'failed'] as const).map((value) => ({ value, label: t(`status.${value}`) })),
            ]}
          />
          <NativeSelect
            label={t('filter.device')}
            value={String(search.device ?? '')}
            onChange={({ currentTarget: { value } }) => onChange({ device: value === '' ? undefined : Number(value) })}
            data={[
              { value: '', label: t('filter.all') },
              ...devices.map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
          />
          <TextInput label={t('filter.recipient')} inputMode="tel" {...recipient} />
          <TextInput
            type="date"
            label={t('filter.from')}
            value={search.from ?? ''}
            onChange={({ currentTarget: { value } }) => onChange({ from: value || undefined })}
          />
          <TextInput
            type="date"
            label={t('filter.to')}
            value={search.to ?? ''}
            onChange={({ currentTarget: { value } }) => onChange({ to: value || undefined })}
          />
        </SimpleGrid>
      </Collapse>
    </Stack>
  );
}
