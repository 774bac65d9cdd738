import { NativeSelect, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FormEnd } from '../../parts/FormEnd.tsx';
import { LinkMade } from '../../parts/LinkMade.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { isEmail, isFilled } from '../enter/rules.ts';

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function CreateAccount({ opened, onClose }: Props) {
  const { t } = useTranslation('admin');
  return (
    <Dialog opened={opened} onClose={onClose} title={t('accounts.add')}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: Pick<Props, 'onClose'>) {
  const { t } = useTranslation('admin');
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
      <LinkMade
        link={made.link}
        label={t('link.label')}
        sentence={t(made.mailed ? 'link.mailed' : 'link.handOver')}
        onClose={onClose}
      />
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
        <FormEnd failure={failure} busy={busy} onCancel={onClose} submit={t('accounts.create')} />
      </Stack>
    </form>
  );
}
