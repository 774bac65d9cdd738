import { describe, expect, test } from 'vitest';
import { testSeed } from '../crash/seed.ts';
import { type StormReport, storm } from './storming.ts';

const seed = testSeed();

function expectNothingLost(report: StormReport): void {
  const said = `WAGATE_TEST_SEED=${report.seed}\n${report.findings.slice(0, 20).join('\n')}`;
  expect(report, said).toMatchObject({
    receiptedButAbsent: 0,
    storedTwice: 0,
    undelivered: 0,
    unstableIds: 0,
    badSignatures: 0,
    singleSignatures: 0,
    followedRedirects: 0,
  });
}

describe('a gateway that is killed while people write and webhooks are delivered', () => {
  test('tells a customer whose server fails, hangs and redirects all of 1,000 messages, over 5 kills', {
    timeout: 400_000,
  }, async () => {
    const report = await storm({ seed, events: 1_000, kills: 5 });
    expectNothingLost(report);
    expect(report).toMatchObject({ sent: 1_000, kills: 5 });
    expect(report.signedTwice).toBeGreaterThan(0);
    expect(report.refused).toBeGreaterThan(200);
    expect(report.hung).toBeGreaterThan(60);
    expect(report.redirected).toBeGreaterThan(5);
  });

  test('has in its inbox, once, all that it receipted, over 30 kills', { timeout: 400_000 }, async () => {
    const report = await storm({ seed: seed + 1, events: 300, kills: 30, failing: 0, hanging: 0, redirecting: 0 });
    expectNothingLost(report);
    expect(report).toMatchObject({ sent: 300, kills: 30 });
    expect(report.killsWithWork).toBeGreaterThan(5);
    expect(report.signedTwice).toBeGreaterThan(50);
  });
});
