import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../src/base/errors.ts';
import { normaliseRecipient } from '../../src/gateway/recipients.ts';

const kept = (given: string | number, country = '62') => {
  const recipient = normaliseRecipient(given, country);
  return recipient.is === 'phone' ? recipient.number : recipient.jid;
};

const refusal = (given: string | number, country = '62') => {
  try {
    return { accepted: kept(given, country) };
  } catch (error) {
    if (isFailure(error, 'validation_failed')) return { says: error.errors?.recipient?.[0] };
    throw error;
  }
};

describe('the table of recipients', () => {
  it.each([
    // local, with and without its 0
    ['081234567890', '6281234567890'],
    ['0812-3456-7890', '6281234567890'],
    ['(0812) 3456.7890', '6281234567890'],
    ['81234567890', '6281234567890'],
    ['0812 3456 7890', '6281234567890'],
    ['0812/3456/7890', '6281234567890'],
    ['0812‑3456–7890', '6281234567890'],
    ['0215551234', '62215551234'],
    // international
    ['6281234567890', '6281234567890'],
    ['+62 812-3456-7890', '6281234567890'],
    ['(+62) 812 3456 7890', '6281234567890'],
    ['006281234567890', '6281234567890'],
    [6281234567890, '6281234567890'],
    [81234567890, '6281234567890'],
    // the document's own figures
    ['628123456789', '628123456789'],
    // the spreadsheet's double prefix
    ['+62 081234567890', '6281234567890'],
    ['620812345678', '62812345678'],
    ['6208123456789', '628123456789'],
    ['+62 (0) 812 3456 7890', '6281234567890'],
    // an explicit + or 00 beats the default country
    ['+1 415 555 2671', '14155552671'],
    ['0014155552671', '14155552671'],
    ['+60123456789', '60123456789'],
    ['+65 9123 4567', '6591234567'],
    ['+81 23 456 7890', '81234567890'],
    ['+44 (0) 7911 123456', '447911123456'],
    ['+39 06 1234 5678', '390612345678'],
    ['+225 07 01 23 45 67', '2250701234567'],
    ['+52 1 55 1234 5678', '5215512345678'],
    ['+54 9 11 2345 6789', '5491123456789'],
    // no number at home, one abroad: as webhooks and answers tell them
    ['60123456789', '60123456789'],
    ['14155552671', '14155552671'],
    ['6591234567', '6591234567'],
    ['919876543210', '919876543210'],
    ['5491123456789', '5491123456789'],
    // ids of WhatsApp
    ['6281234567890@s.whatsapp.net', '6281234567890'],
    ['6281234567890:12@s.whatsapp.net', '6281234567890'],
    ['6281234567890@c.us', '6281234567890'],
    ['14155552671@c.us', '14155552671'],
    ['081234567890@c.us', '6281234567890'],
    ['120363021234567890@g.us', '120363021234567890@g.us'],
    ['6281234567890-1612345678@g.us', '6281234567890-1612345678@g.us'],
    ['123456789012345@lid', '123456789012345@lid'],
    ['123456789012345:3@lid', '123456789012345@lid'],
    ['120363144038483540@newsletter', '120363144038483540@newsletter'],
    [' 120363021234567890@G.US ', '120363021234567890@g.us'],
    // what copying and exporting leaves behind
    ['\u202a+62 812-3456-7890\u202c', '6281234567890'],
    ['０８１２３４５６７８９０', '6281234567890'],
    ["'081234567890", '6281234567890'],
    ['6281234567890.0', '6281234567890'],
    ['+081234567890', '6281234567890'],
    ['\t081234567890\n', '6281234567890'],
    // as long and as short as a number may be
    ['+12345678', '12345678'],
    ['+621234567890123', '621234567890123'],
  ])('keeps %j as %s', (given, number) => {
    expect(kept(given)).toBe(number);
  });

  it.each([
    ['6.28123E+12', 'format the column as text'],
    ['6,28123E+12', 'format the column as text'],
    ['6.28123e12', 'format the column as text'],
    ['+6.2E+12', 'format the column as text'],
    [1e21, 'string'],
    ['', 'must not be empty'],
    ['   ', 'must not be empty'],
    ['abc', 'digits'],
    ['0812-CALL-ME', 'digits'],
    ['081234567890;081234567891', 'digits'],
    ['081234567890,081234567891', 'digits'],
    ['0812+34567890', 'beginning'],
    ['++6281234567890', 'beginning'],
    ['+1234567', '8 to 15 digits'],
    ['08123', '8 to 15 digits'],
    ['+1234567890123456', '8 to 15 digits'],
    ['000081234567890', '8 to 15 digits'],
    ['0', '8 to 15 digits'],
    ['00000000000', '8 to 15 digits'],
    ['1'.repeat(1_000), '8 to 15 digits'],
    [0, '8 to 15 digits'],
    [-6281234567890, 'string'],
    [1.5, 'string'],
    [Number.NaN, 'string'],
    [Number.POSITIVE_INFINITY, 'string'],
    ['someone@example.com', 'must be a number, or an id'],
    ['status@broadcast', 'must be a number, or an id'],
    ['@g.us', 'must be a number, or an id'],
    ['../@g.us', 'must be a number, or an id'],
    ['123@s.whatsapp.net', '8 to 15 digits'],
    ['0@s.whatsapp.net', '8 to 15 digits'],
    ['6281234567890@s.whatsapp.net@g.us', 'must be a number, or an id'],
  ])('refuses %j and says %j', (given, words) => {
    expect(refusal(given).says).toContain(words);
  });

  it.each([
    ['4155552671', '1', '14155552671'],
    ['14155552671', '1', '14155552671'],
    ['0123456789', '60', '60123456789'],
    ['9123456789', '91', '919123456789'],
    ['89123456789', '7', '79123456789'],
    ['3912345678', '39', '393912345678'],
    ['0612345678', '39', '390612345678'],
    ['0701234567', '225', '2250701234567'],
    ['6281234567890', '60', '6281234567890'],
    ['620850000000', '60', '62850000000'],
  ])('reads %s in a device of country %s as %s', (given, country, number) => {
    expect(kept(given, country)).toBe(number);
  });
});

const separators = fc.constantFrom('', ' ', '-', '.', '(', ')', '/', '\u00a0', '\u202a');
const written = fc
  .tuple(
    fc.constantFrom('', '0', '+', '00', '+62', '62', '620', '+620', '+1', '6.2', '@'),
    fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), separators), { maxLength: 20 }),
    fc.constantFrom('', '@g.us', '@s.whatsapp.net', '@lid', '@c.us', 'E+12', '.0', 'x'),
  )
  .map(([lead, digits, tail]) => lead + digits.map(([digit, mark]) => `${digit}${mark}`).join('') + tail);
const anything = fc.oneof(written, fc.string({ unit: 'binary' }), fc.string(), fc.double(), fc.maxSafeInteger());
const country = fc.constantFrom('62', '1', '60', '65', '91', '39', '7', '225', '999');

describe('whatever is given as a recipient', () => {
  it('is 8 to 15 digits, or the id of a chat, or a refusal with a sentence', () => {
    fc.assert(
      fc.property(anything, country, (given, home) => {
        const answer = refusal(given, home);
        if (answer.accepted === undefined) expect(answer.says).toMatch(/^recipient .{10,}/);
        else expect(answer.accepted).toMatch(/^([1-9]\d{7,14}|[\d-]+@(g\.us|lid|newsletter))$/);
      }),
      { numRuns: 5_000 },
    );
  });

  it('stays what it is when the answer is sent again', () => {
    fc.assert(
      fc.property(written, country, (given, home) => {
        const { accepted } = refusal(given, home);
        if (accepted === undefined) return;
        expect(kept(accepted.includes('@') ? accepted : `+${accepted}`, home)).toBe(accepted);
        if (home === '62' && accepted.startsWith('62')) expect(kept(accepted)).toBe(accepted);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is read alike with and without separators', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), separators), { maxLength: 16 }), (parts) => {
        const marked = parts.map(([digit, mark]) => `${digit}${mark}`).join('');
        const plain = parts.map(([digit]) => digit).join('');
        // `….0` at the end of eight digits and more is a float's.
        fc.pre(!/\.0[()/ \-\u00a0\u202a]*$/.test(marked));
        expect(refusal(marked)).toEqual(refusal(plain));
      }),
    );
  });
});
