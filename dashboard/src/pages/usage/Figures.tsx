import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { count } from '../../parts/numbers.ts';

export interface Counted {
  readonly sent: number;
  readonly delivered: number;
  readonly read: number;
  readonly failed: number;
}

/** Sent, delivered, read, failed. */
export function Figures({ figures }: { readonly figures: Counted }) {
  const { t } = useTranslation('usage');
  return (
    <dl className="figures">
      {(['sent', 'delivered', 'read', 'failed'] as const).map((name) => (
        <div key={name}>
          <dt>
            <Text size="sm" c="dimmed" span>
              {t(`figure.${name}`)}
            </Text>
          </dt>
          <dd className={name === 'failed' && figures.failed > 0 ? 'bad' : ''}>{count(figures[name])}</dd>
        </div>
      ))}
    </dl>
  );
}
