import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { breachOf, ruleWords } from '../../dashboard/src/parts/fieldRules.ts';

// What the API says about a field in English, the dashboard says in the language of its reader.

const root = join(import.meta.dirname, '../..');
const texts = (language: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(join(root, `dashboard/src/texts/${language}/failures.json`), 'utf8')).field;

/** Every sentence about a field that stands in the sources; what is filled in is a 7. */
const sentences = globSync(['src/http/panel/*.ts', 'src/http/v1/fields.ts', 'src/gateway/*.ts', 'src/net/urls.ts'], {
  cwd: root,
})
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .flatMap((text) => [
    ...text.matchAll(/error: ['`]([^'`]+)['`]/g),
    ...text.matchAll(/invalid\([^,()]+,\s*['`]([^'`]+)['`]/g),
    ...text.matchAll(/^ {2}\w+:\s+['`](recipient [^'`]+)['`]/gm),
  ])
  .map(([, sentence = '']) =>
    sentence.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => (/^(field|name)$/.test(name) ? 'a_field' : '7')),
  );

describe('a field that was refused', () => {
  test.each([
    ['name is required', 'required', {}],
    ['session_id, recipient, and message are required', 'required', {}],
    ['text must not be empty', 'required', {}],
    ['password must have at least 10 characters', 'tooShort', { min: '10' }],
    ['message must be 1 to 5000 characters', 'tooLong', { max: '5000' }],
    ['ref must be text of at most 255 characters', 'tooLong', { max: '255' }],
    ['days must be a whole number from 1 to 3650', 'between', { min: '1', max: '3650' }],
    ['sari@ is not an e-mail address.', 'email', {}],
    ['sari@example.com belongs to an account already.', 'emailTaken', {}],
    ['password must not be the e-mail address', 'notEmail', {}],
    ['current_password is not right', 'wrongPassword', {}],
    ['There is a package named Hemat already.', 'nameTaken', {}],
    ['recipient must have 8 to 15 digits with its country code, such as 6281234567890', 'phone', {}],
    ['There are 3 open requests already. Please withdraw one first.', 'tooManyRequests', { count: '3' }],
    ['url must use one of the ports 80, 443', 'ports', { ports: '80, 443' }],
    ['media_url must use one of the ports 80, 443', 'ports', { ports: '80, 443' }],
    ['url must not contain a user name or password', 'urlUser', {}],
    ['until must be later than since', 'later', {}],
    ['person is the number of a device of this account: delete the device instead', 'ownNumber', {}],
    ['something that no rule knows', 'unfit', {}],
  ])('%s: %s', (sentence, rule, values) => {
    expect(breachOf(sentence)).toEqual({ rule, values });
  });

  test('has a text for each rule in both languages, and what nobody fills in by hand is all that is told in general', () => {
    for (const language of ['en', 'id']) expect(Object.keys(texts(language)).sort()).toEqual([...ruleWords].sort());
    expect(sentences.length).toBeGreaterThan(40);
    const general = sentences.filter((sentence) => breachOf(sentence).rule === 'unfit');
    // Fields that the pages fill in themselves: switches, lists to choose from, tokens of an address.
    expect(
      general.filter(
        (sentence) =>
          /^(recipient|email|password|current_password|name|phone_number|default_country|file) /.test(sentence) &&
          !/must be text$/.test(sentence),
      ),
    ).toEqual([]);
  });
});
