import type { Log } from '../base/log.ts';
import type { Store, WebhookRow } from '../store/index.ts';
import type { PauseCause } from './deliveries/schedule.ts';
import type { Installation } from './installation.ts';
import { letters } from './letters.ts';
import type { Mail } from './mail.ts';

/** Letters about what somebody must do something about, although nobody looks at the dashboard: an account's own webhook cannot tell that it is dead. */
export interface Alerts {
  /** To owners and administrators of the account. Never throws. */
  webhookPaused(webhook: Pick<WebhookRow, 'id' | 'account_id' | 'device_id' | 'url'>, cause: PauseCause): Promise<void>;
}

const ANSWERABLE = new Set(['owner', 'admin']);

export function createAlerts({
  store,
  installation,
  mail,
  log,
}: {
  readonly store: Pick<Store, 'accounts' | 'devices'>;
  readonly installation: Pick<Installation, 'settings' | 'url'>;
  readonly mail: Mail;
  readonly log: Pick<Log, 'error'>;
}): Alerts {
  async function tell(
    webhook: Pick<WebhookRow, 'id' | 'account_id' | 'device_id' | 'url'>,
    cause: PauseCause,
  ): Promise<void> {
    const [people, account, device, { name }] = await Promise.all([
      store.accounts.members(webhook.account_id),
      store.accounts.find(webhook.account_id),
      store.devices.find(webhook.account_id, webhook.device_id),
      installation.settings(),
    ]);
    const facts = {
      installation: name,
      link: `${installation.url()}/webhooks/${webhook.device_id}/${webhook.id}`,
      device: device?.name ?? String(webhook.device_id),
      // A path may be a secret of the receiver's.
      host: new URL(webhook.url).host,
      cause,
    };
    for (const { email, language, role } of people)
      if (ANSWERABLE.has(role) && !email.endsWith('@localhost'))
        await mail.send(letters.webhookPaused(email, language ?? account?.language ?? 'id', facts));
  }

  return {
    async webhookPaused(webhook, cause) {
      if (!mail.enabled) return;
      await tell(webhook, cause).catch((error) => {
        log.error({ err: error, device: webhook.device_id }, 'the letter about a paused webhook could not be written');
      });
    },
  };
}
