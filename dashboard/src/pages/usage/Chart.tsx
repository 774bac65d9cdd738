import { BarChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { useReducedMotion } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { Usage } from '../../api/types.ts';
import { count } from '../../parts/numbers.ts';
import { dayAndMonth } from '../../parts/times.ts';

/** Messages by day. The figures stand beside it as text, so for screen readers it is a picture with a name. */
export function Chart({ days }: { readonly days: Usage['days'] }) {
  const { t } = useTranslation('usage');
  const still = useReducedMotion();
  const data = days.map(({ day, sent, delivered, failed }) => ({
    day: dayAndMonth(`${day}T12:00:00Z`, 'UTC'),
    sent: Math.max(0, sent - delivered),
    delivered,
    failed,
  }));
  return (
    <div role="img" aria-label={t('chart')}>
      <BarChart
        h={280}
        data={data}
        dataKey="day"
        type="stacked"
        withLegend
        valueFormatter={count}
        series={[
          { name: 'delivered', label: t('figure.delivered'), color: 'gate.6' },
          { name: 'sent', label: t('sentOnly'), color: 'gate.3' },
          { name: 'failed', label: t('figure.failed'), color: 'red.6' },
        ]}
        barProps={{ isAnimationActive: !still }}
        maxBarWidth={36}
        yAxisProps={{ allowDecimals: false, width: 44 }}
        xAxisProps={{ minTickGap: 24 }}
      />
    </div>
  );
}
