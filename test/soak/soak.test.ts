import { expect, test } from 'vitest';
import { type Look, soak } from './soak.ts';

/** The short form of `npm run test:soak`: what leaks with every message, request, stream or reconnection shows in some hundreds, too. */
test('some hundreds of messages through webhooks, streams and cut lines leave nothing behind', {
  timeout: 400_000,
}, async () => {
  const report = await soak({ devices: 6, messages: 800, seconds: 0, warmUp: 300, lanes: 6, segment: 100 });
  const { books, figures, judged } = report;
  expect(books).toMatchObject({ sent: figures.posts - books.failed, received: figures.echoes, unsent: 0 });
  expect(figures.cuts).toBeGreaterThan(0);
  expect(books.told).toBeGreaterThan(0);
  expect(report.webhooks).toBeGreaterThanOrEqual(books.told);
  expect({ rejections: report.rejections, warnings: report.warnings }).toEqual({ rejections: [], warnings: [] });
  expect(report.counters).toMatchObject({ undecryptable: 0, reusedIds: 0, reusedRatchetSteps: 0 });

  const half = Math.ceil(judged.length / 2);
  const most = (looks: readonly Look[], value: (look: Look) => number) => Math.max(...looks.map(value));
  const grown = (value: (look: Look) => number) => most(judged.slice(half), value) - most(judged.slice(0, half), value);
  expect(judged.length).toBeGreaterThanOrEqual(4);
  // Timers come and go with what waits; two for each device are what a connection has. Connections that are kept alive (to webhooks, to
  // the database) are as many as were busy at once. A leak would be hundreds.
  const comingAndGoing: Readonly<Record<string, number>> = { Timeout: 12, TCPSocketWrap: 4, PipeWrap: 4 };
  for (const kind of Object.keys(judged[0]?.handles ?? {}))
    expect(
      grown(({ handles }) => handles[kind] ?? 0),
      kind,
    ).toBeLessThanOrEqual(comingAndGoing[kind] ?? 0);
  expect(grown(({ listeners }) => listeners)).toBeLessThanOrEqual(0);
  // The books of the simulated people are still filling in so short a time; what is kept of each message forever would be more.
  expect((judged.at(-1)?.heap ?? 0) - (judged[0]?.heap ?? 0)).toBeLessThan(20);
});
