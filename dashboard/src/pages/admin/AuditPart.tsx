import { Card, Stack } from '@mantine/core';
import { useState } from 'react';
import { useAskPage } from '../../api/ask.ts';
import { AuditTable } from '../../parts/AuditTable.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { Pages } from '../../parts/Pages.tsx';

export function AuditPart() {
  const [page, setPage] = useState(1);
  const entries = useAskPage('GET /api/panel/admin/audit', { query: { limit: '50', page: String(page) } });
  return (
    <Card>
      <Loaded query={entries}>
        {({ data, pagination }) => (
          <Stack>
            <AuditTable entries={data} accounts />
            <Pages pagination={pagination} onGo={setPage} />
          </Stack>
        )}
      </Loaded>
    </Card>
  );
}
