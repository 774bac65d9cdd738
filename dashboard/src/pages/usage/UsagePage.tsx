import { Card, Group, SegmentedControl, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../../api/ask.ts';
import type { Usage } from '../../api/types.ts';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { count } from '../../parts/numbers.ts';
import { Page } from '../../parts/Page.tsx';
import { QuotaCard } from '../../parts/QuotaCard.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import { Figures } from './Figures.tsx';

const Chart = lazy(async () => ({ default: (await import('./Chart.tsx')).Chart }));
const ranges = ['7', '30', '90'] as const;

export function UsagePage() {
  const { t } = useTranslation('usage');
  const [days, setDays] = useState<(typeof ranges)[number]>('30');
  const usage = useAsk('GET /api/panel/usage', { query: { days } });
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <SegmentedControl
          aria-label={t('range')}
          value={days}
          onChange={(value) => setDays(ranges.find((range) => range === value) ?? '30')}
          data={ranges.map((value) => ({ value, label: t('days', { count: Number(value) }) }))}
        />
      }
    >
      <Loaded query={usage} skeleton={<Skeletons rows={3} height={180} />}>
        {(it) => <Parts usage={it} />}
      </Loaded>
    </Page>
  );
}

function Parts({ usage }: { readonly usage: Usage }) {
  const { t } = useTranslation('usage');
  const nothing = usage.total.sent + usage.total.failed === 0;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <QuotaCard subscription={usage.subscription} />
        <Card>
          <Stack gap="sm">
            <Title order={2} size="h4">
              {t('total', { count: usage.days.length })}
            </Title>
            <Figures figures={usage.total} />
          </Stack>
        </Card>
      </SimpleGrid>
      <Card>
        <Stack gap="sm">
          <Title order={2} size="h4">
            {t('byDay')}
          </Title>
          {nothing ? (
            <Text c="dimmed">{t('nothing')}</Text>
          ) : (
            <Suspense fallback={<Skeletons rows={1} height={280} />}>
              <Chart days={usage.days} />
            </Suspense>
          )}
        </Stack>
      </Card>
      <Card>
        <Stack gap="sm">
          <Title order={2} size="h4">
            {t('byDevice')}
          </Title>
          {usage.devices.length === 0 ? <Text c="dimmed">{t('nothing')}</Text> : <ByDevice devices={usage.devices} />}
        </Stack>
      </Card>
    </Stack>
  );
}

function ByDevice({ devices }: { readonly devices: Usage['devices'] }) {
  const { t } = useTranslation('usage');
  return (
    <WideTable label={t('byDevice')} minWidth={420}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('device')}</Table.Th>
          {(['sent', 'delivered', 'read', 'failed'] as const).map((name) => (
            <Table.Th key={name} ta="right">
              {t(`figure.${name}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {devices.map((device) => (
          <Table.Tr key={device.id}>
            <Table.Td>
              <Group gap={6}>
                {device.name}
                {device.kind === 'sandbox' && (
                  <Text size="xs" c="dimmed">
                    {t('free')}
                  </Text>
                )}
                {device.deleted && (
                  <Text size="xs" c="dimmed">
                    {t('deleted')}
                  </Text>
                )}
              </Group>
            </Table.Td>
            {(['sent', 'delivered', 'read', 'failed'] as const).map((name) => (
              <Table.Td key={name} ta="right">
                {count(device[name])}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
