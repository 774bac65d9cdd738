import { describe, expect, test } from 'vitest';
import { dieWhileReceiving, killWhileReceiving, type ReceivingReport } from './receiving.ts';
import { testSeed } from './seed.ts';

const seed = testSeed();

function expectNothingWrong(report: ReceivingReport): void {
  const said = `WAGATE_TEST_SEED=${report.seed}\n${report.findings.slice(0, 20).join('\n')}`;
  expect(report, said).toMatchObject({ receiptedButAbsent: 0, neverReceipted: 0, storedTwice: 0, otherText: 0 });
  expect(report.receipted, said).toBe(report.sent);
}

describe('a gateway that is killed while it receives', () => {
  test('has stored all that it receipted, once, in 30 kills', { timeout: 900_000 }, async () => {
    const report = await killWhileReceiving({ seed, kills: 30, messages: 300 });
    expectNothingWrong(report);
    expect(report).toMatchObject({ kills: 30, sent: 300, retriesAsked: 0 });
    expect(report.killsWithWork).toBeGreaterThan(4);
  });

  test('has what it decrypted when it dies before the receipt', { timeout: 300_000 }, async () => {
    const report = await dieWhileReceiving('keys_written', { seed, hit: 3 });
    expectNothingWrong(report);
    expect(report).toMatchObject({ kills: 1, sent: 8, retriesAsked: 0 });
  });
});
