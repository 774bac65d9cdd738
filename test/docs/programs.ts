import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LanguageId } from '../../dashboard/src/docs/samples/filling.ts';

const run = promisify(execFile);

/** How to run a sample of a language: its file, and the program with the arguments before it. */
export interface Runner {
  readonly file: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Beside this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Candidate extends Runner {
  /** Succeeds where the program and its library are there. */
  readonly probe: readonly string[];
}

const python = (program: string): Candidate => ({
  file: 'sample.py',
  program,
  args: [],
  probe: ['-c', 'import requests'],
});

/** Boots what a Laravel application gives the sample, then runs it; with no sample it only boots. */
const laravel = fileURLToPath(new URL('laravel.php', import.meta.url));

/** Never a download: the samples use the standard library alone. */
const offline = { GOFLAGS: '-mod=mod', GOPROXY: 'off', GOTOOLCHAIN: 'local' };

const candidates: Readonly<Record<LanguageId, readonly Candidate[]>> = {
  curl: [{ file: 'sample.sh', program: 'sh', args: [], probe: ['-c', 'curl --version'] }],
  php: [{ file: 'sample.php', program: 'php', args: [], probe: ['-r', 'exit(function_exists("curl_init") ? 0 : 1);'] }],
  javascript: [{ file: 'sample.cjs', program: process.execPath, args: [], probe: ['--version'] }],
  python: ['python3', '/usr/bin/python3'].map(python),
  laravel: [{ file: 'sample.php', program: 'php', args: [laravel], probe: [laravel] }],
  // The probe compiles what the samples need: newer Go comes without its library compiled.
  go: [
    { file: 'sample.go', program: 'go', args: ['run'], probe: ['build', 'encoding/json', 'net/http'], env: offline },
  ],
};

/** The runner of a language; undefined, and a line that says so, where its program is not on this machine. */
export async function runnerOf(language: LanguageId): Promise<Runner | undefined> {
  for (const candidate of candidates[language])
    if (await works(candidate.program, candidate.probe, candidate.env)) return candidate;
  process.stdout.write(`SKIPPED: the documentation's ${language} samples, for nothing here can run them\n`);
  return undefined;
}

export const works = (program: string, args: readonly string[], env: Runner['env'] = {}): Promise<boolean> =>
  run(program, [...args], { env: { ...process.env, ...env } }).then(
    () => true,
    () => false,
  );

/** What a program prints on both of its streams, and how it ended. */
export function said(
  program: string,
  args: readonly string[],
  env: Runner['env'] = {},
): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 50_000,
      env: { ...process.env, ...env },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text: text.trim() }));
  });
}
