import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  type RouteComponent,
} from '@tanstack/react-router';
import { offline } from './api/failure.ts';
import { CrashedPage, NotFoundPage } from './shell/DeadEnds.tsx';
import { Pending } from './shell/Pending.tsx';

/** Each page is a file of its own, loaded when one goes there. */
const page = <M extends Record<string, unknown>>(load: () => Promise<M>, name: keyof M & string): RouteComponent =>
  lazyRouteComponent(() => load().catch(tellOffline) as Promise<Record<string, RouteComponent>>, name);

/** The router reloads the page when a file is gone (a newer build); without a network that would leave the browser's own error page. */
function tellOffline(error: unknown): never {
  throw navigator.onLine ? error : offline(error);
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage, errorComponent: CrashedPage });
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const whole = (value: unknown): number | undefined =>
  Number.isInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined;

// ── before one is signed in ──
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { to?: string | undefined } => ({ to: text(search.to) }),
  component: page(() => import('./pages/enter/SignInPage.tsx'), 'SignInPage'),
});
const link = createRoute({
  getParentRoute: () => root,
  path: '/sign-in/$token',
  component: page(() => import('./pages/enter/LinkPage.tsx'), 'LinkPage'),
});
const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  component: page(() => import('./pages/enter/SignUpPage.tsx'), 'SignUpPage'),
});
const forgot = createRoute({
  getParentRoute: () => root,
  path: '/forgot',
  component: page(() => import('./pages/enter/ForgotPage.tsx'), 'ForgotPage'),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation/$token',
  component: page(() => import('./pages/enter/InvitationPage.tsx'), 'InvitationPage'),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: page(() => import('./pages/enter/SetupPage.tsx'), 'SetupPage'),
});
const docs = createRoute({
  getParentRoute: () => root,
  path: '/docs',
  component: page(() => import('./docs/DocsPage.tsx'), 'DocsPage'),
});

// ── signed in ──
const signed = createRoute({
  getParentRoute: () => root,
  id: 'signed',
  component: page(() => import('./shell/Shell.tsx'), 'Shell'),
});
const home = createRoute({
  getParentRoute: () => signed,
  path: '/',
  component: page(() => import('./pages/home/HomePage.tsx'), 'HomePage'),
});
const devices = createRoute({
  getParentRoute: () => signed,
  path: '/devices',
  component: page(() => import('./pages/devices/DevicesPage.tsx'), 'DevicesPage'),
});
const device = createRoute({
  getParentRoute: () => signed,
  path: '/devices/$deviceId',
  component: page(() => import('./pages/device/DevicePage.tsx'), 'DevicePage'),
});

export interface MessagesSearch {
  readonly page?: number | undefined;
  readonly device?: number | undefined;
  readonly status?: 'pending' | 'sent' | 'failed' | undefined;
  readonly q?: string | undefined;
  readonly recipient?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** The message whose life is shown. */
  readonly message?: number | undefined;
}
const statuses = ['pending', 'sent', 'failed'] as const;
const day = (value: unknown) => (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined);
const messages = createRoute({
  getParentRoute: () => signed,
  path: '/messages',
  validateSearch: (search: Record<string, unknown>): MessagesSearch => ({
    page: whole(search.page),
    device: whole(search.device),
    status: statuses.find((status) => status === search.status),
    q: text(search.q === undefined ? undefined : String(search.q)),
    recipient: text(search.recipient === undefined ? undefined : String(search.recipient)),
    from: day(search.from),
    to: day(search.to),
    message: whole(search.message),
  }),
  component: page(() => import('./pages/messages/MessagesPage.tsx'), 'MessagesPage'),
});
export interface InboxSearch {
  readonly q?: string | undefined;
  readonly show?: 'unread' | 'people' | 'groups' | undefined;
  /** Only of this device. */
  readonly only?: number | undefined;
  /** The conversation that is open: with whom, of which device. */
  readonly chat?: string | undefined;
  readonly device?: number | undefined;
}
const shows = ['unread', 'people', 'groups'] as const;
const inbox = createRoute({
  getParentRoute: () => signed,
  path: '/inbox',
  validateSearch: (search: Record<string, unknown>): InboxSearch => ({
    q: text(search.q === undefined ? undefined : String(search.q)),
    show: shows.find((show) => show === search.show),
    only: whole(search.only),
    chat: text(search.chat === undefined ? undefined : String(search.chat)),
    device: whole(search.device),
  }),
  component: page(() => import('./pages/inbox/InboxPage.tsx'), 'InboxPage'),
});
const webhooks = createRoute({
  getParentRoute: () => signed,
  path: '/webhooks',
  component: page(() => import('./pages/webhooks/WebhooksPage.tsx'), 'WebhooksPage'),
});

export interface WebhookSearch {
  readonly page?: number | undefined;
  readonly state?: 'pending' | 'delivered' | 'failed' | undefined;
  readonly type?: string | undefined;
  /** The delivery that is shown. */
  readonly delivery?: number | undefined;
}
const deliveryStates = ['pending', 'delivered', 'failed'] as const;
const webhook = createRoute({
  getParentRoute: () => signed,
  path: '/webhooks/$deviceId/$webhookId',
  validateSearch: (search: Record<string, unknown>): WebhookSearch => ({
    page: whole(search.page),
    state: deliveryStates.find((state) => state === search.state),
    type: text(search.type),
    delivery: whole(search.delivery),
  }),
  component: page(() => import('./pages/webhooks/WebhookPage.tsx'), 'WebhookPage'),
});
const usage = createRoute({
  getParentRoute: () => signed,
  path: '/usage',
  component: page(() => import('./pages/usage/UsagePage.tsx'), 'UsagePage'),
});
const plan = createRoute({
  getParentRoute: () => signed,
  path: '/plan',
  component: page(() => import('./pages/plan/PlanPage.tsx'), 'PlanPage'),
});
const settings = createRoute({
  getParentRoute: () => signed,
  path: '/settings',
  component: page(() => import('./pages/settings/SettingsPage.tsx'), 'SettingsPage'),
});
const settingsPart = createRoute({
  getParentRoute: () => signed,
  path: '/settings/$part',
  component: page(() => import('./pages/settings/SettingsPage.tsx'), 'SettingsPage'),
});
const admin = createRoute({
  getParentRoute: () => signed,
  path: '/admin',
  component: page(() => import('./pages/admin/AdminPage.tsx'), 'AdminPage'),
});
const adminPart = createRoute({
  getParentRoute: () => signed,
  path: '/admin/$part',
  component: page(() => import('./pages/admin/AdminPage.tsx'), 'AdminPage'),
});
const adminAccount = createRoute({
  getParentRoute: () => signed,
  path: '/admin/accounts/$accountId',
  component: page(() => import('./pages/admin/AccountPage.tsx'), 'AccountPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    link,
    signUp,
    forgot,
    invitation,
    setup,
    docs,
    signed.addChildren([
      home,
      devices,
      device,
      inbox,
      messages,
      webhooks,
      webhook,
      usage,
      plan,
      settings,
      settingsPart,
      admin,
      adminPart,
      adminAccount,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: Pending,
  defaultPendingMs: 300,
  defaultErrorComponent: CrashedPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
