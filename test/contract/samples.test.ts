import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillIn, type Sample, samples } from './document.ts';
import { findProgram, output, startWorld } from './world.ts';

// The programs that the document gives to its readers, run as they are: only address, token and the media's address are put in.

const programs: Readonly<Record<Sample['language'], { readonly file: string; readonly program: string | undefined }>> = {
  PHP: { file: 'sample.php', program: await findProgram('PHP', [['php', ['-r', 'exit(function_exists("curl_init") ? 0 : 1);']]]) },
  JavaScript: { file: 'sample.cjs', program: process.execPath },
  Python: {
    file: 'sample.py',
    program: await findProgram('Python', ['python3', '/usr/bin/python3'].map((name) => [name, ['-c', 'import requests']])),
  },
}; // biome-ignore format: one language a line

/** What each program prints when the message was sent. */
const printed: Readonly<Record<string, RegExp>> = {
  'PHP Text Message': /^Message sent successfully!$/,
  'PHP Media': /^Media sent successfully!$/,
  'JavaScript Text Message': /^Message sent: \{\s+message_id: '3EB0[0-9A-F]+',\s+timestamp: \d+/,
  'JavaScript Media': /^Media sent: \{\s+message_id: '3EB0[0-9A-F]+',\s+timestamp: \d+/,
  'Python Text Message': /^Message sent: \{'message_id': '3EB0[0-9A-F]+', 'timestamp': \d+/,
  'Python Media': /^Media sent: \{'message_id': '3EB0[0-9A-F]+', 'timestamp': \d+/,
};

describe('the document’s own program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wagate-samples-'));
  let world: Awaited<ReturnType<typeof startWorld>>;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await world?.stop();
  });

  for (const { language, what, code } of samples) {
    const { file, program } = programs[language];
    test.skipIf(program === undefined)(`in ${language} sends a ${what.toLowerCase()}, and it is read`, async () => {
      const path = join(folder, file);
      writeFileSync(path, fillIn(code, world.real));
      const said = await output(program ?? '', [path]);
      expect(said.trim()).toMatch(printed[`${language} ${what}`] ?? /^$/);
      const received = await world.recipient.nextMessage();
      if (what === 'Media') expect(received.content.imageMessage?.caption).toBe('Check this out!');
      else expect(received.text).toBe(`Hello from ${language}!`);
    });
  }
});
