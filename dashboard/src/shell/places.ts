import {
  IconBook2,
  IconChartBar,
  IconDeviceMobile,
  IconHome,
  IconInbox,
  IconMessages,
  IconPackage,
  IconSettings,
  IconShieldHalf,
  IconWebhook,
  type TablerIcon,
} from '@tabler/icons-react';

export interface Place {
  readonly to:
    | '/'
    | '/devices'
    | '/inbox'
    | '/messages'
    | '/webhooks'
    | '/usage'
    | '/plan'
    | '/settings'
    | '/admin'
    | '/docs';
  readonly text:
    | 'home'
    | 'devices'
    | 'inbox'
    | 'messages'
    | 'webhooks'
    | 'usage'
    | 'plan'
    | 'settings'
    | 'admin'
    | 'docs';
  readonly icon: TablerIcon;
  /** Stands in the bar at the foot of a phone; the others behind "more". */
  readonly tab: boolean;
  readonly adminOnly?: true;
}

export const places: readonly Place[] = [
  { to: '/', text: 'home', icon: IconHome, tab: true },
  { to: '/devices', text: 'devices', icon: IconDeviceMobile, tab: true },
  { to: '/inbox', text: 'inbox', icon: IconInbox, tab: true },
  { to: '/messages', text: 'messages', icon: IconMessages, tab: true },
  { to: '/webhooks', text: 'webhooks', icon: IconWebhook, tab: false },
  { to: '/usage', text: 'usage', icon: IconChartBar, tab: false },
  { to: '/plan', text: 'plan', icon: IconPackage, tab: false },
  { to: '/settings', text: 'settings', icon: IconSettings, tab: false },
  { to: '/docs', text: 'docs', icon: IconBook2, tab: false },
  { to: '/admin', text: 'admin', icon: IconShieldHalf, tab: false, adminOnly: true },
];
