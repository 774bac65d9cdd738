import { Badge, Button, Card, Group, SimpleGrid, Stack, Text, Textarea, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPackage } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAsk } from '../../api/ask.ts';
import type { Package } from '../../api/types.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { FormEnd } from '../../parts/FormEnd.tsx';
import { Loaded, Skeletons } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { rupiah } from '../../parts/numbers.ts';
import { Page } from '../../parts/Page.tsx';
import { QuotaCard } from '../../parts/QuotaCard.tsx';
import { holds } from '../../parts/quotas.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { useMay, useMe } from '../../session.tsx';
import { Requests } from './Requests.tsx';

export function PlanPage() {
  const { t } = useTranslation('plan');
  const { subscription } = useMe();
  const { keep } = useMay();
  const offers = useAsk('GET /api/panel/packages');
  const [wanted, setWanted] = useState<Package>();
  return (
    <Page title={t('title')} lead={t('lead')}>
      <QuotaCard subscription={subscription} />
      <Requests />
      <Title order={2} size="h4">
        {t('packages')}
      </Title>
      <Loaded query={offers} skeleton={<Skeletons rows={2} height={140} />}>
        {({ packages, bank_transfer }) => (
          <>
            {packages.length === 0 ? (
              <EmptyNote icon={IconPackage} title={t('none.title')} text={t('none.text')} />
            ) : (
              <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
                {packages.map((it) => (
                  <Offer
                    key={it.id}
                    offer={it}
                    current={subscription?.package_id === it.id}
                    {...(keep ? { onAsk: () => setWanted(it) } : {})}
                  />
                ))}
              </SimpleGrid>
            )}
            {!keep && (
              <Text size="sm" c="dimmed">
                {t('notYou')}
              </Text>
            )}
            <AskFor offer={wanted} transfer={bank_transfer} onClose={() => setWanted(undefined)} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface OfferProps {
  readonly offer: Package;
  readonly current: boolean;
  readonly onAsk?: () => void;
}

function Offer({ offer, current, onAsk }: OfferProps) {
  const { t } = useTranslation('plan');
  return (
    <Card>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" gap="xs">
          <Title order={3} size="h5">
            {offer.name}
          </Title>
          {current && (
            <Badge variant="light" className="plain-badge">
              {t('current')}
            </Badge>
          )}
        </Group>
        <Text fz={26} fw={700} lh={1.1}>
          {offer.price_idr === 0 ? t('free') : rupiah(offer.price_idr)}
        </Text>
        <Stack gap={2} flex={1}>
          <Text size="sm">{holds(offer.message_quota)}</Text>
          <Text size="sm">{t('devices', { count: offer.device_limit })}</Text>
          <Text size="sm">{t('days', { count: offer.days })}</Text>
        </Stack>
        {onAsk !== undefined && (
          <Button variant={current ? 'default' : 'filled'} onClick={onAsk}>
            {t(current ? 'renew' : 'ask')}
          </Button>
        )}
      </Stack>
    </Card>
  );
}

interface AskProps {
  readonly offer: Package | undefined;
  readonly transfer: string;
  readonly onClose: () => void;
}

function AskFor({ offer, transfer, onClose }: AskProps) {
  const { t } = useTranslation('plan');
  const form = useForm({ initialValues: { note: '' } });
  const { busy, failure, setFailure, submit } = useSubmit(form);
  const close = () => {
    setFailure(undefined);
    onClose();
  };
  const ask = async ({ note }: typeof form.values) => {
    if (offer === undefined) return;
    await act('POST /api/panel/purchases', {
      body: { package_id: offer.id, ...(note.trim() === '' ? {} : { note: note.trim() }) },
    });
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/purchases'] });
    form.reset();
    close();
    done(t('asked'));
  };
  return (
    <Dialog opened={offer !== undefined} onClose={close} title={t('askTitle', { name: offer?.name ?? '' })}>
      <form onSubmit={submit(ask)} noValidate>
        <Stack>
          <Text>{t('askText', { price: rupiah(offer?.price_idr ?? 0) })}</Text>
          {transfer !== '' && (
            <Card padding="sm" className="code-box">
              <Text size="sm" fw={600}>
                {t('transfer')}
              </Text>
              <Text size="sm" className="pre-wrap">
                {transfer}
              </Text>
            </Card>
          )}
          <Textarea
            label={t('note')}
            description={t('noteHint')}
            maxLength={1000}
            autosize
            minRows={2}
            data-autofocus
            {...form.getInputProps('note')}
          />
          <FormEnd failure={failure} busy={busy} onCancel={close} submit={t('send')} />
        </Stack>
      </form>
    </Dialog>
  );
}
