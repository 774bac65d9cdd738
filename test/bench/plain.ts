import { randomBytes } from 'node:crypto';
import {
  type AuthenticationState,
  Browsers,
  type GroupMetadata,
  initAuthCreds,
  makeWASocket,
  type SignalDataSet,
  type SignalDataTypeMap,
  WA_CERT_DETAILS,
  type WASocket,
} from 'baileys';
import pino from 'pino';
import { answerCalls } from './calls.ts';
import { inLanes, timed } from './lanes.ts';
import { createMeter } from './meter.ts';

/**
 * What the gateway is compared with: unmodified Baileys, its own Signal repository, keys in a Map, nothing stored, nothing promised.
 * It waits for each acknowledgement, and knows the groups it writes to, as every well-written loop does.
 */
const keys = new Map<string, unknown>();
const auth: AuthenticationState = {
  creds: initAuthCreds(),
  keys: {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[T] } = {};
      for (const id of ids) {
        const value = keys.get(`${type}/${id}`);
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T];
      }
      return found;
    },
    async set(changes: SignalDataSet) {
      for (const [type, values] of Object.entries(changes))
        for (const [id, value] of Object.entries(values ?? {})) {
          if (value === null || value === undefined) keys.delete(`${type}/${id}`);
          else keys.set(`${type}/${id}`, value);
        }
    },
  },
};

const groups = new Map<string, GroupMetadata>();
const awaited = new Map<string, () => void>();
const firstQr = Promise.withResolvers<string>();
const opened = Promise.withResolvers<void>();
let socket: WASocket | undefined;
let isStopping = false;

function connect(url: string): void {
  const sock = makeWASocket({
    auth,
    waWebSocketUrl: url,
    logger: pino({ level: 'silent' }),
    browser: Browsers.ubuntu('Chrome'),
    cachedGroupMetadata: async (id) => groups.get(id),
  });
  socket = sock;
  sock.ev.on('creds.update', (update) => void Object.assign(auth.creds, update));
  sock.ev.on('connection.update', ({ qr, connection, receivedPendingNotifications }) => {
    if (qr !== undefined) firstQr.resolve(qr);
    if (receivedPendingNotifications) opened.resolve();
    // The restart after the pairing.
    if (connection === 'close' && !isStopping) connect(url);
  });
  sock.ws.on('CB:ack,class:message', ({ attrs }: { attrs: { id: string } }) => awaited.get(attrs.id)?.());
}

const live = (): WASocket => {
  if (socket === undefined) throw new Error('not connected');
  return socket;
};

const ACK_MS = 15_000;

function acknowledged(id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      awaited.delete(id);
      reject(new Error(`no acknowledgement of ${id}`));
    }, ACK_MS);
    awaited.set(id, () => {
      clearTimeout(timer);
      awaited.delete(id);
      resolve();
    });
  });
}

const commands = {
  ...createMeter(),
  connect({ url, rootKey }: { url: string; rootKey: string }): Promise<string> {
    Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: Buffer.from(rootKey, 'hex') });
    connect(url);
    return firstQr.promise;
  },
  opened: () => opened.promise,
  async learnGroup({ id }: { id: string }) {
    groups.set(id, await live().groupMetadata(id));
  },
  send: ({ chats, lanes, text }: { chats: readonly string[]; lanes: number; text: string }) =>
    timed(() =>
      inLanes(chats, lanes, async (chat) => {
        const messageId = `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
        const ack = acknowledged(messageId);
        await Promise.all([live().sendMessage(chat, { text }, { messageId }), ack]);
      }),
    ),
  async stop() {
    isStopping = true;
    await socket?.end(undefined);
  },
};

export type PlainCommands = typeof commands;
answerCalls(commands);
