import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PanelDelivery, PanelWebhook } from '../../api/types.ts';

const colours = { active: 'gate', failing: 'yellow', paused: 'red', disabled: 'gray' } as const;

export function WebhookStatus({ status }: Pick<PanelWebhook, 'status'>) {
  const { t } = useTranslation('webhooks');
  return (
    <Badge variant="light" color={colours[status]} size="lg" className="plain-badge whole">
      {t(`status.${status}`)}
    </Badge>
  );
}

const deliveryColours = { pending: 'yellow', retrying: 'orange', delivered: 'gate', failed: 'red' } as const;

export function DeliveryState({ state, attempts }: Pick<PanelDelivery, 'state' | 'attempts'>) {
  const { t } = useTranslation('webhooks');
  const word = state === 'pending' && attempts > 0 ? 'retrying' : state;
  return (
    <Badge variant="light" color={deliveryColours[word]} size="lg" className="plain-badge whole">
      {t(`log.states.${word}`)}
    </Badge>
  );
}
