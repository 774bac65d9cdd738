import { startApp } from './app.ts';
import { ConfigError, readConfig } from './base/config.ts';
import { asError } from './base/errors.ts';
import { firstStart, welcome } from './welcome.ts';

/** Reads the environment, starts the gateway, stops it on SIGTERM and SIGINT. */
async function main(): Promise<void> {
  const config = readConfig();
  const app = await startApp(config);

  // Baileys leaves rejections behind for frames it cannot read (protocol facts 0.8): the device's supervisor notices the loss by
  // itself, so one device's bad frame must not end all others. Anything else is told, too, and kept out of the way of the rest.
  process.on('unhandledRejection', (reason) => app.log.error({ err: asError(reason) }, 'a rejection nobody handled'));

  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    app.log.info({ reason: signal }, 'stopping');
    app.stop().then(
      () => process.exit(0),
      (error) => {
        app.log.fatal({ err: asError(error) }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const first = await firstStart(app);
  process.stdout.write(await welcome(app, first));
}

main().catch((error) => {
  process.stderr.write(error instanceof ConfigError ? `${error.message}\n` : `${asError(error).stack}\n`);
  process.exit(1);
});
