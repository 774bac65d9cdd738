import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWhenStale } from './dashboard.mjs';

/** Builds the dashboard where packages are installed already and no gateway starts: in the image, and beside the systemd unit. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.exitCode = await buildWhenStale(root, process.execPath, (sentence) => process.stderr.write(`${sentence}\n`));
