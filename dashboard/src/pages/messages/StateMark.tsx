import { Badge } from '@mantine/core';
import { IconCheck, IconChecks, IconClock, IconX, type TablerIcon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PanelMessage } from '../../api/types.ts';

const marks: Readonly<Record<PanelMessage['state'], readonly [TablerIcon, string]>> = {
  queued: [IconClock, 'yellow'],
  sending: [IconClock, 'yellow'],
  sent: [IconCheck, 'gray'],
  delivered: [IconChecks, 'gate'],
  read: [IconChecks, 'blue'],
  failed: [IconX, 'red'],
  expired: [IconX, 'red'],
  cancelled: [IconX, 'gray'],
};

export function StateMark({ message }: { readonly message: Pick<PanelMessage, 'state'> }) {
  const { t } = useTranslation('messages');
  const [Icon, colour] = marks[message.state];
  return (
    <Badge
      variant="light"
      color={colour}
      size="lg"
      className="plain-badge"
      leftSection={<Icon size={15} aria-hidden />}
    >
      {t(`state.${message.state}`)}
    </Badge>
  );
}
