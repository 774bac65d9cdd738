import { Badge, Button, Card, Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconUserPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { act, keyOf, useAsk } from '../../api/ask.ts';
import type { Invitation, Member } from '../../api/types.ts';
import { Confirm } from '../../parts/Confirm.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { dateTime } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { queries } from '../../queries.ts';
import { useMay, useZone } from '../../session.tsx';
import { InviteModal } from './InviteModal.tsx';
import { rolesFor } from './roles.ts';

export function MembersPart() {
  const { t } = useTranslation('settings');
  const members = useAsk('GET /api/panel/members');
  const invitations = useAsk('GET /api/panel/invitations');
  const [inviting, invite] = useDisclosure(false);
  return (
    <Stack gap="lg">
      <Card>
        <Stack>
          <Group justify="space-between">
            <Title order={2} size="h4">
              {t('members.title')}
            </Title>
            <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={invite.open}>
              {t('members.invite')}
            </Button>
          </Group>
          <Loaded query={members}>
            {(list) => (
              <Stack component="ul" className="plain-list" gap="md">
                {list.map((member) => (
                  <li key={member.id}>
                    <Row member={member} />
                  </li>
                ))}
              </Stack>
            )}
          </Loaded>
        </Stack>
      </Card>
      {(invitations.data?.length ?? 0) > 0 && (
        <Card>
          <Stack>
            <Title order={2} size="h4">
              {t('members.open')}
            </Title>
            <Stack component="ul" className="plain-list" gap="md">
              {invitations.data?.map((invitation) => (
                <li key={invitation.id}>
                  <Open invitation={invitation} />
                </li>
              ))}
            </Stack>
          </Stack>
        </Card>
      )}
      <InviteModal opened={inviting} onClose={invite.close} />
    </Stack>
  );
}

function Row({ member }: { readonly member: Member }) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const { own } = useMay();
  const { run } = useAction();
  const [removing, remove] = useDisclosure(false);
  const roles = rolesFor(own);
  const mayChange = roles.includes(member.role) && !member.you;
  const params = { id: String(member.id) };
  const change = (value: string) =>
    void run(async () => {
      const role = roles.find((name) => name === value);
      if (role === undefined) return;
      const data = await act('PATCH /api/panel/members/{id}', { params, body: { role } });
      queries.setQueryData(keyOf('GET /api/panel/members'), { success: true, data });
      done(common('saved'));
    });
  return (
    <Group justify="space-between" gap="xs">
      <div>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {member.name}
          </Text>
          {member.you && (
            <Badge variant="light" className="plain-badge">
              {t('members.you')}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          {member.email}
          {member.has_totp && ` · ${t('members.totp')}`}
        </Text>
      </div>
      {mayChange ? (
        <Group gap="xs">
          <NativeSelect
            aria-label={t('members.roleOf', { name: member.name })}
            value={member.role}
            onChange={(event) => change(event.currentTarget.value)}
            data={roles.map((role) => ({ value: role, label: common(`role.${role}`) }))}
          />
          <Button variant="default" onClick={remove.open}>
            {common('action.remove')}
          </Button>
        </Group>
      ) : (
        <Text size="sm">{common(`role.${member.role}`)}</Text>
      )}
      <Confirm
        opened={removing}
        onClose={remove.close}
        title={t('members.removeTitle', { name: member.name })}
        action={common('action.remove')}
        danger
        onConfirm={async () => {
          await act('DELETE /api/panel/members/{id}', { params });
          await queries.invalidateQueries({ queryKey: ['GET /api/panel/members'] });
        }}
      >
        <Text>{t('members.removeText')}</Text>
      </Confirm>
    </Group>
  );
}

function Open({ invitation }: { readonly invitation: Invitation }) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const zone = useZone();
  const { busy, run } = useAction();
  const withdraw = async () => {
    await act('DELETE /api/panel/invitations/{id}', { params: { id: String(invitation.id) } });
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/invitations'] });
  };
  return (
    <Group justify="space-between" gap="xs">
      <div>
        <Text size="sm" fw={600}>
          {invitation.email}
        </Text>
        <Text size="xs" c="dimmed">
          {common(`role.${invitation.role}`)} · {t('members.until', { date: dateTime(invitation.expires_at, zone) })}
        </Text>
      </div>
      <Button size="xs" variant="default" loading={busy} onClick={() => void run(withdraw)}>
        {t('members.withdraw')}
      </Button>
    </Group>
  );
}
