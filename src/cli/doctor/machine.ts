import { lookup } from 'node:dns/promises';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Config } from '../../base/config.ts';
import { asError } from '../../base/errors.ts';
import { cutOffIn } from '../../store/restoring.ts';
import { type Finding, ill, well } from './finding.ts';

const MIN_FREE_MB = 512;
/** Every message waits for the disk once or twice. */
const SLOW_SYNC_MS = 50;
const CONNECT_MS = 5_000;

/** Room, and how long a write takes until it is there. */
export async function disk({ DATA_DIR: folder }: Config): Promise<Finding[]> {
  if (!existsSync(folder))
    return [ill('disk', `${folder} is not there yet`, 'Start the gateway once, or check DATA_DIR.')];
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  const room =
    free >= MIN_FREE_MB
      ? well('disk', `${free} MB free in ${folder}`)
      : ill('disk', `${free} MB free in ${folder}`, 'Make room: messages are refused when the disk is full.');
  try {
    const ms = await syncTime(folder);
    const told = `a write is on the disk after ${ms.toFixed(1)} ms`;
    return [
      room,
      ms <= SLOW_SYNC_MS
        ? well('sync', told)
        : ill('sync', told, 'Every message waits for this. Use a local disk (SSD), not a network folder.'),
    ];
  } catch (error) {
    return [
      room,
      ill(
        'sync',
        `${folder} cannot be written: ${asError(error).message}`,
        'Check its owner, its rights and the disk.',
      ),
    ];
  }
}

/** A backup that writes makes its file newer all the time. */
const ABANDONED_MS = 3_600_000;

/** Whole copies of everything that a backup or a restore left behind when it was cut off. Nothing is said when there are none. */
export function leftovers({ DATA_DIR, SHARED_DIR }: Config): Finding[] {
  const found: string[] = [];
  for (const folder of new Set([DATA_DIR, SHARED_DIR ?? DATA_DIR])) {
    if (!existsSync(folder)) continue;
    found.push(...cutOffIn(folder).map((name) => join(folder, name)));
    for (const name of readdirSync(folder).filter((one) => /\.(sandbox-)?part(-journal)?$/.test(one))) {
      // Gone meanwhile: the backup got its name.
      const file = statSync(join(folder, name), { throwIfNoEntry: false });
      if (file !== undefined && systemClock.now() - file.mtimeMs > ABANDONED_MS) found.push(join(folder, name));
    }
  }
  if (found.length === 0) return [];
  return [
    ill(
      'leftovers',
      `of a backup or a restore that was cut off: ${found.join(', ')}`,
      'Delete them, unless a restore runs on another machine right now: each is a whole copy, sealed as the original is.',
    ),
  ];
}

/** Median ms of a few small writes that are made durable. */
async function syncTime(folder: string): Promise<number> {
  const path = join(folder, `doctor-${process.pid}`);
  const file = await open(path, 'wx', 0o600);
  const times: number[] = [];
  try {
    for (let n = 0; n < 7; n += 1) {
      const began = performance.now();
      await file.write(Buffer.alloc(4096, n));
      await file.datasync();
      times.push(performance.now() - began);
    }
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
  return times.sort((a, b) => a - b)[3] ?? 0;
}

/** The name resolves, and somebody answers at the port. Nothing is said to them. */
export async function egress({ WHATSAPP_URL }: Config): Promise<Finding> {
  const { hostname, port, protocol } = new URL(WHATSAPP_URL);
  const number = Number(port || (protocol === 'wss:' ? 443 : 80));
  const what = `${hostname}:${number}`;
  try {
    await lookup(hostname);
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: hostname, port: number, timeout: CONNECT_MS });
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('timeout', () => socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
      socket.once('error', reject);
    });
    return well('whatsapp', `${what} can be reached`);
  } catch (error) {
    return ill(
      'whatsapp',
      `${what} cannot be reached: ${asError(error).message}`,
      'Check DNS and the firewall: the gateway needs this one address, and those of your webhooks and media.',
    );
  }
}
