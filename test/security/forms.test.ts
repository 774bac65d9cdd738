import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOKEN } from '../http/support/fake-gateway.ts';
import { type Site, startSite } from '../http/support/site.ts';
import { END, formHead, openLine, part } from '../support/raw-form.ts';

/** A form is no way around what other bodies may have. */
describe('the fields of a form', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterAll(() => site.stop());

  const MB = 1_048_576;
  /** Sends `text` of a form of `length` bytes, and no more; the answer must come all the same. */
  const answerTo = async (text: string, length = text.length) => {
    const { socket, answer } = openLine(site.url);
    socket.write(formHead('/api/v1/send-media', TOKEN, length) + text);
    return answer.finally(() => socket.destroy());
  };
  const file = part('file', 'hello', { filename: 'a.txt' });

  test('of 1 MB each are refused with the first of them', { timeout: 20_000 }, async () => {
    const fields = Array.from({ length: 50 }, (_, nth) => part(`field${nth}`, 'x'.repeat(MB))).join('');
    const { status, body } = await answerTo(fields.slice(0, MB), fields.length + END.length);
    expect([status, body]).toMatchObject([413, { success: false, code: 'body_too_large' }]);
  });

  test('that are each small enough are refused beyond 1 MB together', { timeout: 20_000 }, async () => {
    const fields = Array.from({ length: 40 }, (_, nth) => part(`field${nth}`, 'x'.repeat(60_000))).join('');
    const { status, body } = await answerTo(fields.slice(0, 1.2 * MB), fields.length + END.length);
    expect([status, body]).toMatchObject([413, { message: 'The request body is larger than 1 MB.' }]);
  });

  test('are refused when they are too many', async () => {
    const fields = Array.from({ length: 60 }, (_, nth) => part(`field${nth}`, 'x')).join('');
    const { status, body } = await answerTo(fields + file + END);
    expect([status, body.code]).toEqual([400, 'bad_request']);
  });

  test('are text, whatever type they claim', async () => {
    const recipient = part('recipient', '628123456789', { type: 'application/json' });
    const caption = part('caption', '{"not": ["json', { type: 'application/json' });
    expect((await answerTo(recipient + caption + file + END)).status).toBe(200);
    expect(site.gateway.sent.at(-1)?.request).toMatchObject({ content: { caption: '{"not": ["json' } });
  });

  test('may lack a name', async () => {
    const nameless = part('', 'x').replace('; name=""', '');
    const { status, body } = await answerTo(nameless + file + END);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
  });

  test('hold the longest text that the API takes, before and after the file', async () => {
    const recipient = part('recipient', '628123456789');
    const ref = part('ref', 'é'.repeat(255));
    const caption = part('caption', '😀'.repeat(1024));
    const whole = Buffer.from(caption + file + recipient + ref + END);
    const { socket, answer } = openLine(site.url);
    socket.write(formHead('/api/v1/send-media', TOKEN, whole.length));
    socket.write(whole);
    expect((await answer.finally(() => socket.destroy())).status).toBe(200);
    expect(site.gateway.sent.at(-1)?.request).toMatchObject({
      ref: 'é'.repeat(255),
      content: { caption: '😀'.repeat(1024) },
    });
  });
});
