import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startOfDay, systemClock, timeOfDay } from '../../src/base/clock.ts';

const DAY = 86_400_000;

describe('a wait that is longer than a timer of Node can be', () => {
  afterEach(() => vi.useRealTimers());

  it('does not end at once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const over: string[] = [];
    void systemClock.sleep(60 * DAY).then(() => over.push('sleep'));
    systemClock.after(60 * DAY, () => over.push('after'));
    await vi.advanceTimersByTimeAsync(60 * DAY - 1);
    expect(over).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(over.sort()).toEqual(['after', 'sleep']);
  });

  it('is not over when Node has turned a few times', async () => {
    const leaving = new AbortController();
    let over = false;
    const slept = systemClock.sleep(2 ** 31, leaving.signal).then(() => {
      over = true;
    });
    await systemClock.sleep(1);
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect(over).toBe(false);
    leaving.abort(new Error('left'));
    await expect(slept).rejects.toThrow('left');
  });

  it('can be given up in its second piece', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const work = vi.fn();
    const leaving = new AbortController();
    const slept = systemClock.sleep(60 * DAY, leaving.signal);
    const cancel = systemClock.after(60 * DAY, work);
    await vi.advanceTimersByTimeAsync(30 * DAY);
    leaving.abort(new Error('left'));
    await expect(slept).rejects.toThrow('left');
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60 * DAY);
    expect(work).not.toHaveBeenCalled();
  });
});

describe('the day of an instant', () => {
  it.each([
    // The clocks change at two or three in the night.
    ['Europe/Berlin', '2026-03-29T12:00:00+02:00', '2026-03-29T00:00:00+01:00'],
    ['Europe/Berlin', '2026-03-29T01:30:00+01:00', '2026-03-29T00:00:00+01:00'],
    ['Europe/Berlin', '2026-10-25T12:00:00+01:00', '2026-10-25T00:00:00+02:00'],
    ['Europe/Berlin', '2026-10-26T12:00:00+01:00', '2026-10-26T00:00:00+01:00'],
    ['America/New_York', '2026-11-01T23:59:59.999-05:00', '2026-11-01T00:00:00-04:00'],
    // At midnight: there is no 00:00, or there are two.
    ['Africa/Cairo', '2026-04-24T12:00:00+03:00', '2026-04-24T01:00:00+03:00'],
    ['America/Havana', '2026-11-01T12:00:00-05:00', '2026-11-01T00:00:00-04:00'],
    ['America/Havana', '2026-11-01T00:30:00-04:00', '2026-11-01T00:00:00-04:00'],
    // To 23:00 of the day before.
    ['Africa/Cairo', '2026-10-29T23:30:00+02:00', '2026-10-29T00:00:00+03:00'],
    ['Africa/Cairo', '2026-10-30T12:00:00+02:00', '2026-10-30T00:00:00+02:00'],
    // Never.
    ['Asia/Jakarta', '2026-03-02T10:00:00.123+07:00', '2026-03-02T00:00:00+07:00'],
    ['Asia/Kathmandu', '2026-03-02T00:00:00+05:45', '2026-03-02T00:00:00+05:45'],
    ['UTC', '2026-03-02T00:00:00Z', '2026-03-02T00:00:00Z'],
  ])('began in %s, at %s, at %s', (zone, at, began) => {
    expect(new Date(startOfDay(zone, Date.parse(at))).toISOString()).toBe(new Date(began).toISOString());
  });
});

describe('a time of the day', () => {
  it.each([
    ['Asia/Jakarta', '2026-03-02T00:00:00+07:00', '06:30', '2026-03-02T06:30:00+07:00'],
    ['Europe/Berlin', '2026-03-29T00:00:00+01:00', '01:59', '2026-03-29T01:59:00+01:00'],
    ['Europe/Berlin', '2026-03-29T00:00:00+01:00', '07:00', '2026-03-29T07:00:00+02:00'],
    ['Europe/Berlin', '2026-10-25T00:00:00+02:00', '07:00', '2026-10-25T07:00:00+01:00'],
    // It is left out.
    ['Europe/Berlin', '2026-03-29T00:00:00+01:00', '02:30', '2026-03-29T03:30:00+02:00'],
    ['Africa/Cairo', '2026-04-24T01:00:00+03:00', '00:30', '2026-04-24T01:30:00+03:00'],
    ['Africa/Cairo', '2026-04-24T01:00:00+03:00', '08:00', '2026-04-24T08:00:00+03:00'],
    // It comes twice.
    ['Europe/Berlin', '2026-10-25T00:00:00+02:00', '02:30', '2026-10-25T02:30:00+02:00'],
  ])('in %s, on the day that begins at %s, %s is %s', (zone, start, time, at) => {
    expect(new Date(timeOfDay(zone, Date.parse(start), time)).toISOString()).toBe(new Date(at).toISOString());
  });
});
