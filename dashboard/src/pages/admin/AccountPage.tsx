import { Alert, Anchor, Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowLeft } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { Data } from '../../api/client.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { CopyField } from '../../parts/CopyField.tsx';
import { Facts } from '../../parts/Facts.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { Page } from '../../parts/Page.tsx';
import { phone } from '../../parts/phones.ts';
import { dateTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { zoneChoice } from '../../parts/zones.ts';
import { useMay, useZone } from '../../session.tsx';
import { DeadEnd } from '../../shell/DeadEnds.tsx';
import { refreshAccounts } from './accounts.ts';
import { SubscriptionCard } from './SubscriptionCard.tsx';

type Account = Data<'GET /api/panel/admin/accounts/{id}'>;

export function AccountPage() {
  const { accountId } = useParams({ from: '/signed/admin/accounts/$accountId' });
  const { administer } = useMay();
  const account = useAsk('GET /api/panel/admin/accounts/{id}', { params: { id: accountId } }, { enabled: administer });
  if (!administer) return <DeadEnd what="notAllowed" inside />;
  return <Loaded query={account}>{(it) => <Parts key={it.id} account={it} />}</Loaded>;
}

function Parts({ account }: { readonly account: Account }) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const zone = useZone();
  return (
    <Page
      title={account.name}
      above={
        <Anchor size="sm" className="way-back" renderRoot={(props) => <Link to="/admin" {...props} />}>
          <IconArrowLeft size={16} aria-hidden />
          {t('part.accounts')}
        </Anchor>
      }
    >
      {account.suspended_at !== null && (
        <Alert color="red" role="status">
          {t('account.suspendedSince', { time: dateTime(account.suspended_at, zone) })}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Stack gap="lg">
          <Card>
            <Stack gap="sm">
              <Title order={2} size="h4">
                {t('account.facts')}
              </Title>
              <Facts
                rows={[
                  [t('account.owner'), account.owner ?? '–'],
                  [t('account.zone'), zoneChoice(account.time_zone)],
                  [t('account.created'), dateTime(account.created_at, zone)],
                ]}
              />
              <OwnerLink account={account} />
            </Stack>
          </Card>
          <Card>
            <Stack gap="sm">
              <Title order={2} size="h4">
                {t('account.members')}
              </Title>
              {account.members.map((member) => (
                <Group key={member.id} justify="space-between" gap="xs">
                  <div>
                    <Text size="sm" fw={600}>
                      {member.name}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {member.email}
                    </Text>
                  </div>
                  <Text size="sm">{common(`role.${member.role}`)}</Text>
                </Group>
              ))}
            </Stack>
          </Card>
          {!account.is_admin && <SuspendCard account={account} />}
        </Stack>
        <Stack gap="lg">
          <SubscriptionCard account={account} />
          <Card>
            <Stack gap="sm">
              <Title order={2} size="h4">
                {t('account.devices')}
              </Title>
              {account.device_list.length === 0 && <Text c="dimmed">{common('none')}</Text>}
              {account.device_list.map((device) => (
                <DeviceRow key={device.id} device={device} />
              ))}
            </Stack>
          </Card>
        </Stack>
      </SimpleGrid>
    </Page>
  );
}

/** A way in for an owner who cannot sign in. */
function OwnerLink({ account }: { readonly account: Account }) {
  const { t } = useTranslation('admin');
  const { busy, run } = useAction();
  const [link, setLink] = useState<string>();
  const make = async () => {
    const made = await act('POST /api/panel/admin/accounts/{id}/link', { params: { id: String(account.id) } });
    setLink(made.link);
    if (made.mailed) done(t('link.mailed'));
  };
  return (
    <Stack gap="xs" align="stretch">
      {link !== undefined && (
        <>
          <Text size="sm">{t('link.handOver')}</Text>
          <CopyField text={link} label={t('link.label')} />
        </>
      )}
      <Group>
        <Button variant="default" loading={busy} onClick={() => void run(make)}>
          {t('link.make')}
        </Button>
      </Group>
    </Stack>
  );
}

function SuspendCard({ account }: { readonly account: Account }) {
  const { t } = useTranslation('admin');
  const [asking, ask] = useDisclosure(false);
  const suspended = account.suspended_at !== null;
  const change = async () => {
    await act('PUT /api/panel/admin/accounts/{id}/suspended', {
      params: { id: String(account.id) },
      body: { suspended: !suspended },
    });
    await refreshAccounts();
  };
  const action = t(suspended ? 'account.resume' : 'account.suspend');
  return (
    <Card>
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{t(suspended ? 'account.resumeText' : 'account.suspendText')}</Text>
        <Button variant="outline" {...(suspended ? {} : { color: 'red' })} onClick={ask.open}>
          {action}
        </Button>
      </Stack>
      <Confirm
        opened={asking}
        onClose={ask.close}
        title={`${action}: ${account.name}`}
        action={action}
        danger={!suspended}
        onConfirm={change}
      >
        <Text>{t(suspended ? 'account.resumeText' : 'account.suspendText')}</Text>
      </Confirm>
    </Card>
  );
}

function DeviceRow({ device }: { readonly device: Account['device_list'][number] }) {
  const { t } = useTranslation('admin');
  const { t: devices } = useTranslation('devices');
  const { busy, run } = useAction();
  const change = async () => {
    await act('PUT /api/panel/admin/devices/{id}/suspended', {
      params: { id: String(device.id) },
      body: { suspended: !device.suspended },
    });
    await refreshAccounts();
  };
  return (
    <Group justify="space-between" gap="xs">
      <div>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {device.name}
          </Text>
          <Badge variant="light" color={device.live.status === 'connected' ? 'gate' : 'gray'} className="plain-badge">
            {devices(`status.${device.live.status}`)}
          </Badge>
        </Group>
        <Text size="xs" c="dimmed">
          {devices(`kind.${device.kind}`)} ·{' '}
          {device.phone_number === null ? devices('noPhone') : phone(device.phone_number)}
        </Text>
      </div>
      <Button size="xs" variant="default" loading={busy} onClick={() => void run(change)}>
        {t(device.suspended ? 'account.resumeDevice' : 'account.suspendDevice')}
      </Button>
    </Group>
  );
}
