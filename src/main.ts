import { startApp } from './app.ts';
import { ConfigError, readConfig } from './base/config.ts';
import { asError } from './base/errors.ts';
import { firstStart, welcome } from './welcome.ts';

/**
 * Whoever stops a gateway on one machine waits no longer, whatever hangs: what was accepted is on disk, and goes on at the next start. A node of
 * several hands its devices over, which takes as long as it has many.
 */
const STOPPED_WITHIN_MS = 10_000;

/** Whoever signals a whole group of processes is heard twice, since npm passes on what it gets. */
const SAME_SIGNAL_MS = 500;

/** Reads the environment, starts the gateway, stops it on SIGTERM and SIGINT; the second signal ends it at once. */
async function main(): Promise<void> {
  const config = readConfig();
  const app = await startApp(config);

  // Baileys leaves rejections behind for frames it cannot read (protocol facts 0.8): the device's supervisor notices the loss by
  // itself, so one device's bad frame must not end all others. Anything else is told, too, and kept out of the way of the rest.
  process.on('unhandledRejection', (reason) => app.log.error({ err: asError(reason) }, 'a rejection nobody handled'));

  let stopping = false;
  const stop = (reason: string, code = 0) => {
    if (stopping) return;
    stopping = true;
    app.log.info({ reason }, 'stopping');
    if (config.DATABASE_URL === undefined)
      setTimeout(() => {
        app.log.fatal(`stopping took longer than ${STOPPED_WITHIN_MS / 1_000} s`);
        process.exit(1);
      }, STOPPED_WITHIN_MS).unref();
    app.stop().then(
      () => process.exit(code),
      (error) => {
        app.log.fatal({ err: asError(error) }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  let signalledAt: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      const now = performance.now();
      if (signalledAt !== undefined && now - signalledAt >= SAME_SIGNAL_MS) process.exit(1);
      signalledAt ??= now;
      stop(signal);
    });
  app.ended.then(
    (because) => {
      app.log.fatal({ reason: because }, 'this node may not go on');
      stop(because, 1);
    },
    () => undefined,
  );

  // Of several nodes those make the first account that people can reach.
  const first = config.WAGATE_ROLE === 'worker' ? undefined : await firstStart(app);
  process.stdout.write(await welcome(app, first));
}

main().catch((error) => {
  process.stderr.write(error instanceof ConfigError ? `${error.message}\n` : `${asError(error).stack}\n`);
  process.exit(1);
});
