import { randomBytes } from 'node:crypto';
import type { TestApp } from '../../support/app.ts';
import { type Browser, createBrowser, PASSWORD } from './browser.ts';

export type Role = 'owner' | 'admin' | 'operator' | 'viewer';

export interface Tenant {
  readonly accountId: number;
  readonly email: string;
  readonly browser: Browser;
}

/** An account of its own with a package, its owner signed in with a password. */
export async function createTenant(
  app: TestApp,
  { quota = 100, devices = 3, isAdmin = false }: { quota?: number; devices?: number; isAdmin?: boolean } = {},
): Promise<Tenant> {
  const word = randomBytes(5).toString('hex');
  const offer = await app.store.packages.create({
    name: `Package ${word}`,
    message_quota: quota,
    device_limit: devices,
    days: 30,
    price_idr: 50_000,
    is_trial: 0,
    rate_limit_per_minute: null,
  });
  const email = `${word}@example.com`;
  const account = await app.accounts.create({ name: `Toko ${word}`, email, packageName: offer.name, isAdmin });
  const browser = createBrowser(app);
  await browser.post('/sign-in/link', { token: await app.accounts.issueLink(email) });
  await browser.ok('PUT', '/me/password', { password: PASSWORD });
  return { accountId: account.id, email, browser };
}

/** Somebody with a role in the tenant's account, invited and signed in. */
export async function addMember(
  app: TestApp,
  { browser }: Tenant,
  role: Role,
): Promise<Browser & { readonly email: string }> {
  const email = `${role}-${randomBytes(4).toString('hex')}@example.com`;
  const { link } = await browser.post<{ link: string }>('/invitations', { email, role });
  const guest = createBrowser(app);
  await guest.post('/invitation/accept', { token: link.split('/').at(-1), name: role, password: PASSWORD });
  return Object.assign(guest, { email });
}

/** A session of the installation's first owner, by a link as the command line makes it. */
export async function signInAsAdministrator(app: TestApp): Promise<Browser> {
  const browser = createBrowser(app);
  const owner = await app.store.accounts.ownerOf(app.account.id);
  await browser.post('/sign-in/link', { token: await app.accounts.issueLink(owner?.email ?? '') });
  return browser;
}
