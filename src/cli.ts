import { parseArgs } from 'node:util';
import { openGateway } from './app.ts';
import { ConfigError, commandOf, readConfig } from './base/config.ts';
import { asError, isFailure } from './base/errors.ts';
import { createLog } from './base/log.ts';
import { type CommandAnswer, commands, type Options } from './cli/commands.ts';

/**
 * The command line for operators and scripts: `npm run wagate -- <command>`. It works on the same store as a running gateway and beside
 * it: linking takes the device's lease, and gives it back when the device is linked.
 */
const options = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  name: { type: 'string' },
  email: { type: 'string' },
  account: { type: 'string' },
  package: { type: 'string' },
  country: { type: 'string' },
  code: { type: 'string' },
  sandbox: { type: 'boolean', default: false },
  admin: { type: 'boolean', default: false },
  overwrite: { type: 'boolean', default: false },
  from: { type: 'string' },
  to: { type: 'string' },
} as const;

function usage(): string {
  const width = Math.max(...Object.values(commands).map(({ usage: text }) => text.length));
  const lines = Object.values(commands).map(({ usage: text, does }) => `  ${text.padEnd(width)}  ${does}`);
  return `${commandOf()} <command> [--json]\n\n${lines.join('\n')}\n`;
}

/** The exit code; undefined for a command that goes on running, as `start` does. */
async function main(): Promise<number | undefined> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true, strict: true });
  const name = [positionals.slice(0, 2).join(' '), positionals[0] ?? ''].find((key) => key in commands);
  const command = name === undefined ? undefined : commands[name];
  if (name === undefined || command === undefined || values.help) {
    process.stdout.write(usage());
    return values.help || positionals.length === 0 ? 0 : 2;
  }
  const args = positionals.slice(name.split(' ').length);
  const config = readConfig();
  const environment = {
    config,
    args,
    options: values as Options,
    say: (text: string) => process.stderr.write(`${text}\n`),
  };
  const tell = (answer: CommandAnswer) => {
    process.stdout.write(values.json ? `${JSON.stringify(answer.data)}\n` : `${answer.text}\n`);
    return answer.ok === false ? 1 : 0;
  };
  if (command.alone !== undefined) {
    const answer = await command.alone(environment);
    return answer && tell(answer);
  }
  // A person reads the answer here, not the log; its warnings still go to standard error.
  const level = config.LOG_LEVEL === 'info' ? 'error' : config.LOG_LEVEL;
  const gateway = await openGateway(config, { node: `cli-${process.pid}`, log: createLog(level) });
  try {
    return tell(await command.run({ ...environment, gateway }));
  } finally {
    await gateway.close();
  }
}

main().then(
  (code) => {
    // Baileys leaves a timer of 30 s behind after a link is closed (the guard of its first upload of pre-keys): nobody waits for it here.
    if (code !== undefined) process.stdout.write('', () => process.exit(code));
  },
  (error) => {
    const json = process.argv.includes('--json');
    const known = isFailure(error) || error instanceof ConfigError || asError(error).name === 'TypeError';
    const message = asError(error).message;
    if (json) process.stdout.write(`${JSON.stringify({ error: isFailure(error) ? error.code : 'failed', message })}\n`);
    else process.stderr.write(known ? `${message}\n` : `${asError(error).stack}\n`);
    process.exitCode = 1;
  },
);
