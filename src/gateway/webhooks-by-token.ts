import type { Audit } from './audit.ts';
import type { WebhookOwner, Webhooks } from './webhooks.ts';

/** Webhooks as an API token changes them: what it does stands in the account's log, as what people do in the dashboard does. */
export function webhooksByToken(webhooks: Webhooks, audit: Pick<Audit, 'note'>): Webhooks {
  const note = (
    { accountId, deviceId }: WebhookOwner,
    kind: 'webhook.created' | 'webhook.changed' | 'webhook.deleted' | 'webhook.secret',
    id: number,
  ) =>
    audit.note({
      kind,
      accountId,
      email: `API token of device ${deviceId}`,
      subject: `webhook ${id} of device ${deviceId}`,
      address: null,
    });
  return {
    ...webhooks,
    async create(owner, given) {
      const made = await webhooks.create(owner, given);
      await note(owner, 'webhook.created', made.webhook.id);
      return made;
    },
    async update(owner, id, patch) {
      const changed = await webhooks.update(owner, id, patch);
      await note(owner, 'webhook.changed', id);
      return changed;
    },
    async remove(owner, id) {
      await webhooks.remove(owner, id);
      await note(owner, 'webhook.deleted', id);
    },
    async rotate(owner, id) {
      const made = await webhooks.rotate(owner, id);
      await note(owner, 'webhook.secret', id);
      return made;
    },
  };
}
