import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Runs `script` in a process of its own, where nobody else holds the console, and gives all that it printed. */
function printedBy(script: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: here,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout + stderr;
}

const REMAKE = `
  const { createContact } = await import('./support.ts');
  const a = createContact(), b = createContact();
  await a.inject(await b.bundle(true));
  const one = await a.encrypt('one');
  await b.decrypt(one.type, one.ciphertext);
  await a.inject(await b.bundle(true));
  const two = await a.encrypt('two');
  await b.decrypt(two.type, two.ciphertext);
  await b.decrypt('msg', two.ciphertext).catch(() => undefined);
`;

test('libsignal prints private keys when a session is made again (if this fails, the silence may go)', () => {
  expect(printedBy(REMAKE)).toContain('privKey');
});

test('silenced, it prints nothing', () => {
  const script = `
    const { silenceLibsignal } = await import('../../src/whatsapp/signal/silence.ts');
    silenceLibsignal();
    ${REMAKE}
    console.info('key pair', { pubKey: 'p', privKey: 'secret' });
  `;
  expect(printedBy(script)).toBe('');
});

test('what others print is left alone', () => {
  const script = `
    const { silenceLibsignal } = await import('../../src/whatsapp/signal/silence.ts');
    silenceLibsignal();
    silenceLibsignal();
    console.log('hello', 1, { a: 1 });
  `;
  expect(printedBy(script)).toBe('hello 1 { a: 1 }\n');
});

test('our own repository never reaches that code', () => {
  const script = `
    const { installCurve } = await import('../../src/whatsapp/signal/index.ts');
    installCurve();
    const { createDevice, acquaint } = await import('./support.ts');
    const a = createDevice('1@lid'), b = createDevice('2@lid');
    for (let i = 0; i < 3; i++) await acquaint(a, b);
    await a.decrypt('msg', Buffer.alloc(60)).catch(() => undefined);
  `;
  expect(printedBy(script)).toBe('');
});
