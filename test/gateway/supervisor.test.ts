import { expect, test } from 'vitest';
import { withEnding } from '../../src/gateway/supervisor.ts';

test('of connections that ended, those of the last ten minutes are remembered, however long a device can not connect', () => {
  let endings: ReturnType<typeof withEnding> = [];
  const counts: number[] = [];
  for (let minute = 0; minute < 1_000; minute++) {
    endings = withEnding(endings, { code: 503, at: minute * 60_000 });
    counts.push(endings.length);
  }
  expect(counts.slice(0, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]);
  expect(Math.max(...counts)).toBe(10);
});
