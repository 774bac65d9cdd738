import { describe, expect, it } from 'vitest';
import { createHealth } from '../../src/gateway/health.ts';
import type { DeviceState } from '../../src/gateway/supervisor.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-03-02T03:00:00Z');
const connected: DeviceState = { is: 'connected', phone: '628111', since: START, caughtUp: true };

function health(phoneSeenAt: number | null = START, kind: 'whatsapp' | 'sandbox' = 'whatsapp') {
  let now = START;
  const made = createHealth({ phone_seen_at: phoneSeenAt, linked_at: START, kind }, { now: () => now });
  return {
    ...made,
    at: (ms: number) => {
      now = ms;
    },
    codes: (state: DeviceState = connected, lockedUntil = 0) =>
      made.look({ state, lockedUntil }).notices.map(({ code }) => code),
  };
}

describe('the health of a device', () => {
  it('is well when nothing is wrong', () => {
    expect(health().look({ state: connected, lockedUntil: 0 })).toMatchObject({ status: 'ok', notices: [], stalls: 0 });
  });

  it('warns from the tenth day on which the phone was not seen, and names the fourteenth', () => {
    const h = health();
    h.at(START + 10 * DAY - 1);
    expect(h.codes()).toEqual([]);
    h.at(START + 10 * DAY);
    const [notice] = h.look({ state: connected, lockedUntil: 0 }).notices;
    expect(notice).toMatchObject({ code: 'phone_offline', level: 'warning', until: START + 14 * DAY });
    expect(notice?.message).toContain('10 days');
    h.phoneSeen(START + 10 * DAY);
    expect(h.codes()).toEqual([]);
  });

  it('says nothing of the phone of a sandbox device', () => {
    const h = health(START, 'sandbox');
    h.at(START + 20 * DAY);
    expect(h.codes()).toEqual([]);
  });

  it('tells a time lock while it lasts, and a cap for a day', () => {
    const h = health();
    expect(h.codes(connected, START + 1)).toEqual(['time_lock']);
    h.capped();
    expect(h.codes()).toEqual(['capping']);
    h.at(START + DAY);
    expect(h.codes(connected, START + 1)).toEqual([]);
  });

  it('tells a stall for ten minutes and counts it for an hour', () => {
    const h = health();
    h.stalled();
    expect(h.codes()).toEqual(['stalled']);
    h.at(START + 10 * 60_000);
    expect(h.look({ state: connected, lockedUntil: 0 })).toMatchObject({ notices: [], stalls: 1 });
    h.at(START + 60 * 60_000);
    expect(h.look({ state: connected, lockedUntil: 0 }).stalls).toBe(0);
  });

  it('is critical while the store fails, until an acknowledgement shows that it works', () => {
    const h = health();
    h.storeFailed();
    expect(h.look({ state: connected, lockedUntil: 0 }).status).toBe('critical');
    expect(h.acknowledged(100)).toBe(true);
    expect(h.codes()).toEqual([]);
    expect(h.acknowledged(100)).toBe(false);
  });

  it('is critical with a client that is too old, and with a device that needs a person', () => {
    expect(health().codes({ is: 'waiting', until: START + 1, reason: 'outdated', because: 'too old' })).toEqual([
      'outdated',
    ]);
    expect(
      health().look({ state: { is: 'down', reason: 'banned', because: 'Banned.' }, lockedUntil: 0 }),
    ).toMatchObject({
      status: 'critical',
      notices: [{ code: 'down', message: 'Banned.' }],
    });
  });

  it('knows how fast WhatsApp acknowledges', () => {
    const h = health();
    for (let ms = 1; ms <= 200; ms++) h.acknowledged(ms);
    expect(h.look({ state: connected, lockedUntil: 0 }).ackLatencyMs).toEqual({ p50: 151, p95: 196 });
    for (let n = 0; n < 100; n++) h.acknowledged(6_000);
    expect(h.codes()).toEqual(['slow_acks']);
  });
});
