import { Badge, Button, Card, Group, SegmentedControl, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconReceipt } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act, useAskPage } from '../../api/ask.ts';
import type { Purchase } from '../../api/types.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { FormEnd } from '../../parts/FormEnd.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { done } from '../../parts/notices.ts';
import { rupiah } from '../../parts/numbers.ts';
import { Pages } from '../../parts/Pages.tsx';
import { dateTime } from '../../parts/times.ts';
import { useSubmit } from '../../parts/useSubmit.ts';
import { queries } from '../../queries.ts';
import { useZone } from '../../session.tsx';
import { purchaseColours } from '../plan/Requests.tsx';

type Decision = { readonly purchase: Purchase; readonly word: 'approve' | 'decline' };

export function PurchasesPart() {
  const { t } = useTranslation('admin');
  const [pending, setPending] = useState(true);
  const [page, setPage] = useState(1);
  const [decision, setDecision] = useState<Decision>();
  const purchases = useAskPage(
    'GET /api/panel/admin/purchases',
    { query: { limit: '25', page: String(page), ...(pending ? { state: 'pending' as const } : {}) } },
    { refetchInterval: 60_000 },
  );
  return (
    <Stack>
      <Group>
        <SegmentedControl
          aria-label={t('purchases.filter')}
          value={pending ? 'pending' : 'all'}
          onChange={(value) => {
            setPending(value === 'pending');
            setPage(1);
          }}
          data={[
            { value: 'pending', label: t('purchases.pending') },
            { value: 'all', label: t('purchases.all') },
          ]}
        />
      </Group>
      <Loaded query={purchases}>
        {({ data, pagination }) =>
          data.length === 0 && pagination.total === 0 ? (
            <EmptyNote icon={IconReceipt} title={t('purchases.none')} text={t('purchases.noneText')} />
          ) : (
            <>
              <Stack component="ul" className="plain-list" gap="sm">
                {data.map((purchase) => (
                  <li key={purchase.id}>
                    <Row purchase={purchase} onDecide={(word) => setDecision({ purchase, word })} />
                  </li>
                ))}
              </Stack>
              <Pages pagination={pagination} onGo={setPage} />
            </>
          )
        }
      </Loaded>
      <Dialog
        opened={decision !== undefined}
        onClose={() => setDecision(undefined)}
        title={decision === undefined ? '' : t(`purchases.${decision.word}`)}
      >
        {decision !== undefined && <Decide decision={decision} onClose={() => setDecision(undefined)} />}
      </Dialog>
    </Stack>
  );
}

interface RowProps {
  readonly purchase: Purchase;
  readonly onDecide: (word: Decision['word']) => void;
}

function Row({ purchase, onDecide }: RowProps) {
  const { t } = useTranslation('admin');
  const { t: plan } = useTranslation('plan');
  const zone = useZone();
  return (
    <Card padding="md">
      <Group justify="space-between" gap="sm">
        <div>
          <Group gap="xs">
            <Text fw={600}>{purchase.account}</Text>
            <Badge variant="light" color={purchaseColours[purchase.state]} className="plain-badge">
              {plan(`state.${purchase.state}`)}
            </Badge>
          </Group>
          <Text size="sm">
            {purchase.package} · {rupiah(purchase.price_idr)}
          </Text>
          <Text size="xs" c="dimmed">
            {purchase.asked_by ?? '–'} · {dateTime(purchase.created_at, zone)}
          </Text>
          {purchase.note !== '' && (
            <Text size="sm" className="pre-wrap">
              {purchase.note}
            </Text>
          )}
        </div>
        {purchase.state === 'pending' && (
          <Group gap="xs">
            <Button onClick={() => onDecide('approve')}>{t('purchases.approve')}</Button>
            <Button variant="default" onClick={() => onDecide('decline')}>
              {t('purchases.decline')}
            </Button>
          </Group>
        )}
      </Group>
    </Card>
  );
}

function Decide({
  decision: { purchase, word },
  onClose,
}: {
  readonly decision: Decision;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('admin');
  const form = useForm({ initialValues: { answer: '' } });
  const { busy, failure, submit } = useSubmit(form);
  const decide = async ({ answer }: typeof form.values) => {
    await act(`POST /api/panel/admin/purchases/{id}/${word}`, {
      params: { id: String(purchase.id) },
      body: answer.trim() === '' ? {} : { answer: answer.trim() },
    });
    await queries.invalidateQueries({ queryKey: ['GET /api/panel/admin/purchases'] });
    onClose();
    done(t('purchases.decided'));
  };
  return (
    <form onSubmit={submit(decide)} noValidate>
      <Stack>
        <Text>
          {t(`purchases.${word}Text`, {
            account: purchase.account,
            package: purchase.package,
            price: rupiah(purchase.price_idr),
          })}
        </Text>
        <Textarea
          label={t('purchases.answer')}
          maxLength={1000}
          autosize
          minRows={2}
          data-autofocus
          {...form.getInputProps('answer')}
        />
        <FormEnd
          failure={failure}
          busy={busy}
          onCancel={onClose}
          submit={t(`purchases.${word}`)}
          danger={word === 'decline'}
        />
      </Stack>
    </form>
  );
}
