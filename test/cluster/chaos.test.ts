import { describe, expect, test } from 'vitest';
import { NOTHING_WRONG } from '../crash/audit.ts';
import { testSeed } from '../crash/seed.ts';
import { binaries } from '../support/postgres.ts';
import { chaos } from './chaos.ts';

const bin = binaries();
const seed = testSeed();

describe.skipIf(bin === undefined)('three workers and two api nodes on one PostgreSQL', () => {
  test('lose, double and mix up nothing when one dies, one freezes and wakes, one api node dies, and the database crashes', {
    timeout: 600_000,
  }, async () => {
    const report = await chaos({ bin: bin ?? '', seed, devices: 9, messages: 240, perSecond: 10 });
    const said = `WAGATE_TEST_SEED=${report.seed}\n${report.findings.slice(0, 20).join('\n')}`;
    expect(report, said).toMatchObject(NOTHING_WRONG);
    const { staleWrites, twoLines, reusedIds, reusedSteps } = report;
    expect({ staleWrites, twoLines, reusedIds, reusedSteps }, said).toEqual({
      staleWrites: 0,
      twoLines: 0,
      reusedIds: 0,
      reusedSteps: 0,
    });
    // Else nobody took anything over.
    expect(report.takenOver).toBeGreaterThanOrEqual(6);
    expect(report.accepted).toBeGreaterThan(150);
  });
});
