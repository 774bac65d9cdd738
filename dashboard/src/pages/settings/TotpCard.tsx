import {
  Badge,
  Button,
  Card,
  Center,
  Code,
  Group,
  PasswordInput,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { Data } from '../../api/client.ts';
import { CopyBlock, CopyField } from '../../parts/CopyField.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { done } from '../../parts/notices.ts';
import { Qr } from '../../parts/Qr.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { useMe } from '../../session.tsx';
import { isFilled } from '../enter/rules.ts';
import { keepMe } from './me.ts';

type Enrolment = Data<'POST /api/panel/me/totp'>;
type Step =
  | { readonly is: 'closed' }
  | { readonly is: 'asking' }
  | { readonly is: 'scanning'; readonly enrolment: Enrolment }
  | { readonly is: 'recovery'; readonly codes: readonly string[] }
  | { readonly is: 'removing' };

/** Signing in with an authenticator app, beside the password. */
export function TotpCard() {
  const { t } = useTranslation('settings');
  const { user, may_set_password } = useMe();
  const [step, setStep] = useState<Step>({ is: 'closed' });
  const close = () => {
    setStep({ is: 'closed' });
    // Only now: the recovery codes stay on the screen until their owner is done with them.
    void queries.invalidateQueries({ queryKey: ['GET /api/panel/me'] });
  };
  return (
    <Card>
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            {t('totp.title')}
          </Title>
          <Badge variant="light" color={user.has_totp ? 'gate' : 'gray'} className="plain-badge">
            {t(user.has_totp ? 'totp.on' : 'totp.off')}
          </Badge>
        </Group>
        <Text size="sm">{t('totp.text')}</Text>
        <Group>
          <Button variant="default" onClick={() => setStep({ is: user.has_totp ? 'removing' : 'asking' })}>
            {t(user.has_totp ? 'totp.remove' : 'totp.begin')}
          </Button>
        </Group>
      </Stack>
      <Dialog
        opened={step.is !== 'closed'}
        onClose={close}
        title={t('totp.title')}
        closeOnClickOutside={step.is !== 'recovery'}
      >
        {step.is === 'asking' && (
          <Begin needsPassword={!may_set_password} onBegun={(enrolment) => setStep({ is: 'scanning', enrolment })} />
        )}
        {step.is === 'scanning' && (
          <Scan enrolment={step.enrolment} onConfirmed={(codes) => setStep({ is: 'recovery', codes })} />
        )}
        {step.is === 'recovery' && <Recovery codes={step.codes} onStored={close} />}
        {step.is === 'removing' && <Remove onRemoved={close} />}
      </Dialog>
    </Card>
  );
}

function Begin({
  needsPassword,
  onBegun,
}: {
  readonly needsPassword: boolean;
  readonly onBegun: (it: Enrolment) => void;
}) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation();
  const form = useForm({
    initialValues: { current_password: '' },
    validate: { current_password: needsPassword ? isFilled : () => null },
  });
  const { busy, failure, submit } = useSubmit(form);
  const begin = async (values: typeof form.values) =>
    onBegun(await act('POST /api/panel/me/totp', { body: needsPassword ? values : {} }));
  return (
    <form onSubmit={submit(begin)} noValidate>
      <Stack>
        <Text>{t('totp.need')}</Text>
        {needsPassword && (
          <PasswordInput
            label={t('password.current')}
            autoComplete="current-password"
            data-autofocus
            {...form.getInputProps('current_password')}
          />
        )}
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" loading={busy}>
          {common('action.continue')}
        </Button>
      </Stack>
    </form>
  );
}

function Scan({
  enrolment,
  onConfirmed,
}: {
  readonly enrolment: Enrolment;
  readonly onConfirmed: (codes: readonly string[]) => void;
}) {
  const { t } = useTranslation('settings');
  const form = useForm({ initialValues: { code: '' }, validate: { code: isFilled } });
  const { busy, failure, submit } = useSubmit(form);
  const confirm = async (body: typeof form.values) =>
    onConfirmed((await act('POST /api/panel/me/totp/confirm', { body })).recovery_codes);
  return (
    <form onSubmit={submit(confirm)} noValidate>
      <Stack>
        <Text>{t('totp.scan')}</Text>
        <Center>
          <Qr text={enrolment.uri} label={t('totp.qr')} size={208} />
        </Center>
        <Text size="sm">{t('totp.byHand')}</Text>
        <CopyField text={enrolment.secret} label={t('totp.secret')} />
        <TextInput
          label={t('totp.code')}
          inputMode="numeric"
          autoComplete="one-time-code"
          {...form.getInputProps('code')}
        />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" loading={busy}>
          {t('totp.confirm')}
        </Button>
      </Stack>
    </form>
  );
}

function Recovery({ codes, onStored }: { readonly codes: readonly string[]; readonly onStored: () => void }) {
  const { t } = useTranslation('settings');
  return (
    <Stack>
      <Text fw={600}>{t('totp.done')}</Text>
      <Text>{t('totp.recovery')}</Text>
      <SimpleGrid cols={2} spacing="xs">
        {codes.map((code) => (
          <Code key={code} fz="sm">
            {code}
          </Code>
        ))}
      </SimpleGrid>
      <CopyBlock text={codes.join('\n')} label={t('totp.recoveryLabel')} />
      <Button onClick={onStored}>{t('totp.stored')}</Button>
    </Stack>
  );
}

function Remove({ onRemoved }: { readonly onRemoved: () => void }) {
  const { t } = useTranslation('settings');
  const form = useForm({ initialValues: { code: '' }, validate: { code: isFilled } });
  const { busy, failure, submit } = useSubmit(form);
  const remove = async (body: typeof form.values) => {
    keepMe(await act('POST /api/panel/me/totp/remove', { body }));
    onRemoved();
    done(t('totp.removed'));
  };
  return (
    <form onSubmit={submit(remove)} noValidate>
      <Stack>
        <Text>{t('totp.removeText')}</Text>
        <TextInput
          label={t('totp.anyCode')}
          autoComplete="one-time-code"
          data-autofocus
          {...form.getInputProps('code')}
        />
        {failure !== undefined && <FailureNote error={failure} />}
        <Button type="submit" color="red.8" loading={busy}>
          {t('totp.remove')}
        </Button>
      </Stack>
    </form>
  );
}
