import { describe, expect, test } from 'vitest';
import type { FailpointName } from '../../src/base/failpoints.ts';
import { onPostgres } from '../support/own-database.ts';
import { NOTHING_WRONG } from './audit.ts';
import { testSeed } from './seed.ts';
import { dieAt, killWhileSending, loseAcks, type SendingReport, watchTheWire } from './sending.ts';

const seed = testSeed();

/** The figures of design sending.md; the seed and what was found stand in the message. */
function expectNothingWrong(report: SendingReport): void {
  const { findings, quotaUsed, quotaCounted, reusedIds, reusedSteps } = report;
  const said = `WAGATE_TEST_SEED=${report.seed}\n${findings.slice(0, 20).join('\n')}`;
  expect(report, said).toMatchObject(NOTHING_WRONG);
  expect({ reusedIds, reusedSteps }, said).toEqual({ reusedIds: 0, reusedSteps: 0 });
  expect(quotaUsed, said).toBe(quotaCounted);
}

/** On PostgreSQL each test of `npm test` comes a second time: a third of the kills there. */
const share = onPostgres() ? 0.3 : 1;

describe('a gateway that is killed while it sends', () => {
  test(`loses, doubles and garbles no text in ${100 * share} kills`, { timeout: 900_000 }, async () => {
    const report = await killWhileSending({ seed, kills: 100 * share, messages: 1_500 * share });
    expectNothingWrong(report);
    expect(report.kills).toBe(100 * share);
    // Else it was only killed while it slept.
    expect(report.killsOnTheWire).toBeGreaterThan(20 * share);
    expect(report.accepted).toBeGreaterThan(400 * share);
  });

  test('loses, doubles and garbles no group message in 20 kills', { timeout: 200_000 }, async () => {
    const report = await killWhileSending({ seed, kills: 20, messages: 300, to: 'groups' });
    expectNothingWrong(report);
    expect(report.killsOnTheWire).toBeGreaterThan(4);
  });

  const failpoints = {
    accepted: 'with the message accepted and nobody told',
    prepared: 'with the bytes built and the row queued',
    marked: 'with the row marked and nothing on the wire',
    keys_written: 'with the ratchet stored and nothing on the wire',
    relayed: 'with the stanza written and no acknowledgement',
    acknowledged: 'with the acknowledgement come and the row not marked',
    sent: 'with the row marked as sent and nobody told',
  } as const satisfies Partial<Record<FailpointName, string>>;
  for (const [name, when] of Object.entries(failpoints))
    test(`sends everything once after dying ${when}`, { timeout: 300_000 }, async () => {
      const report = await dieAt(name as FailpointName, { seed });
      expectNothingWrong(report);
      expect(report.kills).toBe(1);
      expect(report.accepted).toBeGreaterThan(5);
    });
});

test('a network that loses acks and cuts the line gets every message once, under one id', {
  timeout: 200_000,
}, async () => {
  const report = await loseAcks({ seed });
  expectNothingWrong(report);
  expect(report.accepted).toBe(100);
  expect(report.copies).toBeGreaterThan(0);
});

test('a ratchet step is in the database before its frame is on the wire', { timeout: 300_000 }, async () => {
  const { behind, checked, findings } = await watchTheWire({ seed });
  expect(behind, findings.join('\n')).toBe(0);
  expect(checked).toBeGreaterThanOrEqual(60);
});
