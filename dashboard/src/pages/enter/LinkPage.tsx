import { Anchor, Button, Stack, Text } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../api/ask.ts';
import { ApiFailure } from '../../api/failure.ts';
import { FailureNote } from '../../parts/FailureNote.tsx';
import { CodeForm } from './CodeForm.tsx';
import { EnterFrame } from './EnterFrame.tsx';
import { useEnter } from './entering.ts';

/** The page of a one-time link. Looking at it spends nothing: previews in chats open every address they see. */
export function LinkPage() {
  const enter = useEnter();
  const { t } = useTranslation('enter');
  const { token } = useParams({ from: '/sign-in/$token' });
  const [wantsCode, setWantsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();

  const redeem = async (code?: string) => {
    const me = await act('POST /api/panel/sign-in/link', { body: { token, ...(code === undefined ? {} : { code }) } });
    // A link stands in for a password, above all for one that was forgotten.
    await enter(me, me.may_set_password ? '/settings/security' : '/');
  };
  const press = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await redeem();
    } catch (error) {
      if (error instanceof ApiFailure && error.code === 'code_required') setWantsCode(true);
      else setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  if (wantsCode)
    return (
      <EnterFrame key="code" title={t('totp.title')}>
        <CodeForm onCode={redeem} />
      </EnterFrame>
    );
  return (
    <EnterFrame key="link" title={t('link.title')}>
      <Stack>
        <Text>{t('link.text')}</Text>
        {failure !== undefined && <FailureNote error={failure} />}
        <Button size="md" loading={busy} onClick={() => void press()}>
          {t('link.submit')}
        </Button>
        <Anchor renderRoot={(props) => <Link to="/sign-in" {...props} />} size="sm">
          {t('link.new')}
        </Anchor>
      </Stack>
    </EnterFrame>
  );
}
