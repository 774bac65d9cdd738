import { type Browser, createBrowser, PASSWORD } from '../panel/support/browser.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { placeOf } from '../support/own-database.ts';
import { rows } from '../support/rows.ts';
import { administrator, linkDevice } from './tenants.ts';

// An installation as a shop has it after some weeks: for the walk over every page, and for the pictures.

const DAY_MS = 86_400_000;
const SHOP = '6281298765432';

export interface Furnished {
  readonly app: TestApp;
  /** Whoever runs the server, the owner of the shop, and somebody who has just signed up. */
  readonly admin: Browser;
  readonly owner: Browser;
  readonly newcomer: Browser;
  readonly pages: readonly Page[];
}

/** A page, who looks at it, and what shows that it is whole. */
export interface Page {
  readonly name: string;
  readonly path: string;
  readonly who?: Browser;
  /** A CSS selector. */
  readonly shows: string;
  /** What is pressed before one looks: CSS selectors, in order. */
  readonly press?: readonly string[];
}

interface Made {
  readonly id: number;
}

export async function furnish(): Promise<Furnished> {
  const app = await startTestApp({ env: { SANDBOX: 'true', SIGN_UP: 'open' } });
  const admin = await administrator(app);
  await admin.ok('PATCH', '/me', { name: 'Dewi Lestari' });
  await admin.ok('PATCH', '/account', { name: 'WAGate Indonesia' });
  await admin.ok('PATCH', '/admin/settings', {
    bank_transfer: 'BCA 123 456 7890\na.n. WAGate Indonesia',
  });
  const offer = (name: string, message_quota: number, device_limit: number, price_idr: number) =>
    admin.post<Made>('/admin/packages', {
      name,
      message_quota,
      device_limit,
      days: 30,
      price_idr,
      is_trial: false,
      rate_limit_per_minute: null,
    });
  const small = await offer('Hemat', 1_000, 3, 66_500);
  await offer('Bisnis', 10_000, 10, 349_000);
  for (const [name, email] of [
    ['Warung Bu Tini', 'tini@example.com'],
    ['Klinik Sehat', 'klinik@example.com'],
  ] as const)
    await app.accounts.create({ name, email, packageName: 'Hemat', isAdmin: false });

  const owner = await comeIn(app, 'Toko Melati', 'sari@example.com', 'Bisnis');
  const accountId = (await owner.get<{ account: Made }>('/me')).account.id;
  const tenant = { accountId, email: 'sari@example.com', browser: owner };
  const shop = await linkDevice(app, tenant, SHOP, 'Toko Melati');
  const { id: spare } = await owner.post<Made>('/devices', { name: 'Gudang', kind: 'whatsapp' });
  const { id: sandbox } = await owner.post<Made>('/devices', { name: 'Uji coba', kind: 'sandbox' });
  await app.untilConnected(sandbox);
  await owner.post(`/devices/${shop}/token`);
  const { link: invitation } = await owner.post<{ link: string }>('/invitations', {
    email: 'kasir@example.com',
    role: 'operator',
  });
  await owner.post('/purchases', { package_id: small.id, note: 'Transfer dari BCA a.n. Sari, tanggal 3' });
  const { webhook } = await owner.post<{ webhook: Made }>('/webhooks', {
    device_id: shop,
    url: 'https://toko.example.com/wagate',
    events: ['message.received', 'message.status', 'message.failed'],
    description: 'Kasir',
  });
  const failed = await writeMessages(app, owner, shop, sandbox);
  await untilSettled(owner);
  await writeAnswers(app, SHOP);
  await spreadOverDays(app);

  const newcomer = await comeIn(app, 'Budi', 'budi@example.com', 'Trial');
  const fresh = await startingOwner(app);
  const page = (name: string, path: string, shows: string, who?: Browser, press?: readonly string[]): Page => ({
    name,
    path,
    shows,
    ...(who === undefined ? {} : { who }),
    ...(press === undefined ? {} : { press }),
  });
  return {
    app,
    admin,
    owner,
    newcomer,
    pages: [
      page('sign-in', '/sign-in', 'input[type=password]'),
      page('sign-up', '/sign-up', 'input[type=password]'),
      page('forgot', '/forgot', 'main a'),
      page('link', '/sign-in/wagl_once', 'main button'),
      page('invitation', new URL(invitation).pathname, 'input[type=password]'),
      page('setup', '/setup', 'input[type=password]', fresh),
      page('not-found', '/nowhere', 'h1'),
      page('first-steps', '/', 'main ol', newcomer),
      page('devices-empty', '/devices', 'main h2', newcomer),
      page('messages-empty', '/messages', 'main h2', newcomer),
      page('usage-empty', '/usage', 'main dl', newcomer),
      page('home', '/', 'main ul li', owner),
      page('devices', '/devices', 'main a[href^="/devices/"]', owner),
      page('device-new', '/devices', '[role=dialog] input', owner, ['main button']),
      page('device', `/devices/${shop}`, 'main form', owner),
      page('device-linking', `/devices/${spare}`, 'svg.qr', owner, ['main .mantine-Card-root button']),
      page('device-sandbox', `/devices/${sandbox}`, '.handset .bubble', owner, ['.handset-list button']),
      page('messages', '/messages', 'main ul li', owner),
      page('message', `/messages?message=${failed}`, '[role=dialog] ol, [role=dialog] .mantine-Timeline-root', owner),
      page('messages-none', '/messages?q=zzz', 'main h2', owner),
      page('inbox', '/inbox', '.inbox-row', owner),
      page('conversation', '/inbox', '.inbox-bubble', owner, ['.inbox-row']),
      page('webhooks', '/webhooks', 'main a[href^="/webhooks/"]', owner),
      page('webhook', `/webhooks/${shop}/${webhook.id}`, 'main h2', owner),
      page('usage', '/usage', '.recharts-wrapper', owner),
      page('plan', '/plan', 'main h3', owner),
      page('settings', '/settings', 'main form', owner),
      page('security', '/settings/security', 'main form', owner),
      page('members', '/settings/members', 'main h2', owner),
      page('privacy', '/settings/privacy', 'main form', owner),
      page('activity', '/settings/audit', 'main table', owner),
      page('no-role', '/admin', 'h1', owner),
      page('admin-accounts', '/admin', 'main a[href^="/admin/accounts/"]', admin),
      page('admin-account', `/admin/accounts/${accountId}`, 'main h2', admin),
      page('admin-packages', '/admin/packages', 'main h2, main h3, main table', admin),
      page('admin-purchases', '/admin/purchases', 'main .mantine-Card-root', admin),
      page('admin-health', '/admin/health', 'main dl', admin),
      page('admin-settings', '/admin/settings', 'main form', admin),
      page('admin-audit', '/admin/audit', 'main table', admin),
    ],
  };
}

async function comeIn(app: TestApp, name: string, email: string, packageName: string): Promise<Browser> {
  await app.accounts.create({ name, email, packageName, isAdmin: false });
  const browser = createBrowser(app);
  await browser.post('/sign-in/link', { token: await app.accounts.issueLink(email) });
  await browser.ok('PUT', '/me/password', { password: PASSWORD });
  return browser;
}

/** Somebody who signed in with a first link and has no password yet. */
async function startingOwner(app: TestApp): Promise<Browser> {
  await app.accounts.create({ name: 'Rina', email: 'rina@example.com', packageName: 'Trial', isAdmin: false });
  const browser = createBrowser(app);
  await browser.post('/sign-in/link', { token: await app.accounts.issueLink('rina@example.com') });
  return browser;
}

const people = ['Ani Wijaya', 'Pak Joko', 'Citra', 'Dimas', 'Ibu Ratna', 'Eko'];
const numberOf = (nth: number) => `628123456781${nth}`;

/** What customers wrote. */
async function writeAnswers(app: TestApp, phone: string): Promise<void> {
  const answers = ['Terima kasih Kak, sudah sampai 🙏', 'Apakah masih ada stok warna biru?', 'Bisa kirim hari ini?'];
  for (const [nth, answer] of answers.entries()) await app.network.contact(numberOf(nth)).send(phone, answer);
}

/** Messages of every state; gives one that failed. */
async function writeMessages(app: TestApp, owner: Browser, shop: number, sandbox: number): Promise<number> {
  const send = (device_id: number, recipient: string, message: string) =>
    owner.post<Made>('/messages', { device_id, recipient, message });
  const lines = [
    'Halo Kak, pesanan 1042 sudah dikirim lewat JNE. Resi: CGK00123456789.',
    'Terima kasih sudah berbelanja di Toko Melati 🌼',
    'Pengingat: tagihan bulan ini Rp149.000 jatuh tempo tanggal 10.',
    'Kode verifikasi Anda 482913. Jangan berikan kepada siapa pun.',
  ];
  for (let nth = 0; nth < 24; nth += 1) {
    const person = app.network.contact(numberOf(nth % people.length), { name: people[nth % people.length] ?? '' });
    const { number } = person;
    await send(shop, number, lines[nth % lines.length] ?? '');
    await person.nextMessage();
    if (nth % 3 !== 0) person.read();
  }
  await send(sandbox, '628990000006', 'Halo dari WAGate!');
  await send(sandbox, '628990000001', 'Apakah stoknya masih ada?');
  const failed = await send(shop, '6281100000000', 'Nomor ini tidak ada di WhatsApp.');
  await send(sandbox, '628990000004', 'Halo, ini pesan pertama untuk nomor baru.');
  return failed.id;
}

/** Receipts are in, and nothing is under way whose times would be moved under it. */
async function untilSettled(owner: Browser): Promise<void> {
  for (let looks = 0; looks < 300; looks += 1) {
    const { body } = await owner.call('GET', '/messages?status=pending&limit=1');
    if (body.pagination?.total === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('messages are still pending');
}

/** Moves what was sent a moment ago into the days before, so that a chart has something to show. */
async function spreadOverDays(app: TestApp): Promise<void> {
  const place = placeOf(app.dataDir);
  const [first = {}] = await rows(place, 'select * from message limit 1');
  const columns = Object.keys(first).filter((name) => name.endsWith('_at') && name !== 'expires_at');
  const sets = columns.map((name) => `${name} = ${name} - ?`).join(', ');
  const found = await rows<{ id: number }>(place, 'select id from message order by id limit 20');
  for (const [at, { id }] of found.entries()) {
    const ms = Math.floor((20 - at) / 2.2) * DAY_MS;
    await rows(place, `update message set ${sets} where id = ?`, ...columns.map(() => ms), id);
  }
}
