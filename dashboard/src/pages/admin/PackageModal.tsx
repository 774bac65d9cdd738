import { Group, NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import type { Package } from '../../api/types.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FormEnd } from '../../parts/FormEnd.tsx';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { isFilled, isGiven } from '../enter/rules.ts';

export const refreshPackages = async () => {
  await queries.invalidateQueries({ queryKey: ['GET /api/panel/admin/packages'] });
  await queries.invalidateQueries({ queryKey: ['GET /api/panel/packages'] });
};

interface Props {
  readonly editing: Package | 'new' | undefined;
  readonly onClose: () => void;
}

export function PackageModal({ editing, onClose }: Props) {
  const { t } = useTranslation('admin');
  return (
    <Dialog
      opened={editing !== undefined}
      onClose={onClose}
      title={t(editing === 'new' ? 'packages.add' : 'packages.edit')}
    >
      {editing !== undefined && <Form offer={editing === 'new' ? undefined : editing} onClose={onClose} />}
    </Dialog>
  );
}

function Form({ offer, onClose }: { readonly offer: Package | undefined; readonly onClose: () => void }) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const form = useForm<{
    name: string;
    message_quota: number | string;
    device_limit: number | string;
    days: number | string;
    price_idr: number | string;
    is_trial: boolean;
    rate_limit_per_minute: number | string;
  }>({
    initialValues: {
      name: offer?.name ?? '',
      message_quota: offer?.message_quota ?? 1000,
      device_limit: offer?.device_limit ?? 1,
      days: offer?.days ?? 30,
      price_idr: offer?.price_idr ?? 0,
      is_trial: offer?.is_trial ?? false,
      rate_limit_per_minute: offer?.rate_limit_per_minute ?? '',
    },
    validate: {
      name: isFilled,
      message_quota: isGiven,
      device_limit: isGiven,
      days: isGiven,
      price_idr: isGiven,
    },
  });
  const { busy, failure, submit } = useSubmit(form);
  const save = async (given: typeof form.values) => {
    const body = {
      name: given.name.trim(),
      message_quota: Number(given.message_quota),
      device_limit: Number(given.device_limit),
      days: Number(given.days),
      price_idr: Number(given.price_idr),
      is_trial: given.is_trial,
      rate_limit_per_minute: given.rate_limit_per_minute === '' ? null : Number(given.rate_limit_per_minute),
    };
    if (offer === undefined) await act('POST /api/panel/admin/packages', { body });
    else await act('PATCH /api/panel/admin/packages/{id}', { params: { id: String(offer.id) }, body });
    await refreshPackages();
    onClose();
  };
  return (
    <form onSubmit={submit(save)} noValidate>
      <Stack>
        <TextInput label={t('packages.name')} maxLength={60} data-autofocus {...form.getInputProps('name')} />
        <NumberInput
          label={t('packages.price')}
          min={0}
          prefix="Rp"
          thousandSeparator="."
          decimalSeparator=","
          allowDecimal={false}
          {...form.getInputProps('price_idr')}
        />
        <Group grow align="flex-end">
          <NumberInput
            label={t('packages.quota')}
            min={0}
            allowDecimal={false}
            {...form.getInputProps('message_quota')}
          />
          <NumberInput label={t('packages.days')} min={1} allowDecimal={false} {...form.getInputProps('days')} />
        </Group>
        <Group grow align="flex-end">
          <NumberInput
            label={t('packages.devices')}
            min={0}
            allowDecimal={false}
            {...form.getInputProps('device_limit')}
          />
          <NumberInput
            label={t('packages.rate')}
            placeholder={t('packages.rateDefault')}
            min={1}
            allowDecimal={false}
            {...form.getInputProps('rate_limit_per_minute')}
          />
        </Group>
        <Switch label={t('packages.isTrial')} {...form.getInputProps('is_trial', { type: 'checkbox' })} />
        {offer !== undefined && (
          <Text size="sm" c="dimmed">
            {t('packages.running')}
          </Text>
        )}
        <FormEnd failure={failure} busy={busy} onCancel={onClose} submit={common('action.save')} />
      </Stack>
    </form>
  );
}
