import { Alert, Badge, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../../api/ask.ts';
import type { InstallationHealth } from '../../api/types.ts';
import { Facts } from '../../parts/Facts.tsx';
import { translate } from '../../parts/failures.ts';
import { Loaded } from '../../parts/Loaded.tsx';
import { count } from '../../parts/numbers.ts';
import { dateTime } from '../../parts/times.ts';
import { useZone } from '../../session.tsx';

export function HealthPart() {
  const health = useAsk('GET /api/panel/admin/health', undefined, { refetchInterval: 10_000 });
  return <Loaded query={health}>{(it) => <Parts health={it} />}</Loaded>;
}

function Parts({ health }: { readonly health: InstallationHealth }) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const { t: devices } = useTranslation('devices');
  const zone = useZone();
  const yes = (value: boolean) => common(value ? 'yes' : 'no');
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Stack gap="lg">
        <Card>
          <Stack gap="sm">
            <Title order={2} size="h4">
              {t('health.server')}
            </Title>
            <Facts
              rows={[
                [t('health.version'), health.version],
                [t('health.database'), health.database === 'sqlite' ? 'SQLite' : 'PostgreSQL'],
                [t('health.schema'), health.schema],
                [t('health.started'), dateTime(health.started_at, zone)],
                [t('health.memory'), `${count(health.memory_mb)} MB`],
                [t('health.sandbox'), yes(health.sandbox)],
                [t('health.mail'), yes(health.mail)],
                [t('health.queued'), count(health.messages.queued)],
                [t('health.sending'), count(health.messages.sending)],
              ]}
            />
          </Stack>
        </Card>
        <Card>
          <Stack gap="sm">
            <Title order={2} size="h4">
              {t('health.nodes')}
            </Title>
            {health.nodes.length === 0 && <Text c="dimmed">{t('health.noNodes')}</Text>}
            {health.nodes.map((node) => (
              <Group key={node.name} justify="space-between" gap="xs">
                <Stack gap={0}>
                  <Text size="sm" fw={600}>
                    {node.name}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {t(`health.role.${node.role}`)} · {node.version} · {node.memory_mb} MB
                  </Text>
                </Stack>
                <Group gap="xs">
                  <Text size="sm">{t('health.nodeDevices', { count: node.devices })}</Text>
                  <Badge variant="light" color={colorOf(node)} className="plain-badge">
                    {t(wordOf(node))}
                  </Badge>
                </Group>
              </Group>
            ))}
          </Stack>
        </Card>
      </Stack>
      <Stack gap="lg">
        <Card>
          <Stack gap="sm">
            <Title order={2} size="h4">
              {t('health.devices')}
            </Title>
            <Facts
              rows={[
                [t('health.total'), count(health.devices.total)],
                [t('health.enabled'), count(health.devices.enabled)],
                ...Object.entries(health.devices.by_state).map(
                  ([state, number]) => [stateName(state), count(number)] as const,
                ),
              ]}
            />
          </Stack>
        </Card>
        <Card>
          <Stack gap="sm">
            <Title order={2} size="h4">
              {t('health.troubled')}
            </Title>
            {health.troubled.length === 0 && (
              <Alert icon={<IconCircleCheck aria-hidden />}>{t('health.noTrouble')}</Alert>
            )}
            {health.troubled.map((device) => (
              <Link
                key={device.id}
                to="/admin/accounts/$accountId"
                params={{ accountId: String(device.account_id) }}
                className="row-link"
              >
                <Card padding="sm">
                  <Group justify="space-between" gap="xs">
                    <div>
                      <Text size="sm" fw={600}>
                        {device.name}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {device.account}
                      </Text>
                    </div>
                    <Badge
                      variant="light"
                      color={device.health.status === 'critical' ? 'red' : 'yellow'}
                      className="plain-badge"
                    >
                      {devices(`status.${device.live.status}`)}
                    </Badge>
                  </Group>
                  {device.health.notices.map(({ code }) => (
                    <Text key={code} size="sm">
                      {translate(`devices:health.${code}`)}
                    </Text>
                  ))}
                </Card>
              </Link>
            ))}
          </Stack>
        </Card>
      </Stack>
    </SimpleGrid>
  );
}

const known = ['connected', 'connecting', 'pairing', 'disconnected', 'logged_out', 'suspended'];
const stateName = (state: string): string =>
  known.includes(state) ? translate(`devices:status.${state}`) : translate(`admin:health.state.${state}`);

type Node = { readonly alive: boolean; readonly draining: boolean };
const colorOf = ({ alive, draining }: Node) => (alive ? (draining ? 'yellow' : 'gate') : 'red');
const wordOf = ({ alive, draining }: Node) =>
  alive ? (draining ? ('health.draining' as const) : ('health.alive' as const)) : ('health.dead' as const);
