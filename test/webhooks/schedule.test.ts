import { expect, test } from 'vitest';
import { nextAttempt } from '../../src/gateway/deliveries/schedule.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const HOUR = 3_600_000;
const least = (size: number) => Buffer.alloc(size);
const most = (size: number) => Buffer.alloc(size, 255);

test.each([
  ['is absent', null, 5_000],
  ['is shorter than the schedule', '1', 5_000],
  ['is a number of seconds', '7200', 2 * HOUR],
  ['is a date', 'Mon, 05 Jan 2026 13:30:00 GMT', 1.5 * HOUR],
  ['is a date that has passed', 'Mon, 05 Jan 2026 11:00:00 GMT', 5_000],
  ['asks for more than a day', '999999', 24 * HOUR],
  ['is nonsense', 'soon', 5_000],
  ['is negative', '-5', 5_000],
])('where Retry-After %s (%s), the first retry comes after %d ms', (_, header, wait) => {
  expect(nextAttempt(1, header, NOW, least)).toBe(NOW + wait);
});

test('up to a tenth of the wait is drawn, so that endpoints that fell together do not get everything back at once', () => {
  expect(nextAttempt(2, null, NOW, least)).toBe(NOW + 300_000);
  expect(nextAttempt(2, null, NOW, most)).toBeGreaterThan(NOW + 329_000);
  expect(nextAttempt(2, null, NOW, most)).toBeLessThanOrEqual(NOW + 330_000);
});

test('the tenth failure is the last, whatever the endpoint asks for', () => {
  expect(nextAttempt(9, null, NOW, least)).toBe(NOW + 24 * HOUR);
  expect(nextAttempt(10, '60', NOW, least)).toBeNull();
});
