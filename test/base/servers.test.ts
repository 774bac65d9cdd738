import { expect, test } from 'vitest';
import { serversOf } from '../../src/base/servers.ts';

test.each([
  ['postgres://gate:p%40ss@db/wagate', ['postgres://gate:p%40ss@db/wagate'], false],
  ['postgres://db/wagate?target_session_attrs=primary', ['postgres://db/wagate?target_session_attrs=primary'], true],
  [
    'postgresql://gate:p%40ss@one:5432,[::1]:5433,three/wagate?sslmode=require&target_session_attrs=read-write',
    ['one:5432', '[::1]:5433', 'three'].map(
      (host) => `postgresql://gate:p%40ss@${host}/wagate?sslmode=require&target_session_attrs=read-write`,
    ),
    true,
  ],
  ['postgres://one,two', ['postgres://one', 'postgres://two'], true],
  ['postgres://gate:p@ss,word@db/wagate', ['postgres://gate:p@ss,word@db/wagate'], false],
  ['postgres://db/wagate?target_session_attrs=any', ['postgres://db/wagate?target_session_attrs=any'], true],
  ['postgres://gate@localhost/wagate?host=%2Frun', ['postgres://gate@localhost/wagate?host=%2Frun'], false],
])('%s stands for these servers', (url, urls, mustWrite) => {
  expect(serversOf(url)).toEqual({ urls, mustWrite });
});

test.each([
  ['mysql://one/wagate', 'must begin with postgres: or postgresql:'],
  ['postgres://one:x,two/wagate', 'must be an address such as'],
  ['postgres://one,two/wagate?target_session_attrs=read-only', 'must have target_session_attrs=read-write'],
])('%s is refused with a sentence', (url, sentence) => {
  expect(() => serversOf(url)).toThrow(sentence);
});
