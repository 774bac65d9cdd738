import { Button, Card, Group, NativeSelect, NumberInput, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { Data } from '../../api/client.ts';
import type { Subscription } from '../../api/types.ts';
import { Facts } from '../../parts/Facts.tsx';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { done } from '../../parts/notices.ts';
import { count } from '../../parts/numbers.ts';
import { usedOf } from '../../parts/quotas.ts';
import { bareDate } from '../../parts/times.ts';
import { useAction } from '../../parts/useAction.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { isFilled } from '../enter/rules.ts';
import { refreshAccounts } from './accounts.ts';

type Account = Data<'GET /api/panel/admin/accounts/{id}'>;

/** The account's package: assign another, make it longer, give more quota, suspend it. */
export function SubscriptionCard({ account }: { readonly account: Account }) {
  const { t } = useTranslation('admin');
  const it = account.subscription;
  return (
    <Card>
      <Stack gap="md">
        <Title order={2} size="h4">
          {t('subscription.title')}
        </Title>
        {it === null ? (
          <Text size="sm">{t('accounts.noPackage')}</Text>
        ) : (
          <>
            <Facts
              rows={[
                [t('subscription.package'), it.package],
                [t('subscription.state'), t(`subscription.states.${it.state}`)],
                [t('subscription.used'), usedOf(it.used, it.message_quota)],
                [t('subscription.devices'), `${count(it.devices)} / ${count(it.device_limit)}`],
                [t('subscription.end'), bareDate(it.end_date)],
              ]}
            />
            <Extend accountId={account.id} subscription={it} />
          </>
        )}
        <Assign accountId={account.id} />
      </Stack>
    </Card>
  );
}

function Extend({ accountId, subscription }: { readonly accountId: number; readonly subscription: Subscription }) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const { busy: switching, run } = useAction();
  const form = useForm<{ extend_days: number | string; add_quota: number | string }>({
    initialValues: { extend_days: '', add_quota: '' },
  });
  const { busy, failure, submit } = useSubmit(form);
  const change = async (body: { extend_days?: number; add_quota?: number; suspended?: boolean }) => {
    const params = { id: String(accountId), subscription_id: String(subscription.id) };
    await act('PATCH /api/panel/admin/accounts/{id}/subscriptions/{subscription_id}', { params, body });
    await refreshAccounts();
    done(common('saved'));
  };
  const extend = async ({ extend_days, add_quota }: typeof form.values) => {
    await change({
      ...(extend_days === '' ? {} : { extend_days: Number(extend_days) }),
      ...(add_quota === '' ? {} : { add_quota: Number(add_quota) }),
    });
    form.reset();
  };
  const suspended = subscription.state === 'suspended';
  return (
    <form onSubmit={submit(extend)} noValidate>
      <Stack gap="sm">
        <Group grow align="flex-end">
          <NumberInput label={t('subscription.addDays')} min={1} {...form.getInputProps('extend_days')} />
          <NumberInput label={t('subscription.addQuota')} min={1} {...form.getInputProps('add_quota')} />
        </Group>
        {failure !== undefined && <FailureNote error={failure} />}
        <Group>
          <Button type="submit" loading={busy} disabled={!form.isDirty()}>
            {t('subscription.extend')}
          </Button>
          <Button
            variant="default"
            loading={switching}
            onClick={() => void run(() => change({ suspended: !suspended }))}
          >
            {t(suspended ? 'subscription.resume' : 'subscription.suspend')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Assign({ accountId }: { readonly accountId: number }) {
  const { t } = useTranslation('admin');
  const packages = useAsk('GET /api/panel/admin/packages');
  const form = useForm({ initialValues: { package_id: '' }, validate: { package_id: isFilled } });
  const { busy, failure, submit } = useSubmit(form);
  const assign = async ({ package_id }: typeof form.values) => {
    await act('POST /api/panel/admin/accounts/{id}/subscriptions', {
      params: { id: String(accountId) },
      body: { package_id: Number(package_id) },
    });
    form.reset();
    await refreshAccounts();
    done(t('subscription.assigned'));
  };
  return (
    <form onSubmit={submit(assign)} noValidate>
      <Stack gap="sm">
        <NativeSelect
          label={t('subscription.assign')}
          description={t('subscription.assignHint')}
          data={[
            { value: '', label: t('subscription.choose') },
            ...(packages.data ?? [])
              .filter(({ archived }) => !archived)
              .map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          {...form.getInputProps('package_id')}
        />
        {failure !== undefined && <FailureNote error={failure} />}
        <Group>
          <Button type="submit" variant="default" loading={busy} disabled={form.values.package_id === ''}>
            {t('subscription.assignDo')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
