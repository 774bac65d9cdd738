import { ActionIcon, Button, Group, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconMoon, IconSun } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../api/ask.ts';
import { changeLanguage, currentLanguage } from '../i18n.ts';
import { Logo } from '../shell/Logo.tsx';
import { useDocs } from './context.ts';

export function Header() {
  const { t } = useTranslation();
  const { page } = useDocs().texts.extras;
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: false });
  const dark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  const installation = useAsk('GET /api/panel/installation');
  const other = currentLanguage() === 'id' ? 'en' : 'id';
  return (
    <header className="docs-header">
      <Link to="/" className="brand" aria-label={`WAGate, ${t('place.home')}`}>
        <Logo />
        <span className="docs-brand-name">WAGate</span>
      </Link>
      <Group gap="xs" wrap="nowrap">
        <Button variant="default" size="compact-md" lang={other} onClick={() => void changeLanguage(other)}>
          {other === 'id' ? 'Indonesia' : 'English'}
        </Button>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={t(dark ? 'scheme.light' : 'scheme.dark')}
          onClick={() => setColorScheme(dark ? 'light' : 'dark')}
        >
          {dark ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
        </ActionIcon>
        {installation.data?.signed_in ? (
          <Button size="compact-md" renderRoot={(props) => <Link to="/" {...props} />}>
            {page.dashboard}
          </Button>
        ) : (
          <Button size="compact-md" renderRoot={(props) => <Link to="/sign-in" search={{ to: '/docs' }} {...props} />}>
            {page.signIn}
          </Button>
        )}
      </Group>
    </header>
  );
}
