import { expect, test } from 'vitest';
import { killWhilePairing } from './pairing.ts';
import { testSeed } from './seed.ts';

test('a gateway that is killed while it pairs is paired afterwards, or pairs again', { timeout: 300_000 }, async () => {
  const seed = testSeed();
  const { findings, ...report } = await killWhilePairing({ seed, kills: 10 });
  expect(report, `WAGATE_TEST_SEED=${seed}\n${findings.join('\n')}`).toMatchObject({
    kills: 10,
    unreadable: 0,
    stuck: 0,
  });
  expect(report.linkedAlready + report.scannedAgain).toBe(10);
});
