import { IconAlertCircle, IconCheck, IconChecks, IconClock, type TablerIcon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ChatMessage } from '../../api/types.ts';

type State = NonNullable<ChatMessage['state']>;

const marks: Readonly<Record<State, TablerIcon>> = {
  queued: IconClock,
  sending: IconClock,
  sent: IconCheck,
  delivered: IconChecks,
  read: IconChecks,
  failed: IconAlertCircle,
  expired: IconAlertCircle,
  cancelled: IconAlertCircle,
};

/** What became of a message of ours, as phones show it. */
export function Ticks({ state }: { readonly state: State | null }) {
  const { t } = useTranslation('inbox');
  if (state === null) return null;
  const Icon = marks[state];
  return <Icon size={15} role="img" aria-label={t(`state.${state}`)} className={`inbox-ticks ${state}`} />;
}
