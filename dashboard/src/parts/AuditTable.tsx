import { Table, Text } from '@mantine/core';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '../api/types.ts';
import { useZone } from '../session.tsx';
import { translate } from './failures.ts';
import { exactTime } from './times.ts';
import { WideTable } from './WideTable.tsx';

/** Who did what, newest first. */
export function AuditTable({
  entries,
  accounts = false,
}: {
  readonly entries: readonly AuditEntry[];
  readonly accounts?: boolean;
}) {
  const { t } = useTranslation('settings');
  const zone = useZone();
  if (entries.length === 0) return <Text c="dimmed">{t('audit.empty')}</Text>;
  return (
    <WideTable label={t('audit.title')} minWidth={accounts ? 720 : 560}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('audit.when')}</Table.Th>
          <Table.Th>{t('audit.what')}</Table.Th>
          <Table.Th>{t('audit.who')}</Table.Th>
          {accounts && <Table.Th>{t('account')}</Table.Th>}
          <Table.Th>{t('audit.where')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {entries.map((entry) => (
          <Table.Tr key={entry.id}>
            <Table.Td className="nowrap">{exactTime(entry.at, zone)}</Table.Td>
            <Table.Td>
              {kindText(entry.kind)}
              {entry.subject !== null && (
                <Text size="xs" c="dimmed">
                  {entry.subject}
                </Text>
              )}
            </Table.Td>
            <Table.Td>{entry.user ?? '–'}</Table.Td>
            {accounts && <Table.Td>{entry.account ?? '–'}</Table.Td>}
            <Table.Td>{entry.address ?? '–'}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function kindText(kind: string): string {
  const key = `settings:kind.${kind.replaceAll('.', '_')}`;
  return i18next.exists(key) ? translate(key) : kind;
}
