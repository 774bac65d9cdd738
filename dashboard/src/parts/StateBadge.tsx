import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PanelDevice } from '../api/types.ts';
import { stateOf, toneColours, toneOf } from './deviceState.ts';

export function StateBadge({
  device,
}: {
  readonly device: Pick<PanelDevice, 'suspended' | 'enabled' | 'linked' | 'live'>;
}) {
  const { t } = useTranslation('devices');
  const state = stateOf(device);
  const tone = toneOf(state);
  return (
    <Badge variant="light" color={toneColours[tone]} size="lg" className="plain-badge">
      {t(state === 'off' || state === 'idle' ? `state.${state}.title` : `status.${device.live.status}`)}
    </Badge>
  );
}
