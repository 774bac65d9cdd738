import { describe, expect, test } from 'vitest';
import { inZone, startOfDay } from '../../dashboard/src/parts/clocks.ts';
import { dayIn, startOfDay as startOnServer } from '../../src/base/clock.ts';

// Days and times that people fill in, as instants: also where the clocks change.

describe('a time in a zone', () => {
  test.each([
    ['2025-12-10T10:00', 'Asia/Jakarta', '2025-12-10T03:00:00Z', 'where they never change'],
    ['2025-12-10T10:00:30', 'Asia/Makassar', '2025-12-10T02:00:30Z', 'with seconds'],
    ['2025-10-05T00:00', 'Australia/Sydney', '2025-10-04T14:00:00Z', 'before they are set forward at 2'],
    ['2025-10-05T02:30', 'Australia/Sydney', '2025-10-04T16:30:00Z', 'left out: as much later, 03:30'],
    ['2025-10-05T03:00', 'Australia/Sydney', '2025-10-04T16:00:00Z', 'just after'],
    ['2025-04-06T00:00', 'Australia/Sydney', '2025-04-05T13:00:00Z', 'before they are set back at 3'],
    ['2025-04-06T02:30', 'Australia/Sydney', '2025-04-05T15:30:00Z', 'twice: the first'],
    ['2025-04-06T03:00', 'Australia/Sydney', '2025-04-05T17:00:00Z', 'just after'],
    ['2025-03-09T00:00', 'America/New_York', '2025-03-09T05:00:00Z', 'west of Greenwich, forward'],
    ['2025-11-02T01:30', 'America/New_York', '2025-11-02T05:30:00Z', 'west of Greenwich, back'],
    ['2018-11-04T00:00', 'America/Sao_Paulo', '2018-11-04T03:00:00Z', 'a day that begins at 01:00'],
    ['2018-02-18T00:00', 'America/Sao_Paulo', '2018-02-18T03:00:00Z', 'a day before which 23:00 came twice'],
    ['2025-11-02T00:30', 'America/Havana', '2025-11-02T04:30:00Z', 'an hour after midnight that comes twice'],
    ['2025-04-06T02:00', 'Australia/Lord_Howe', '2025-04-05T15:30:00Z', 'set back by half an hour'],
  ])('%s in %s is %s: %s', (shown, zone, at) => {
    expect(inZone(shown, zone)).toEqual(new Date(at));
  });

  test.each(['Australia/Sydney', 'Europe/London', 'America/Sao_Paulo', 'Africa/Cairo', 'Asia/Jakarta', 'UTC'])(
    'every day of 2018 and of 2025 begins in %s when it does on the server',
    (zone) => {
      for (const year of [2018, 2025])
        for (let noon = Date.UTC(year, 0, 1, 12); noon < Date.UTC(year + 1, 0, 1); noon += 86_400_000) {
          const day = dayIn(zone, noon);
          expect([day, startOfDay(day, zone).getTime()]).toEqual([day, startOnServer(zone, noon)]);
        }
    },
  );
});
