import { describe, expect, it } from 'vitest';
import { closeCodes, judgeDisconnect } from '../../src/whatsapp/index.ts';

const once = { pairing: false, recent: 1 };

describe('what a close code asks for', () => {
  it.each([
    [401, 'stop', 'logged_out'],
    [402, 'wait', 'banned_for_now'],
    [403, 'stop', 'locked'],
    [405, 'wait', 'outdated'],
    [406, 'stop', 'banned'],
    [408, 'back_off', 'connection_lost'],
    [409, 'stop', 'bad_user_agent'],
    [411, 'stop', 'mismatch'],
    [428, 'back_off', 'connection_lost'],
    [440, 'wait', 'replaced'],
    [500, 'back_off', 'unknown_error'],
    [501, 'back_off', 'connection_lost'],
    [503, 'back_off', 'unavailable'],
    [515, 'reconnect_now', 'restart'],
    [closeCodes.unreadable, 'stop', 'unreadable'],
    [closeCodes.passkeyRequired, 'stop', 'passkey_required'],
  ])('%i: %s, %s', (code, action, reason) => {
    expect(judgeDisconnect(code, once)).toMatchObject({
      action,
      reason,
      sentence: expect.stringMatching(/^[A-Z].*\.$/),
    });
  });

  it('is to wait for a phone no longer when the QR codes are used up', () => {
    expect(judgeDisconnect(408, { pairing: true, recent: 1 })).toMatchObject({ action: 'stop', reason: 'qr_expired' });
  });

  it('is to give way to who replaces it the third time in ten minutes', () => {
    expect(judgeDisconnect(440, { pairing: false, recent: 2 })).toMatchObject({ action: 'wait', delayMs: 30_000 });
    expect(judgeDisconnect(440, { pairing: false, recent: 3 })).toMatchObject({ action: 'stop', reason: 'conflict' });
  });

  it('is to go on, marked as degraded, when it keeps ending for no known reason', () => {
    expect(judgeDisconnect(500, { pairing: false, recent: 10 })).toMatchObject({
      action: 'back_off',
      reason: 'degraded',
    });
  });

  it('is to connect anew at once twice in ten minutes, and more slowly from the third time on', () => {
    expect(judgeDisconnect(515, { pairing: false, recent: 2 })).toMatchObject({ action: 'reconnect_now' });
    expect(judgeDisconnect(515, { pairing: false, recent: 3 })).toMatchObject({
      action: 'back_off',
      reason: 'degraded',
    });
  });

  it('never is to stop for a code that nobody knows', () => {
    for (const code of [0, 400, 404, 419, 463, 599, Number.NaN])
      expect(judgeDisconnect(code, once)).toMatchObject({ action: 'back_off', reason: 'unknown_error' });
  });

  it('waits for a version fifteen minutes', () => {
    expect(judgeDisconnect(405, once).delayMs).toBe(900_000);
  });
});
