import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/base/config.ts';

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

test.each([
  ['', []],
  ['127.0.0.1', ['127.0.0.1']],
  ['172.18.0.1, 10.0.0.0/8,::1', ['172.18.0.1', '10.0.0.0/8', '::1']],
  ['fd00::/8,loopback', ['fd00::/8', 'loopback']],
  ['uniquelocal,linklocal', ['uniquelocal', 'linklocal']],
])('TRUSTED_PROXIES=%s is what the web framework takes', async (given, read) => {
  const { TRUSTED_PROXIES } = readConfig({ TRUSTED_PROXIES: given });
  expect(TRUSTED_PROXIES).toEqual(read);
  if (read.length > 0) await fastify({ trustProxy: [...TRUSTED_PROXIES] }).close();
});

test.each([
  'proxy',
  'true',
  '10.0.0.0/0',
  '10.0.0.0/33',
  '10.0.0.0/8/8',
  '::/129',
  '10.0.0.0/',
  '127.0.0.1,proxy',
  '1.2.3',
])('TRUSTED_PROXIES=%s is refused in a sentence, with what else is wrong', (TRUSTED_PROXIES) => {
  const reading = () => readConfig({ TRUSTED_PROXIES, PORT: 'ninety' });
  expect(reading).toThrow(ConfigError);
  expect(reading).toThrow(`TRUSTED_PROXIES=${TRUSTED_PROXIES} must be addresses, ranges such as`);
  expect(reading).toThrow('PORT=ninety must be');
});
