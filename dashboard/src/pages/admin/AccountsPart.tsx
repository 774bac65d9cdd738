import { Badge, Button, Card, Group, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSearch, IconUsers } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAskPage } from '../../api/ask.ts';
import type { AdminAccount } from '../../api/types.ts';
import { EmptyNote } from '../../parts/EmptyNote.tsx';
import { Loaded } from '../../parts/Loaded.tsx';
import { Pages } from '../../parts/Pages.tsx';
import { usedOf } from '../../parts/quotas.ts';
import { bareDate } from '../../parts/times.ts';
import { CreateAccount } from './CreateAccount.tsx';

export function AccountsPart() {
  const { t } = useTranslation('admin');
  const [page, setPage] = useState(1);
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text.trim(), 300);
  const [creating, create] = useDisclosure(false);
  const accounts = useAskPage('GET /api/panel/admin/accounts', {
    query: { limit: '25', page: String(page), ...(q === '' ? {} : { q }) },
  });
  return (
    <Stack>
      <Group align="flex-end">
        <TextInput
          flex={1}
          miw={180}
          type="search"
          aria-label={t('accounts.search')}
          placeholder={t('accounts.search')}
          leftSection={<IconSearch size={18} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setPage(1);
          }}
        />
        <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={create.open}>
          {t('accounts.add')}
        </Button>
      </Group>
      <Loaded query={accounts}>
        {({ data, pagination }) =>
          data.length === 0 && pagination.total === 0 ? (
            <EmptyNote icon={IconUsers} title={t('accounts.none')} text={t('accounts.noneText')} />
          ) : (
            <>
              <Stack component="ul" className="plain-list" gap="xs">
                {data.map((account) => (
                  <li key={account.id}>
                    <Row account={account} />
                  </li>
                ))}
              </Stack>
              <Pages pagination={pagination} onGo={setPage} />
            </>
          )
        }
      </Loaded>
      <CreateAccount opened={creating} onClose={create.close} />
    </Stack>
  );
}

function Row({ account }: { readonly account: AdminAccount }) {
  const { t } = useTranslation('admin');
  const it = account.subscription;
  return (
    <Link to="/admin/accounts/$accountId" params={{ accountId: String(account.id) }} className="row-link">
      <Card padding="sm">
        <Group justify="space-between" gap="xs">
          <div>
            <Group gap="xs">
              <Text fw={600} size="sm">
                {account.name}
              </Text>
              {account.is_admin && (
                <Badge variant="light" className="plain-badge">
                  {t('accounts.admin')}
                </Badge>
              )}
              {account.suspended_at !== null && (
                <Badge variant="light" color="red" className="plain-badge">
                  {t('accounts.suspended')}
                </Badge>
              )}
            </Group>
            <Text size="xs" c="dimmed">
              {account.owner ?? '–'} · {t('accounts.devices', { count: account.devices })}
            </Text>
          </div>
          <Text size="sm" ta="right">
            {it === null
              ? t('accounts.noPackage')
              : `${it.package}: ${usedOf(it.used, it.message_quota)}, ${bareDate(it.end_date)}`}
          </Text>
        </Group>
      </Card>
    </Link>
  );
}
