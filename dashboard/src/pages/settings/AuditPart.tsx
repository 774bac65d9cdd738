import { Card, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAskPage } from '../../api/ask.ts';
import { AuditTable } from '../../parts/AuditTable.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { Pages } from '../../parts/Pages.tsx';

export function AuditPart() {
  const { t } = useTranslation('settings');
  const [page, setPage] = useState(1);
  const entries = useAskPage('GET /api/panel/audit', { query: { limit: '25', page: String(page) } });
  return (
    <Card>
      <Stack>
        <Title order={2} size="h4">
          {t('audit.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('audit.lead')}
        </Text>
        <Loaded query={entries}>
          {({ data, pagination }) => (
            <>
              <AuditTable entries={data} />
              <Pages pagination={pagination} onGo={setPage} />
            </>
          )}
        </Loaded>
      </Stack>
    </Card>
  );
}
