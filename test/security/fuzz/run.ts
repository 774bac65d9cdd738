import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { createBrowser } from '../../panel/support/browser.ts';
import { startTestApp } from '../../support/app.ts';
import { readDescription } from './description.ts';
import { createDice, createRequests, type FuzzedRequest, type Pools } from './requests.ts';

export interface FuzzReport {
  readonly requests: number;
  readonly operations: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** What must not be: an answer of 5xx, one that breaks its description, none at all. */
  readonly breaches: readonly string[];
}

/** Beyond it a defect is known well enough. */
const MOST_BREACHES = 40;

/**
 * The whole app, its API and its dashboard, asked what openapi.json says that it can be asked, and what it says that it cannot. Each answer
 * is held against the description. Whatever the requests do to their own account (delete the device, sign out, suspend) is mended by the way.
 */
export async function fuzz(options: {
  readonly requests: number;
  readonly seed: number;
  readonly databaseUrl?: string | undefined;
  readonly onThousand?: (count: number) => void;
}): Promise<FuzzReport> {
  // Faster than any person: the limits by the minute are another test's matter.
  let ahead = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const app = await startTestApp({
    sandbox: true,
    hands: { clock },
    env: {
      EGRESS_ALLOW: '',
      SEND_WAIT_SECONDS: '0',
      RATE_LIMIT_PER_MINUTE: '1000000',
      RATE_LIMIT_PER_ADDRESS: '1000000',
      SIGN_UP: 'open',
      TRUSTED_PROXIES: '127.0.0.1',
      ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
    },
  });
  const description = readDescription();
  const dice = createDice(options.seed);
  const seen = new Map<string, Set<unknown>>();
  const note = (name: string, value: unknown) => {
    const pool = seen.get(name) ?? new Set();
    seen.set(name, pool.size > 200 ? new Set([value]) : pool.add(value));
  };
  const pools = (): Pools => ({
    recipient: ['628990000001', '628990000006', '0812-3456-7890', 628990000001],
    person: ['628990000001', '0812 3456 7890', '12345@lid'],
    confirm: ['628990000001'],
    message: ['Halo', '😀', 'a\nb'],
    media_url: ['http://127.0.0.1:1/a.png', 'https://10.0.0.1/', 'https://[::1]/', 'http://127.0.0.1:8080/x'],
    url: ['https://127.0.0.1/hook', 'http://10.0.0.1:8080/', 'https://[::1]/'],
    email: ['a@example.com', 'b@example.com', app.account.name],
    password: ['correct horse battery'],
    current_password: ['correct horse battery'],
    time_zone: ['Asia/Jakarta', 'Asia/Jayapura'],
    chats: ['628990000001', '628990000006', '120363041234567890@g.us'],
    sandbox: ['628990000001', '628990000006'],
    account_id: [app.account.id, 2, 3],
    since: ['2025-01-01', 0],
    until: ['2030-01-01', 4_102_444_800],
    ...Object.fromEntries([...seen].map(([name, values]) => [name, [...values]])),
  });
  const request = createRequests(description, dice, pools);
  const byStatus: Record<string, number> = {};
  const breaches: string[] = [];
  const asked = new Set<string>();
  let deviceId = app.deviceId;
  let token = app.token;
  let browser = createBrowser(app);
  let visits = 0;

  /** Ids that answers tell, by the noun of the address that they came from: the next requests name them. */
  function learn({ operation }: FuzzedRequest, text: string): void {
    const noun =
      operation.path
        .split('/')
        .filter((part) => part !== '' && !part.startsWith('{'))
        .at(-1) ?? '';
    for (const [, id] of text.matchAll(/"id":(\d+)/g)) {
      note(noun, Number(id));
      if (/devices$/.test(noun)) note('device_id', Number(id));
      if (/packages/.test(noun)) note('package_id', Number(id));
    }
  }

  async function mend(): Promise<void> {
    await app.store.accounts.update(app.account.id, { suspended_at: null });
    const device = await app.store.devices.find(app.account.id, deviceId);
    if (device === undefined || device.deleted_at !== null) {
      const [left] = await app.store.devices.list(app.account.id);
      const offer = {
        name: `Fuzz ${visits}`,
        message_quota: 1_000_000,
        device_limit: 10_000,
        days: 30,
        price_idr: 0,
        is_trial: 0 as const,
        rate_limit_per_minute: null,
      };
      if (left === undefined)
        await app.store.subscriptions.assign(app.account.id, await app.store.packages.create(offer), app.clock.now());
      deviceId = (left ?? (await app.devices.create(app.account.id, { name: 'Fuzz', kind: 'sandbox' }))).id;
    }
    await app.store.devices.update(app.account.id, deviceId, { suspended_at: null });
    note('devices', deviceId);
    note('device_id', deviceId);
    token = await app.devices.issueToken(app.account.id, deviceId);
    const owner = (await app.store.accounts.members(app.account.id)).find(({ role }) => role === 'owner');
    browser = createBrowser(app);
    await browser.call('POST', '/sign-in/link', {
      body: { token: await app.accounts.issueLink(owner?.email ?? '', 'operator') },
    });
  }

  async function ask(one: FuzzedRequest): Promise<void> {
    visits += 1;
    ahead += 600;
    const isPanel = one.operation.path.startsWith('/api/panel');
    const abort = new AbortController();
    let told: { status: number; type: string | null; text: string };
    try {
      const response = await fetch(`${app.url}${one.url}`, {
        method: one.operation.method,
        redirect: 'manual',
        signal: AbortSignal.any([abort.signal, AbortSignal.timeout(60_000)]),
        headers: {
          ...one.headers,
          'x-forwarded-for': `198.18.${(visits >> 8) & 255}.${visits & 255}`,
          ...(isPanel
            ? { cookie: browser.cookie, 'sec-fetch-site': 'same-origin' }
            : { authorization: `Bearer ${token}` }),
        },
        ...(one.body === undefined ? {} : { body: one.body }),
      });
      const type = response.headers.get('content-type');
      const text = type?.startsWith('text/event-stream') ? '' : await response.text();
      told = { status: response.status, type, text };
      abort.abort();
    } catch (error) {
      breaches.push(`no answer: ${shown(one)} (${String(error)})`);
      return;
    }
    asked.add(one.operation.id);
    byStatus[told.status] = (byStatus[told.status] ?? 0) + 1;
    const breach =
      told.status >= 500 ? `${told.status}` : description.breachOf(one.operation, told.status, told.type, told.text);
    if (breach !== undefined) breaches.push(`${breach}: ${shown(one)} → ${told.status} ${told.text.slice(0, 300)}`);
    if (told.status < 300) learn(one, told.text);
    if (told.status === 401 || /account_suspended|device_suspended/.test(told.text)) await mend();
  }

  try {
    await mend();
    for (let n = 0; n < options.requests && breaches.length < MOST_BREACHES; n++) {
      // Each operation in its turn, so that none is left out, whatever the number.
      const operation = description.operations[n % description.operations.length];
      if (operation !== undefined) await ask(request(operation));
      if ((n + 1) % 1_000 === 0) options.onThousand?.(n + 1);
    }
  } finally {
    await app.stop();
  }
  return { requests: visits, operations: asked.size, byStatus, breaches };
}

const shown = ({ operation, url, body }: FuzzedRequest) =>
  `${operation.method} ${url.slice(0, 200)} ${typeof body === 'string' ? body.slice(0, 400) : body === undefined ? '' : 'a form'}`;
