import { Radio, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FormEnd } from '../../parts/FormEnd.tsx';
import { LinkMade } from '../../parts/LinkMade.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { type Role, useMay } from '../../session.tsx';
import { isEmail } from '../enter/rules.ts';
import { rolesFor } from './roles.ts';

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function InviteModal({ opened, onClose }: Props) {
  const { t } = useTranslation('settings');
  return (
    <Dialog opened={opened} onClose={onClose} title={t('invite.title')}>
      <Invite onClose={onClose} />
    </Dialog>
  );
}

function Invite({ onClose }: Pick<Props, 'onClose'>) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const { own } = useMay();
  const [made, setMade] = useState<{ link: string; mailed: boolean }>();
  const form = useForm<{ email: string; role: Role }>({
    initialValues: { email: '', role: 'operator' },
    validate: { email: isEmail },
  });
  const { busy, failure, submit } = useSubmit(form);
  const invite = async ({ email, role }: typeof form.values) => {
    setMade(await act('POST /api/panel/invitations', { body: { email: email.trim(), role } }));
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/invitations'] });
  };
  if (made !== undefined)
    return (
      <LinkMade
        link={made.link}
        label={t('invite.link')}
        sentence={t(made.mailed ? 'invite.mailed' : 'invite.handOver')}
        onClose={onClose}
      />
    );
  return (
    <form onSubmit={submit(invite)} noValidate>
      <Stack>
        <TextInput label={t('email.label')} type="email" data-autofocus {...form.getInputProps('email')} />
        <Radio.Group label={t('invite.role')} {...form.getInputProps('role')}>
          <Stack gap="xs" mt={6}>
            {rolesFor(own).map((role) => (
              <Radio key={role} value={role} label={common(`role.${role}`)} description={common(`roleMay.${role}`)} />
            ))}
          </Stack>
        </Radio.Group>
        <FormEnd failure={failure} busy={busy} onCancel={onClose} submit={t('invite.submit')} />
      </Stack>
    </form>
  );
}
