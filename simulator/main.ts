import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startNetwork } from './network.ts';

/**
 * The simulator as a process of its own:
 *
 *   node simulator/main.ts [--host H] [--port N] [--media-port N] [--admin-port N] [--storage FILE] [--seed N]
 *                          [--ca FILE] [--everyone-exists]
 *
 * Prints one line of JSON when it is ready: url, adminUrl, mediaHost, ca (path of the PEM), rootKey and certificate
 * (base64), seed. Stops on SIGTERM and SIGINT.
 */
const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'media-port': { type: 'string', default: '0' },
    'admin-port': { type: 'string', default: '0' },
    storage: { type: 'string' },
    seed: { type: 'string' },
    ca: { type: 'string' },
    'everyone-exists': { type: 'boolean', default: false },
  },
});

const network = await startNetwork({
  host: values.host,
  port: Number(values.port),
  mediaPort: Number(values['media-port']),
  adminPort: Number(values['admin-port']),
  everyoneExists: values['everyone-exists'],
  ...(values.storage === undefined ? {} : { storage: values.storage }),
  ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
  onError: (error) => process.stderr.write(`simulator: ${error instanceof Error ? error.stack : String(error)}\n`),
});

const ca = values.ca ?? join(tmpdir(), `simulator-ca-${process.pid}.pem`);
writeFileSync(ca, network.mediaAuthority);
const ready = {
  url: network.url,
  adminUrl: network.adminUrl,
  mediaHost: network.media.hostname,
  ca,
  rootKey: Buffer.from(network.rootKey).toString('base64'),
  certificate: Buffer.from(network.certificate).toString('base64'),
  seed: network.seed,
};
process.stdout.write(`${JSON.stringify(ready)}\n`);

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    network.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`simulator: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
}
