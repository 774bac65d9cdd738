/**
 * Which rule of a field was broken. The API says it in an English sentence that names the field as programs know it (the contract's
 * wording); people read the rule in their language, below the field's own label: texts in `failures:field`.
 */
export interface Breach {
  readonly rule: Rule;
  readonly values: Readonly<Record<string, string>>;
}

/** In order: the first that fits. Named groups are the values of the text. */
const rules = [
  ['required', /(is required|must not be empty|, and \w+ are required)$/],
  ['tooShort', /must have at least (?<min>\d+) characters/],
  ['tooLong', /must be (?:text of )?at most (?<max>\d+) characters|must be 1 to (?<most>\d+) characters/],
  ['between', /must be a whole number from (?<min>\d+) to (?<max>\d+)/],
  ['emailTaken', /belongs to (an account|somebody) already/],
  ['memberAlready', /belongs to this account already/],
  ['email', /e-mail address\.?$(?<!not be the e-mail address)/],
  ['notEmail', /must not be the e-mail address/],
  ['wrongPassword', /^current_password is not right/],
  ['nameTaken', /^There is a package named .* already/],
  ['callingCode', /must be a calling code/],
  ['scientific', /scientific notation/],
  ['phone', /must be the number of the phone|must be a WhatsApp number|^recipient (must|has|is)/],
  ['gap', /the shortest and the longest pause/],
  ['clock', /must be a time such as/],
  ['timeZone', /must be a time zone/],
  ['tooManyRequests', /There are (?<count>\d+) open requests already/],
  ['notKept', /is not kept any more/],
  ['emptyFile', /^file must not be empty/],
  ['webPage', /is a web page/],
  ['ports', /must use one of the ports (?<ports>[\d, ]+)/],
  ['urlUser', /must not contain a user name or password/],
  ['later', /must be later than/],
  ['ownNumber', /is the number of a device of this account/],
  ['url', /^media_url|must be (an address|a URL)|https?:\/\//],
] as const satisfies readonly (readonly [string, RegExp])[];

export type Rule = (typeof rules)[number][0] | 'unfit';

export function breachOf(sentence: string): Breach {
  for (const [rule, sign] of rules) {
    const fits = sign.exec(sentence);
    if (fits === null) continue;
    const given = Object.entries(fits.groups ?? {}).filter(([, value]) => value !== undefined);
    return { rule, values: Object.fromEntries(given.map(([name, value]) => [name === 'most' ? 'max' : name, value])) };
  }
  return { rule: 'unfit', values: {} };
}

/** Each rule once, for the test that looks for their texts. */
export const ruleWords: readonly Rule[] = [...rules.map(([rule]) => rule), 'unfit'];
