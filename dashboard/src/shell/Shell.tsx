import { Alert, AppShell, Box, Button, NavLink, Stack } from '@mantine/core';
import { IconBan, IconCloudOff } from '@tabler/icons-react';
import { Link, Navigate, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useAsk } from '../api/ask.ts';
import { ApiFailure } from '../api/failure.ts';
import type { Me } from '../api/types.ts';
import { announce } from '../parts/announce.ts';
import { EmptyNote } from '../parts/EmptyNote.tsx';
import { FailureNote } from '../parts/FailureNote.tsx';
import { SessionProvider, useMay } from '../session.tsx';
import { AccountMenu } from './AccountMenu.tsx';
import { Logo } from './Logo.tsx';
import { useLive } from './live.ts';
import { Pending } from './Pending.tsx';
import { places } from './places.ts';
import { Tabs } from './Tabs.tsx';

/** What stands around every page of somebody who is signed in. */
export function Shell() {
  const me = useAsk('GET /api/panel/me');
  if (me.error instanceof ApiFailure && me.error.status === 401) return <ToSignIn />;
  if (me.data === undefined)
    return me.isError ? (
      <Box maw={560} mx="auto" p="lg" component="main">
        <FailureNote error={me.error} onRetry={() => void me.refetch()} />
      </Box>
    ) : (
      <Pending />
    );
  if (me.data.needs.length > 0) return <Navigate to="/setup" replace />;
  return (
    <SessionProvider me={me.data}>
      <Frame me={me.data} />
    </SessionProvider>
  );
}

/** Goes to the sign-in page once, with the way back. While that page loads, the address has changed and this is still shown. */
function ToSignIn() {
  const navigate = useNavigate();
  useEffect(() => {
    const { pathname, search } = location;
    if (pathname === '/sign-in') return;
    void navigate({ to: '/sign-in', search: pathname === '/' ? {} : { to: `${pathname}${search}` }, replace: true });
  }, [navigate]);
  return <Pending />;
}

function Frame({ me }: { readonly me: Me }) {
  const { t } = useTranslation();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: true } }}
      footer={{ height: { base: 57, sm: 0 } }}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a href="#content" className="skip">
        {t('skip')}
      </a>
      <AppShell.Header className="shell-header" px={{ base: 'md', sm: 'xl' }}>
        <Box h="100%" display="flex" className="spread">
          <Link to="/" className="brand" aria-label={`WAGate, ${t('place.home')}`}>
            <Logo />
            WAGate
          </Link>
          <AccountMenu me={me} />
        </Box>
      </AppShell.Header>
      <AppShell.Navbar className="shell-nav" p="sm" aria-label={t('navigation')} visibleFrom="sm">
        <Menu />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className="content">
        <Box maw={1080} mx="auto">
          {me.account.suspended ? (
            <SuspendedNote />
          ) : (
            <Stack gap="lg">
              <Notices />
              <Outlet />
            </Stack>
          )}
        </Box>
      </AppShell.Main>
      <AppShell.Footer className="shell-tabs" hiddenFrom="sm" component="nav" aria-label={t('navigation')}>
        <Tabs />
      </AppShell.Footer>
    </AppShell>
  );
}

function Menu() {
  const { t } = useTranslation();
  const { administer } = useMay();
  const { pathname } = useLocation();
  return places
    .filter((place) => !place.adminOnly || administer)
    .map(({ to, text, icon: Icon }) => {
      const active = to === '/' ? pathname === '/' : pathname.startsWith(to);
      return (
        <NavLink
          key={to}
          renderRoot={(props) => <Link to={to} {...props} />}
          label={t(`place.${text}`)}
          leftSection={<Icon size={20} stroke={1.7} aria-hidden />}
          active={active}
          aria-current={active ? 'page' : undefined}
          className="nav-link"
        />
      );
    });
}

/** What concerns every page. */
function Notices() {
  const { t } = useTranslation();
  const connected = useLive();
  const before = useRef(connected);
  useEffect(() => {
    if (connected && !before.current) announce(t('back'));
    before.current = connected;
  }, [connected, t]);
  if (connected) return null;
  return (
    <Alert color="orange" role="status" icon={<IconCloudOff aria-hidden />}>
      {t('offline')}
    </Alert>
  );
}

const LOOK_AGAIN_MS = 15_000;

/** In the place of every page while the account is suspended: the server refuses what they would ask. Goes away by itself. */
function SuspendedNote() {
  const { t } = useTranslation();
  const me = useAsk('GET /api/panel/me', undefined, { refetchInterval: LOOK_AGAIN_MS });
  return (
    <EmptyNote icon={IconBan} title={t('suspended.title')} text={t('suspended.text')}>
      <Button variant="default" loading={me.isFetching} onClick={() => void me.refetch()}>
        {t('action.retry')}
      </Button>
    </EmptyNote>
  );
}
