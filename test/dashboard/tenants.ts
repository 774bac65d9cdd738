import { type Browser, PASSWORD } from '../panel/support/browser.ts';
import { createTenant, signInAsAdministrator, type Tenant } from '../panel/support/people.ts';
import type { TestApp } from '../support/app.ts';

interface Made {
  readonly id: number;
}

/** A tenant with a sandbox device that is connected. */
export async function sandboxTenant(app: TestApp, options: Parameters<typeof createTenant>[1] = {}) {
  const tenant = await createTenant(app, options);
  const device = await tenant.browser.post<Made>('/devices', { name: 'Sandbox', kind: 'sandbox' });
  await app.untilConnected(device.id);
  return { ...tenant, deviceId: device.id };
}

/** A tenant with a WhatsApp device that is linked to this number, and sends without pauses. */
export async function linkedTenant(app: TestApp, phone: string, options: Parameters<typeof createTenant>[1] = {}) {
  const tenant = await createTenant(app, options);
  return { ...tenant, deviceId: await linkDevice(app, tenant, phone) };
}

export async function linkDevice(app: TestApp, { browser, accountId }: Tenant, phone: string, name = 'Toko') {
  const { id } = await browser.post<Made>('/devices', { name, kind: 'whatsapp' });
  await app.store.devices.update(accountId, id, { settings: JSON.stringify({ pacing: { enabled: false } }) });
  await browser.post(`/devices/${id}/link`);
  await app.until(() => app.fleet.state(id).is === 'pairing', `device ${id} to show a QR code`);
  const state = app.fleet.state(id);
  if (state.is !== 'pairing') throw new Error(`device ${id} is ${state.is}`);
  await app.network.phone(phone).scan(state.qr);
  await app.untilConnected(id);
  return id;
}

/** The owner takes from this member all but looking. */
export async function becomeViewer(owner: Browser, email: string): Promise<void> {
  const members = await owner.get<readonly (Made & { readonly email: string })[]>('/members');
  const member = members.find((one) => one.email === email);
  await owner.ok('PATCH', `/members/${member?.id}`, { role: 'viewer' });
}

/** The first owner's session, with the address and the password that the pages ask for first. */
export async function administrator(app: TestApp): Promise<Browser> {
  const browser = await signInAsAdministrator(app);
  const { needs } = await browser.get<{ needs: readonly string[] }>('/me');
  if (needs.includes('email')) await browser.ok('PUT', '/me/email', { email: 'admin@example.com' });
  if (needs.includes('password')) await browser.ok('PUT', '/me/password', { password: PASSWORD });
  return browser;
}
