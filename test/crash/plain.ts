import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuthenticationState, SignalDataTypeMap, WASocket } from 'baileys';
import { serve, tell } from './part.ts';

/**
 * A gateway as one writes it on plain Baileys, in the place of ours: a list of accepted messages on disk, `sendMessage` for each, in
 * order per chat. PLAIN_RESEND says what it does after a restart with messages that it does not know to be sent: `forget` them, or send
 * them `again`, which with Baileys' `sendMessage` is a new id. PLAIN_STORE: `files` is Baileys' own `useMultiFileAuthState`, `sqlite`
 * the same thing with a transaction for each write.
 */
enableCompileCache();
const { BufferJSON, DisconnectReason, initAuthCreds, makeWASocket, proto, useMultiFileAuthState } = await import(
  'baileys'
);
const { quietLogger } = await import('../../src/whatsapp/quiet.ts');
flushCompileCache();

interface Accepted {
  readonly n: number;
  readonly to: string;
  readonly text: string;
}

let sock: WASocket | undefined;
let isOpen = false;
let dir = '';
let url = '';
let store = 'files';
let opened = () => undefined as unknown;
const chats = new Map<string, Promise<void>>();
const accepted: Accepted[] = [];

async function connect(): Promise<void> {
  const { state, saveCreds } =
    store === 'files' ? await useMultiFileAuthState(join(dir, 'plain-auth')) : sqliteAuthState();
  const made = makeWASocket({
    waWebSocketUrl: url,
    auth: state,
    logger: quietLogger(undefined),
    markOnlineOnConnect: false,
    syncFullHistory: false,
    shouldSyncHistoryMessage: () => false,
  });
  sock = made;
  made.ev.on('creds.update', saveCreds);
  made.ev.on('connection.update', ({ connection, lastDisconnect, qr }) => {
    if (qr) tell('qr', { id: 1, qr });
    if (connection === 'open') {
      isOpen = true;
      opened();
    }
    if (connection !== 'close') return;
    isOpen = false;
    const status = (lastDisconnect?.error as { output?: { statusCode?: number } } | undefined)?.output?.statusCode;
    if (status === DisconnectReason.loggedOut) throw new Error('plain Baileys was logged out');
    setTimeout(() => connect().catch(fail), 200);
  });
}

function sqliteAuthState(): { state: AuthenticationState; saveCreds: () => Promise<void> } {
  const database = new DatabaseSync(join(dir, 'plain.db'));
  database.exec(
    'pragma journal_mode = wal; create table if not exists kept (name text primary key, value text not null)',
  );
  const read = database.prepare('select value from kept where name = ?');
  const write = database.prepare('insert or replace into kept values (?, ?)');
  const drop = database.prepare('delete from kept where name = ?');
  const load = (name: string): unknown => {
    const row = read.get(name) as { value: string } | undefined;
    return row && JSON.parse(row.value, BufferJSON.reviver);
  };
  const creds = (load('creds') ?? initAuthCreds()) as AuthenticationState['creds'];
  return {
    saveCreds: async () => {
      write.run('creds', JSON.stringify(creds, BufferJSON.replacer));
    },
    state: {
      creds,
      keys: {
        async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
          const found: { [id: string]: SignalDataTypeMap[T] } = {};
          for (const id of ids) {
            const value = load(`${type}-${id}`);
            if (value === undefined) continue;
            found[id] = (
              type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value as object) : value
            ) as SignalDataTypeMap[T];
          }
          return found;
        },
        async set(data) {
          database.exec('begin immediate');
          for (const [type, values] of Object.entries(data))
            for (const [id, value] of Object.entries(values ?? {}))
              if (value === null || value === undefined) drop.run(`${type}-${id}`);
              else write.run(`${type}-${id}`, JSON.stringify(value, BufferJSON.replacer));
          database.exec('commit');
        },
      },
    },
  };
}

const fail = (error: unknown): void => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
};

async function send(message: Accepted): Promise<void> {
  while (!isOpen) await pause(10);
  await sock?.sendMessage(`${message.to}@s.whatsapp.net`, { text: message.text });
  appendFileSync(join(dir, 'plain-sent'), `${message.n}\n`);
}

/** One after the other in a chat. */
function queue(message: Accepted): void {
  const before = chats.get(message.to) ?? Promise.resolve();
  chats.set(message.to, before.then(() => send(message)).catch(fail));
}

function lines(file: string): string[] {
  const path = join(dir, file);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

serve({
  async go({ env }: { env: Readonly<Record<string, string>> }) {
    dir = env.DATA_DIR ?? '';
    url = env.WHATSAPP_URL ?? '';
    store = env.PLAIN_STORE ?? 'files';
    const sent = new Set(lines('plain-sent').map(Number));
    for (const line of lines('plain-accepted')) accepted.push(JSON.parse(line) as Accepted);
    if (env.PLAIN_RESEND === 'again') for (const message of accepted) if (!sent.has(message.n)) queue(message);
    await connect();
    opened = () => tell('connected', 1);
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        const { recipient, message } = JSON.parse(body) as { recipient: string; message: string };
        const taken = { n: accepted.length + 1, to: recipient, text: message };
        accepted.push(taken);
        appendFileSync(join(dir, 'plain-accepted'), `${JSON.stringify(taken)}\n`);
        queue(taken);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ data: { message_id: String(taken.n), id: taken.n } }));
      });
    });
    await new Promise<void>((resolve) => server.listen(Number(env.PORT), '127.0.0.1', resolve));
  },
  setUp: () => [{ id: 1, token: 'none' }],
  link: async () => {
    while (!isOpen) await pause(20);
  },
});
process.on('unhandledRejection', fail);
