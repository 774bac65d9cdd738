import { Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { Purchase } from '../../api/types.ts';
import { rupiah } from '../../parts/numbers.ts';
import { dateTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { useMay, useZone } from '../../session.tsx';

export const purchaseColours = {
  pending: 'yellow',
  approved: 'gate',
  declined: 'red',
  withdrawn: 'gray',
} as const satisfies Record<Purchase['state'], string>;

/** What was asked for: open requests, and the latest that were decided. */
export function Requests() {
  const { t } = useTranslation('plan');
  const purchases = useAsk('GET /api/panel/purchases', undefined, { refetchInterval: 60_000 });
  const shown = (purchases.data ?? []).slice(0, 5);
  if (shown.length === 0) return null;
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('requests')}
        </Title>
        <Stack component="ul" className="plain-list" gap="sm">
          {shown.map((purchase) => (
            <li key={purchase.id}>
              <Request purchase={purchase} />
            </li>
          ))}
        </Stack>
      </Stack>
    </Card>
  );
}

function Request({ purchase }: { readonly purchase: Purchase }) {
  const { t } = useTranslation('plan');
  const zone = useZone();
  const { keep } = useMay();
  const { busy, run } = useAction();
  const withdraw = async () => {
    await act('DELETE /api/panel/purchases/{id}', { params: { id: String(purchase.id) } });
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/purchases'] });
  };
  return (
    <Group justify="space-between" gap="xs" align="flex-start">
      <div>
        <Group gap="xs">
          <Text fw={600} size="sm">
            {purchase.package} · {rupiah(purchase.price_idr)}
          </Text>
          <Badge variant="light" color={purchaseColours[purchase.state]} className="plain-badge">
            {t(`state.${purchase.state}`)}
          </Badge>
        </Group>
        <Text size="xs" c="dimmed">
          {dateTime(purchase.created_at, zone)}
        </Text>
        {purchase.state === 'pending' && <Text size="sm">{t('wait')}</Text>}
        {purchase.answer !== null && (
          <Text size="sm" className="pre-wrap">
            {purchase.answer}
          </Text>
        )}
      </div>
      {purchase.state === 'pending' && keep && (
        <Button size="xs" variant="default" loading={busy} onClick={() => void run(withdraw)}>
          {t('withdraw')}
        </Button>
      )}
    </Group>
  );
}
