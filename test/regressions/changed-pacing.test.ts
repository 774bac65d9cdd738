import { expect, inject, onTestFinished, test } from 'vitest';
import { createPace } from '../../src/gateway/station/pace.ts';
import { createTenant } from '../store/tenant.ts';
import { PHONE, startTestApp, type TestApp } from '../support/app.ts';
import { overEachDatabase, postgresPlace } from '../support/databases.ts';
import { rows } from '../support/rows.ts';

// The pacing of a device was made once: the account's new time zone, another number behind the device, and (on several nodes) settings whose
// ring was lost did not reach it before the next start.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** In Jakarta, from two hours before now until two hours after. */
const quietNow = () => {
  const at = (ms: number) => new Date(Date.now() + 7 * HOUR + ms).toISOString().slice(11, 16);
  return { from: at(-2 * HOUR), to: at(2 * HOUR) };
};

async function quietApp(env: Record<string, string> = {}) {
  const app = await startTestApp({
    pacing: { enabled: true, gap_ms: [0, 0], recipient_gap_ms: 0, quiet_hours: quietNow() },
    env,
  });
  onTestFinished(() => app.stop());
  await app.store.accounts.update(app.account.id, { time_zone: 'Asia/Jakarta' });
  return app;
}

async function waitsForMorning(app: TestApp, recipient: string): Promise<void> {
  const { status } = await app.call('POST', '/send-message', {
    recipient,
    message: 'pagi',
    show_typing: false,
    async: true,
  });
  expect(status).toBe(202);
  await expect.poll(() => app.fleet.hold(app.deviceId)?.reason).toBe('quiet_hours');
}

test('quiet hours are those of the zone that the account has just chosen', async () => {
  const app = await quietApp();
  const contact = app.network.contact('6281300000001');
  await waitsForMorning(app, contact.number);
  await app.store.accounts.update(app.account.id, { time_zone: 'America/Bogota' });
  // As the dashboard's service of members does.
  app.events.emit('people.changed', { accountId: app.account.id, userId: null });
  expect((await contact.nextMessage()).text).toBe('pagi');
});

test('a device that is linked anew is as new as its link: it warms up, and its phone was seen', async () => {
  const cold = { new_conversations_first_day: 0, new_conversations_per_day: 10, warm_up_days: 10 };
  const app = await startTestApp({ pacing: { enabled: true, gap_ms: [0, 0], recipient_gap_ms: 0, ...cold } });
  onTestFinished(() => app.stop());
  app.network.phone(PHONE).unlink();
  await app.until(() => app.fleet.state(app.deviceId).is === 'down', 'the device to be unlinked');
  await app.fleet.drop(app.deviceId);
  const long = { linked_at: Date.now() - 60 * DAY, phone_seen_at: Date.now() - 20 * DAY };
  const device = await app.store.devices.update(app.account.id, app.deviceId, long);
  if (device === undefined) throw new Error('a device');

  const station = await app.fleet.take(device);
  expect(station.health().notices.map(({ code }) => code)).toEqual(['phone_offline']);
  const notices: string[] = [];
  const shown = new Promise<string>((resolve) => {
    app.events.on('device.changed', () => {
      if (station.state.is === 'pairing') return resolve(station.state.qr);
      notices.push(...station.health().notices.map(({ code }) => code));
    });
  });
  station.startPairing();
  const qr = await shown;
  notices.length = 0;
  await app.network.phone(PHONE).scan(qr);
  await app.untilConnected(app.deviceId);
  // Not only once WhatsApp has told of the phone.
  expect(notices).toEqual([]);
  expect(station.health()).toMatchObject({ status: 'ok', notices: [] });
  const contact = app.network.contact('6281300000001');
  const body = { recipient: contact.number, message: 'halo', show_typing: false, async: true };
  const { data } = (await app.call('POST', '/send-message', body)).body;
  const row = async () => (await app.call('GET', `/messages/${data.id}`)).body.data;
  await expect.poll(row).toMatchObject({ waiting_for: 'pacing', waiting_reason: 'new_conversations' });
});

const server = inject('postgresUrl');
test.skipIf(server === undefined)(
  'settings that another node has changed arrive although their ring was lost',
  async () => {
    const { url = '' } = await postgresPlace(server ?? '');
    const app = await quietApp({ DATABASE_URL: url });
    const contact = app.network.contact('6281300000001');
    await waitsForMorning(app, contact.number);
    const settings = JSON.stringify({ pacing: { enabled: false } });
    await app.store.devices.update(app.account.id, app.deviceId, { settings });
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query ~ '^(listen |select pg_notify)'`;
    expect(await rows(url, cut)).toHaveLength(1);
    expect((await contact.nextMessage()).text).toBe('pagi');
  },
);

overEachDatabase('the pacing', ({ open }) => {
  async function paced() {
    const store = await open();
    const { account, owner } = await createTenant(store);
    const now = Date.parse('2026-03-02T15:00:00Z');
    const pacing = {
      quiet_hours: { from: '21:00', to: '06:00' },
      new_conversations_first_day: 0,
      new_conversations_per_day: 10,
      warm_up_days: 10,
    };
    await store.devices.update(account.id, owner.device_id, { settings: JSON.stringify({ pacing }) });
    await store.devices.updateAs(owner, { linked_at: now - 60 * DAY });
    const [device] = await store.devices.list(account.id);
    if (device === undefined) throw new Error('a device');
    const random = (size: number) => Buffer.alloc(size);
    const pace = createPace({ device, owner, store, clock: { now: () => now }, random });
    const judge = async () => (await pace.pacing()).judge({ recipient: '1', priority: 0, isNew: true });
    return { store, account, now, pace, judge };
  }

  test('goes by the new zone, and stays what it was while that is the same', async () => {
    const { store, account, pace, judge } = await paced();
    const till = Date.parse('2026-03-03T06:00:00+07:00');
    expect(await judge()).toEqual({ is: 'wait', until: till, reason: 'quiet_hours', everybody: true });
    const before = await pace.pacing();
    await pace.readZone();
    // The same zone: what was drawn and counted stays.
    expect(await pace.pacing()).toBe(before);
    await store.accounts.update(account.id, { time_zone: 'Europe/London' });
    await pace.readZone();
    expect(await judge()).toEqual({ is: 'go' });
  });

  test('is that of a cold number once the device is linked anew', async () => {
    const { store, account, now, pace, judge } = await paced();
    await store.accounts.update(account.id, { time_zone: 'Europe/London' });
    expect(await judge()).toEqual({ is: 'go' });
    pace.linked(now);
    expect(await judge()).toMatchObject({ is: 'wait', reason: 'new_conversations' });
  });
});
