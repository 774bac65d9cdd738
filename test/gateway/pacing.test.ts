import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacing, PACING, type PacingNeeds, type PacingSettings } from '../../src/gateway/pacing.ts';

const ZONE = 'Asia/Jakarta';
/** 10:00 in Jakarta. */
const TEN = Date.parse('2026-03-02T03:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function pacing(settings: Partial<PacingSettings> = {}, given: Partial<PacingNeeds> = {}) {
  let now = TEN;
  const made = createPacing({
    settings: { ...PACING, gap_ms: [0, 0], recipient_gap_ms: 0, ...settings },
    timeZone: ZONE,
    linkedAt: TEN - 60 * DAY,
    history: { sent: [], newToday: 0 },
    lockedUntil: 0,
    clock: { now: () => now },
    random: (size) => Buffer.alloc(size, 0x80),
    ...given,
  });
  const ask = (recipient = '1', priority = 0, isNew = false) => made.judge({ recipient, priority, isNew });
  return {
    ...made,
    ask,
    send: (recipient = '1', isNew = false) => made.note({ recipient, isNew }),
    at: (ms: number) => {
      now = ms;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('pacing', () => {
  it('lets the first message go at once', () => {
    expect(pacing({ gap_ms: [1000, 4000] }).ask()).toEqual({ is: 'go' });
  });

  it('waits a drawn gap between two messages, for everybody', () => {
    const p = pacing({ gap_ms: [1000, 4000] });
    p.send('1');
    // 0x80808080 / 2^32 of the way from 1000 to 4000.
    const until = TEN + 1000 + (0x80808080 / 2 ** 32) * 3000;
    expect(p.ask('2')).toEqual({ is: 'wait', until, reason: 'gap', everybody: true });
    p.at(until);
    expect(p.ask('2')).toEqual({ is: 'go' });
  });

  it('lets high priority wait only the shortest gap', () => {
    const p = pacing({ gap_ms: [1000, 4000] });
    p.send('1');
    p.pass(1000);
    expect(p.ask('2', 1)).toEqual({ is: 'go' });
    expect(p.ask('2', 0)).toMatchObject({ is: 'wait' });
  });

  it('holds back one recipient and not the others', () => {
    const p = pacing({ recipient_gap_ms: 2000 });
    p.send('1');
    expect(p.ask('1')).toEqual({ is: 'wait', until: TEN + 2000, reason: 'recipient_gap', everybody: false });
    expect(p.ask('2')).toEqual({ is: 'go' });
  });

  it.each([
    ['per_minute', 60_000],
    ['per_hour', HOUR],
    ['per_day', DAY],
  ] as const)('keeps %s, whatever was sent in an earlier life of the process', (reason, window) => {
    const sent = [{ recipient: '1', at: TEN - 1000 }];
    const p = pacing({ [reason]: 3 }, { history: { sent, newToday: 0 } });
    p.send('2');
    expect(p.ask('3')).toEqual({ is: 'go' });
    p.send('3');
    expect(p.ask('4')).toEqual({ is: 'wait', until: TEN - 1000 + window, reason, everybody: true });
  });

  it('opens more conversations each day of the warm-up, and counts anew at midnight of the account', () => {
    const settings = { new_conversations_first_day: 1, new_conversations_per_day: 3, warm_up_days: 2 };
    const p = pacing(settings, { linkedAt: TEN });
    p.send('1', true);
    const midnight = Date.parse('2026-03-03T00:00:00+07:00');
    expect(p.ask('2', 0, true)).toEqual({ is: 'wait', until: midnight, reason: 'new_conversations', everybody: false });
    expect(p.ask('2', 0, false)).toEqual({ is: 'go' });
    p.at(TEN + DAY);
    expect(p.ask('2', 0, true)).toEqual({ is: 'go' });
    p.send('2', true);
    p.send('3', true);
    expect(p.ask('4', 0, true)).toMatchObject({ reason: 'new_conversations' });
    p.at(TEN + 2 * DAY);
    for (const one of ['4', '5', '6']) p.send(one, true);
    expect(p.ask('7', 0, true)).toMatchObject({ reason: 'new_conversations' });
  });

  it.each([
    ['in this life of the process', (p: ReturnType<typeof pacing>) => p.send('2'), []],
    ['before', () => undefined, [{ recipient: '2', at: TEN }]],
  ])('goes on as before when the clock is set back by hours, whatever was sent %s', (_when, second, then) => {
    const sent = [{ recipient: '1', at: TEN - 30_000 }, ...then];
    const p = pacing(
      { gap_ms: [1000, 1000], recipient_gap_ms: 2000, per_minute: 3 },
      { history: { sent, newToday: 0 } },
    );
    second(p);
    const back = TEN - 7 * HOUR;
    p.at(back);
    expect(p.ask('3')).toEqual({ is: 'wait', until: back + 1000, reason: 'gap', everybody: true });
    p.pass(1000);
    expect(p.ask('2')).toEqual({ is: 'wait', until: back + 2000, reason: 'recipient_gap', everybody: false });
    expect(p.ask('3')).toEqual({ is: 'go' });
    p.send('3');
    p.pass(1000);
    expect(p.ask('4')).toEqual({ is: 'wait', until: back + 30_000, reason: 'per_minute', everybody: true });
    p.at(back + 30_000);
    expect(p.ask('4')).toEqual({ is: 'go' });
  });

  it('takes a message that went out just as the clock was set back for the newest', () => {
    const p = pacing({ recipient_gap_ms: 2000 });
    p.send('1');
    p.at(TEN - HOUR);
    p.send('2');
    p.pass(2000);
    expect(p.ask('1')).toEqual({ is: 'go' });
  });

  it('counts a day again that the clock is set back into, with what was opened since', () => {
    const p = pacing({ new_conversations_per_day: 2 });
    p.at(TEN + DAY);
    for (const one of ['1', '2']) p.send(one, true);
    p.at(TEN);
    const midnight = Date.parse('2026-03-03T00:00:00+07:00');
    expect(p.ask('3', 0, true)).toEqual({ is: 'wait', until: midnight, reason: 'new_conversations', everybody: false });
    p.at(midnight);
    expect(p.ask('3', 0, true)).toEqual({ is: 'go' });
  });

  it('takes back a conversation that was not opened after all, on the day that it was counted on', () => {
    const p = pacing({ new_conversations_per_day: 1 });
    const takeBack = p.send('1', true);
    expect(p.ask('2', 0, true)).toMatchObject({ reason: 'new_conversations' });
    takeBack();
    expect(p.ask('2', 0, true)).toEqual({ is: 'go' });
    p.send('2', false)();
    const tooLate = p.send('2', true);
    p.at(TEN + DAY);
    p.send('3', true);
    tooLate();
    expect(p.ask('4', 0, true)).toMatchObject({ reason: 'new_conversations' });
  });

  it('keeps a time lock of WhatsApp even when pacing is off; answers flow on', () => {
    const p = pacing({ enabled: false });
    p.lock(TEN + HOUR);
    expect(p.ask('1', 1, true)).toEqual({ is: 'wait', until: TEN + HOUR, reason: 'time_lock', everybody: false });
    expect(p.ask('1', 0, false)).toEqual({ is: 'go' });
    p.at(TEN + HOUR);
    expect(p.ask('1', 0, true)).toEqual({ is: 'go' });
  });

  it.each([
    ['22:00', '06:00', '21:59', undefined],
    ['22:00', '06:00', '22:00', '2026-03-03T06:00:00+07:00'],
    ['22:00', '06:00', '05:59', '2026-03-02T06:00:00+07:00'],
    ['12:00', '13:30', '12:00', '2026-03-02T13:30:00+07:00'],
    ['12:00', '13:30', '13:30', undefined],
    ['12:00', '12:00', '12:00', undefined],
  ])('is quiet from %s to %s at %s until %s, but for high priority', (from, to, time, until) => {
    const p = pacing({ quiet_hours: { from, to } });
    p.at(Date.parse(`2026-03-02T${time}:00+07:00`));
    expect(p.ask()).toEqual(
      until === undefined
        ? { is: 'go' }
        : { is: 'wait', until: Date.parse(until), reason: 'quiet_hours', everybody: true },
    );
    expect(p.ask('1', 1)).toEqual({ is: 'go' });
  });

  it.each([
    // The clocks go forward on the 29th of March and back on the 25th of October, both in the night.
    ['2026-03-28T23:00:00+01:00', '2026-03-29T07:00:00+02:00'],
    ['2026-03-29T06:30:00+02:00', '2026-03-29T07:00:00+02:00'],
    ['2026-03-29T07:30:00+02:00', undefined],
    ['2026-10-24T23:00:00+02:00', '2026-10-25T07:00:00+01:00'],
    ['2026-10-25T06:30:00+01:00', '2026-10-25T07:00:00+01:00'],
    ['2026-10-25T22:30:00+01:00', '2026-10-26T07:00:00+01:00'],
  ])('is quiet by the clocks of the account, at %s until %s', (now, until) => {
    const p = pacing({ quiet_hours: { from: '22:00', to: '07:00' } }, { timeZone: 'Europe/Berlin' });
    p.at(Date.parse(now));
    expect(p.ask()).toMatchObject(until === undefined ? { is: 'go' } : { is: 'wait', until: Date.parse(until) });
  });

  it('never lets more out than a cap in any window, and always names a time at which it goes on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom('1', '2', '3'), fc.boolean()), {
          maxLength: 200,
        }),
        (steps) => {
          const p = pacing({ per_minute: 5, per_hour: 20, recipient_gap_ms: 500, new_conversations_per_day: 10 });
          const out: number[] = [];
          let now = TEN;
          for (const [wait, recipient, isNew] of steps) {
            now += wait;
            p.at(now);
            const verdict = p.ask(recipient, 0, isNew);
            if (verdict.is === 'wait') expect(verdict.until).toBeGreaterThan(now);
            else {
              p.send(recipient, isNew);
              out.push(now);
            }
          }
          for (const at of out) {
            expect(out.filter((other) => other > at - 60_000 && other <= at).length).toBeLessThanOrEqual(5);
            expect(out.filter((other) => other > at - HOUR && other <= at).length).toBeLessThanOrEqual(20);
          }
        },
      ),
    );
  });
});
