import { expect, test } from 'vitest';
import { exceedQuota, repeatKeyAfterKill, repeatKeys, writeBothWays } from './pressure.ts';
import { testSeed } from './seed.ts';

const seed = testSeed();
const said = `WAGATE_TEST_SEED=${seed}`;

test('one chat is written both ways at once on a slow store, and everything can be read', {
  timeout: 200_000,
}, async () => {
  expect(await writeBothWays({ seed }), said).toMatchObject({
    out: 200,
    in: 200,
    outUnreadable: 0,
    inRefused: 0,
    outMissing: 0,
    inMissing: 0,
  });
});

test('50 idempotency keys that are posted 200 times each, in parallel, make 50 messages', {
  timeout: 200_000,
}, async () => {
  expect(await repeatKeys({ seed }), said).toMatchObject({
    posts: 10_000,
    messages: 50,
    seenOnce: 50,
    disagreeing: 0,
    otherAnswers: 0,
  });
});

test('a repeat after a kill is answered from the message that was accepted', { timeout: 200_000 }, async () => {
  const { findings, ...report } = await repeatKeyAfterKill({ seed });
  expect(report, `${said}\n${findings.join('\n')}`).toMatchObject({ kills: 5, answered: 5, doubled: 0 });
});

test('1,000 parallel sends on a quota of 100 are exactly 100 messages', { timeout: 200_000 }, async () => {
  expect(await exceedQuota({ seed }), said).toMatchObject({
    accepted: 100,
    exhausted: 900,
    otherAnswers: 0,
    used: 100,
    counted: 100,
    seen: 100,
  });
});
