import { spawn } from 'node:child_process';

/** `npm run test:weather`: the weathers as they are promised (200 sockets, a minute that is one); figures as lines of JSON at the end. */
const child = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/weather', ...process.argv.slice(2)],
  {
    env: { ...process.env, WEATHER: 'long', WEATHER_RECORD: '/dev/stdout' },
    stdio: 'inherit',
  },
);
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
