import { Anchor, Group, Paper, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../../api/ask.ts';
import type { PanelMessage } from '../../api/types.ts';
import { phone } from '../../parts/phones.ts';
import { failureText, waitingText } from './life.ts';
import { StateMark } from './StateMark.tsx';

/** What becomes of the message that was just sent, as it happens. */
export function Outcome({ message }: { readonly message: PanelMessage }) {
  const { t } = useTranslation('messages');
  const asked = useAsk(
    'GET /api/panel/messages/{id}',
    { params: { id: String(message.id) } },
    // The live stream tells; this is for a stream that a proxy holds back.
    { refetchInterval: 5_000 },
  );
  const it = asked.data ?? message;
  return (
    <Paper withBorder p="sm" role="status">
      <Group justify="space-between" gap="xs">
        <Text size="sm">{phone(it.recipient)}</Text>
        <StateMark message={it} />
      </Group>
      {it.status === 'pending' && it.waiting_for !== null && (
        <Text size="sm" c="dimmed">
          {waitingText(it)}
        </Text>
      )}
      {it.status === 'failed' && (
        <Text size="sm" className="bad">
          {failureText(it)}
        </Text>
      )}
      <Anchor size="sm" renderRoot={(props) => <Link to="/messages" search={{ message: it.id }} {...props} />}>
        {t('details')}
      </Anchor>
    </Paper>
  );
}
