import { Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { BrowserSession } from '../../api/types.ts';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { ago } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { browserOf } from './browsers.ts';

const refresh = () => queries.invalidateQueries({ queryKey: ['GET /api/panel/me/sessions'] });

/** Where one is signed in, and a way to end it. */
export function SessionsCard() {
  const { t } = useTranslation('settings');
  const sessions = useAsk('GET /api/panel/me/sessions');
  const { busy, run } = useAction();
  const endOthers = async () => {
    await act('POST /api/panel/me/sign-out-everywhere', { body: { keep_this: true } });
    await refresh();
    done(t('sessions.ended'));
  };
  return (
    <Card>
      <Stack>
        <Title order={2} size="h4">
          {t('sessions.title')}
        </Title>
        <Loaded query={sessions}>
          {(list) => (
            <>
              <Stack component="ul" className="plain-list" gap="md">
                {list.map((session) => (
                  <li key={session.id}>
                    <Session session={session} />
                  </li>
                ))}
              </Stack>
              {list.length > 1 && (
                <Group>
                  <Button variant="default" loading={busy} onClick={() => void run(endOthers)}>
                    {t('sessions.endOthers')}
                  </Button>
                </Group>
              )}
            </>
          )}
        </Loaded>
      </Stack>
    </Card>
  );
}

function Session({ session }: { readonly session: BrowserSession }) {
  const { t } = useTranslation('settings');
  const { busy, run } = useAction();
  const end = async () => {
    await act('DELETE /api/panel/me/sessions/{id}', { params: { id: session.id } });
    await refresh();
  };
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <div>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {browserOf(session.user_agent) ?? t('sessions.unknown')}
          </Text>
          {session.current && (
            <Badge variant="light" className="plain-badge">
              {t('sessions.this')}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          {session.address ?? ''} · {t('sessions.seen', { ago: ago(session.seen_at) })}
        </Text>
      </div>
      {!session.current && (
        <Button size="xs" variant="default" loading={busy} onClick={() => void run(end)}>
          {t('sessions.end')}
        </Button>
      )}
    </Group>
  );
}
