import { Alert, Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { Data } from '../../api/client.ts';
import { currentLanguage } from '../../i18n.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { useAction } from '../../parts/useAction.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { EnterFrame } from './EnterFrame.tsx';
import { useEnter } from './entering.ts';
import { PasswordFields } from './PasswordFields.tsx';
import { isFilled, isPassword, isSame } from './rules.ts';

type Invitation = Data<'POST /api/panel/invitation/look'>;

export function InvitationPage() {
  const { t } = useTranslation('enter');
  const { t: common } = useTranslation();
  const { token } = useParams({ from: '/invitation/$token' });
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => act('POST /api/panel/invitation/look', { body: { token } }),
  });
  return (
    <EnterFrame title={t('invitation.title')}>
      <Loaded query={invitation}>
        {(it) => (
          <Stack>
            <Text>
              {t('invitation.text', { account: it.account, email: it.email, role: common(`role.${it.role}`) })}
            </Text>
            <Accept token={token} invitation={it} />
          </Stack>
        )}
      </Loaded>
    </EnterFrame>
  );
}

/** A person who is known here signs in first; others choose a name and a password. */
function Accept({ token, invitation }: { readonly token: string; readonly invitation: Invitation }) {
  const enter = useEnter();
  const { t } = useTranslation('enter');
  const { busy, run } = useAction();
  if (!invitation.known) return <NewPerson token={token} />;
  if (invitation.signed_in_as !== invitation.email)
    return (
      <Stack>
        <Alert>{t('invitation.existing')}</Alert>
        <Anchor renderRoot={(props) => <Link to="/sign-in" search={{ to: `/invitation/${token}` }} {...props} />}>
          {t('signIn.title')}
        </Anchor>
      </Stack>
    );
  return (
    <Button
      size="md"
      loading={busy}
      onClick={() =>
        void run(async () => enter(await act('POST /api/panel/invitation/accept', { body: { token } }), '/'))
      }
    >
      {t('invitation.submit')}
    </Button>
  );
}

function NewPerson({ token }: { readonly token: string }) {
  const enter = useEnter();
  const { t } = useTranslation('enter');
  const form = useForm({
    initialValues: { name: '', password: '', again: '' },
    validate: { name: isFilled, password: isPassword, again: isSame },
  });
  const { busy, failure, submit } = useSubmit(form);
  const accept = async ({ name, password }: typeof form.values) => {
    const body = { token, name: name.trim(), password, language: currentLanguage() };
    await enter(await act('POST /api/panel/invitation/accept', { body }), '/');
  };
  return (
    <form onSubmit={submit(accept)} noValidate>
      <Stack>
        <TextInput label={t('signUp.name')} autoComplete="name" autoFocus {...form.getInputProps('name')} />
        <PasswordFields form={form} />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" size="md" loading={busy}>
          {t('invitation.submit')}
        </Button>
      </Stack>
    </form>
  );
}
