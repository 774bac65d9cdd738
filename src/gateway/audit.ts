import type { AuditRow, Store } from '../store/index.ts';

export type AuditKind =
  | 'sign_up'
  | 'sign_in'
  | 'sign_in.link'
  | 'sign_in.failed'
  | 'sign_out.everywhere'
  | 'password.changed'
  | 'email.changed'
  | 'totp.on'
  | 'totp.off'
  | 'link.issued'
  | 'member.invited'
  | 'member.joined'
  | 'member.role'
  | 'member.removed'
  | 'account.created'
  | 'account.suspended'
  | 'account.resumed'
  | 'device.created'
  | 'device.linking'
  | 'device.unlinked'
  | 'device.deleted'
  | 'device.suspended'
  | 'device.resumed'
  | 'token.issued'
  | 'quota.assigned'
  | 'quota.changed'
  | 'package.created'
  | 'package.changed'
  | 'purchase.approved'
  | 'purchase.declined'
  | 'settings.changed'
  | 'webhook.created'
  | 'webhook.changed'
  | 'webhook.deleted'
  | 'webhook.secret'
  | 'webhook.replayed'
  | 'export'
  | 'person.exported'
  | 'person.erased'
  | 'retention.changed'
  | 'keys.rotated'
  | 'admin.viewed';

export interface Deed {
  readonly kind: AuditKind;
  /** Who did it. */
  readonly who?: { readonly userId: number; readonly accountId: number; readonly email: string };
  /** Whose log it stands in, when it is not the doer's account; null: the installation's alone. */
  readonly accountId?: number | null;
  /** Of one who is not signed in. */
  readonly email?: string;
  readonly subject?: string;
  readonly address: string | null;
}

export interface AuditEntry {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly accountId: number | null;
  readonly account: string | null;
  readonly user: string | null;
  readonly subject: string | null;
  readonly address: string | null;
}

interface Page {
  readonly limit: number;
  readonly page: number;
}
type Entries = { readonly rows: readonly AuditEntry[]; readonly total: number };

export interface Audit {
  note(deed: Deed): Promise<void>;
  ofAccount(accountId: number, page: Page): Promise<Entries>;
  all(page: Page & { readonly kind?: string | undefined }): Promise<Entries>;
}

export function createAudit({ store }: { readonly store: Pick<Store, 'audit'> }): Audit {
  return {
    async note({ kind, who, accountId, email, subject, address }) {
      await store.audit.add({
        kind,
        account_id: accountId === undefined ? (who?.accountId ?? null) : accountId,
        user_id: who?.userId ?? null,
        email: who?.email ?? email ?? null,
        subject: subject ?? null,
        address,
      });
    },
    ofAccount: async (accountId, { limit, page }) => entries(await store.audit.ofAccount(accountId, limit, page)),
    all: async ({ kind, limit, page }) => entries(await store.audit.all(kind, limit, page)),
  };
}

const entries = ({ rows, total }: { rows: readonly AuditRow[]; total: number }): Entries => ({
  total,
  rows: rows.map((row) => ({
    id: row.id,
    at: row.at,
    kind: row.kind,
    accountId: row.account_id,
    account: row.account,
    user: row.email,
    subject: row.subject,
    address: row.address,
  })),
});
