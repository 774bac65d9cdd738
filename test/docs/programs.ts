import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import type { LanguageId } from '../../dashboard/src/docs/samples/filling.ts';

const run = promisify(execFile);

/** How to run a sample of a language: its file, and the program with the arguments before it. */
export interface Runner {
  readonly file: string;
  readonly program: string;
  readonly args: readonly string[];
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

/** LARAVEL_AUTOLOAD names the vendor/autoload.php of any Laravel application. */
const facade =
  'require getenv("LARAVEL_AUTOLOAD"); $app = new Illuminate\\Container\\Container(); Illuminate\\Support\\Facades\\Facade::setFacadeApplication($app); $app->singleton(Illuminate\\Http\\Client\\Factory::class);';

const candidates: Readonly<Record<LanguageId, readonly Candidate[]>> = {
  curl: [{ file: 'sample.sh', program: 'sh', args: [], probe: ['-c', 'curl --version'] }],
  php: [{ file: 'sample.php', program: 'php', args: [], probe: ['-r', 'exit(function_exists("curl_init") ? 0 : 1);'] }],
  javascript: [{ file: 'sample.cjs', program: process.execPath, args: [], probe: ['--version'] }],
  python: ['python3', '/usr/bin/python3'].map(python),
  laravel: [
    {
      file: 'sample.php',
      program: 'php',
      args: ['-r', `${facade} require $argv[1];`, '--'],
      probe: ['-r', `getenv("LARAVEL_AUTOLOAD") || exit(1); ${facade}`],
    },
  ],
  go: [{ file: 'sample.go', program: 'go', args: ['run'], probe: ['version'] }],
};

/** The runner of a language; undefined, and a line that says so, where its program is not on this machine. */
export async function runnerOf(language: LanguageId): Promise<Runner | undefined> {
  for (const candidate of candidates[language]) if (await works(candidate.program, candidate.probe)) return candidate;
  process.stdout.write(`SKIPPED: the documentation's ${language} samples, for nothing here can run them\n`);
  return undefined;
}

export const works = (program: string, args: readonly string[]): Promise<boolean> =>
  run(program, [...args]).then(
    () => true,
    () => false,
  );

/** What a program prints on both of its streams, and how it ended. */
export function said(program: string, args: readonly string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000 });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text: text.trim() }));
  });
}
