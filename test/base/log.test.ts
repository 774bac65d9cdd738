import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

const log = pathToFileURL(new URL('../../src/base/log.ts', import.meta.url).pathname).href;

/** What a process says on stderr, from beginning to end. */
function said(program: string): string[] {
  const code = `import { createLog } from '${log}'; const log = createLog('info'); ${program}`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

describe('lines of the log', () => {
  test('are written with an error, together with those before it, before the next statement runs', () => {
    expect(said(`log.info('one'); log.error('two'); process.kill(process.pid, 'SIGKILL')`)).toEqual(['one', 'two']);
  });

  test('are written when the process ends', () => {
    expect(said(`log.info('one'); log.child({ device: 1 }).info('two'); process.exit(0)`)).toEqual(['one', 'two']);
  });

  test('are written a moment later by themselves', () => {
    const program = `log.info('one'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2_000)`;
    expect(said(program)).toEqual(['one']);
  });
});
