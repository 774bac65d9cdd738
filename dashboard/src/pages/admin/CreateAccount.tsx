import { Alert, Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import { CopyField } from '../../parts/CopyField.tsx';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { isEmail, isFilled } from '../enter/rules.ts';

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function CreateAccount({ opened, onClose }: Props) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('accounts.add')}
      closeButtonProps={{ 'aria-label': common('action.close') }}
    >
      <Form onClose={onClose} />
    </Modal>
  );
}

function Form({ onClose }: Pick<Props, 'onClose'>) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const packages = useAsk('GET /api/panel/admin/packages');
  const [made, setMade] = useState<{ link: string; mailed: boolean }>();
  const form = useForm({
    initialValues: { name: '', email: '', package_id: '' },
    validate: { name: isFilled, email: isEmail },
  });
  const { busy, failure, submit } = useSubmit(form);
  const create = async ({ name, email, package_id }: typeof form.values) => {
    const body = {
      name: name.trim(),
      email: email.trim(),
      ...(package_id === '' ? {} : { package_id: Number(package_id) }),
    };
    setMade(await act('POST /api/panel/admin/accounts', { body }));
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/admin/accounts'] });
  };
  if (made !== undefined)
    return (
      <Stack>
        <Alert role="status">{t(made.mailed ? 'link.mailed' : 'link.handOver')}</Alert>
        <CopyField text={made.link} label={t('link.label')} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{common('action.close')}</Button>
        </Group>
      </Stack>
    );
  return (
    <form onSubmit={submit(create)} noValidate>
      <Stack>
        <TextInput label={t('accounts.name')} data-autofocus maxLength={100} {...form.getInputProps('name')} />
        <TextInput label={t('accounts.email')} type="email" {...form.getInputProps('email')} />
        <NativeSelect
          label={t('accounts.package')}
          data={[
            { value: '', label: t('accounts.firstPackage') },
            ...(packages.data ?? [])
              .filter(({ archived }) => !archived)
              .map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          {...form.getInputProps('package_id')}
        />
        {failure !== undefined && <FailureNote error={failure} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common('action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('accounts.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
