import { expect, test } from 'vitest';
import { readConfig } from '../../src/base/config.ts';

test('a setting that is refused is told without its password', () => {
  const bad = {
    PORT: 'ninety',
    SMTP_URL: 'http://gate:pass-secret@mail:587',
    DATABASE_URL: 'postgres://gate:pass-secret@one:x/wagate',
  };
  const read = () => readConfig(bad);
  expect(read).toThrow('PORT=ninety must be a whole number');
  expect(read).toThrow('SMTP_URL=http://…@mail:587 must begin with');
  expect(read).toThrow('DATABASE_URL=postgres://…@one:x/wagate must be an address');
  expect(read).not.toThrow('secret');
  // Unreadable because of the very password.
  for (const DATABASE_URL of ['postgres://gate:pass/secret@one/wagate', 'postgres://one:x/wagate?password=secret&a=b'])
    expect(() => readConfig({ DATABASE_URL })).not.toThrow('secret');
});
