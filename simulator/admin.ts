import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { proto } from 'baileys';
import type { Said } from './content.ts';
import type { Fault, Scope } from './faults.ts';
import { isGroup, type Namespace, toNumber } from './jid.ts';
import type { AutoReceipts, Manner } from './manners.ts';
import type { ReceivedMessage, SentMessage } from './messages.ts';
import type { Network } from './network.ts';
import type { ContactDetails } from './people.ts';

/** A message as JSON: bytes inside `content` are base64. */
export type MessageJson = Omit<ReceivedMessage, 'content' | 'copies'> & { content: object; copies: number[] };

/** What a contact says over JSON: bytes as base64. */
export interface SaidJson {
  readonly text?: string;
  readonly image?: string;
  readonly video?: string;
  readonly audio?: string;
  readonly document?: string;
  readonly caption?: string;
  readonly mimetype?: string;
  readonly fileName?: string;
  /** WhatsApp's own message tree, bytes as base64. */
  readonly message?: object;
}

/** Faults that last until they are ended, by the name of their method. */
export type LastingFault =
  | 'loseAcks'
  | 'delayAcks'
  | 'refuse'
  | 'receipts'
  | 'failLogin'
  | 'withholdSuccess'
  | 'refuseUpgrade'
  | 'failUsync'
  | 'failGroups'
  | 'failPrekeys'
  | 'withoutOneTimeKeys'
  | 'askRetry'
  | 'failUploads'
  | 'failDownloads'
  | 'cutAt'
  | 'silence';

interface Call {
  readonly network: Network;
  readonly faults: Map<number, Fault>;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

type Handler = (call: Call) => unknown;

/** An HTTP door for other processes: crash harnesses, other clients' test suites, a dashboard. Loopback only. */
export class AdminServer {
  readonly #network: Network;
  readonly #server: Server;
  readonly #faults = new Map<number, Fault>();

  private constructor(network: Network) {
    this.#network = network;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        reply(response, 400, { error: error instanceof Error ? error.message : String(error) });
      });
    });
  }

  static async start(network: Network, host: string, port: number): Promise<AdminServer> {
    const admin = new AdminServer(network);
    await new Promise<void>((resolve, reject) => {
      admin.#server.once('error', reject);
      admin.#server.listen(port, host, resolve);
    });
    return admin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.close((error) => (error ? reject(error) : resolve()));
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://admin');
    const found = findRoute(request.method ?? 'GET', url.pathname);
    if (!found) return reply(response, 404, { error: `no such route: ${request.method} ${url.pathname}` });
    const body = await readAll(request);
    const call: Call = {
      network: this.#network,
      faults: this.#faults,
      params: found.params,
      query: url.searchParams,
      body,
    };
    const result = await found.handler(call);
    if (Buffer.isBuffer(result)) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(result);
    else reply(response, 200, result ?? { ok: true });
  }
}

const contact = ({ network, params }: Call) => network.contact(params.number ?? '');
const phone = ({ network, params }: Call) => network.phone(params.number ?? '');
/** The body as JSON. Its shape is the caller's word: this door is for tests on the same machine. */
const json = <T>({ body }: Call): T => (body.length === 0 ? {} : JSON.parse(body.toString('utf8'))) as T;

const ROUTES: readonly (readonly [method: string, path: string, handler: Handler])[] = [
  ['POST', '/admin/mock-phone/scan-qr', scanWithAnyPhone],
  ['GET', '/admin/network', describeNetwork],
  ['GET', '/admin/counters', ({ network }) => network.counters.toJSON()],
  ['GET', '/admin/errors', ({ network }) => network.errors.map(String)],
  ['GET', '/admin/connected', ({ network }) => network.connected()],
  ['GET', '/admin/transcript', transcript],
  ['POST', '/admin/cut', (call) => call.network.cut(json<{ number?: string }>(call).number)],
  ['POST', '/admin/phones/:number', (call) => describePhone(call, json<ContactDetails>(call))],
  ['GET', '/admin/phones/:number', (call) => describePhone(call)],
  ['POST', '/admin/phones/:number/scan', (call) => phone(call).scan(call.body.toString('utf8'))],
  ['POST', '/admin/phones/:number/enter-code', (call) => phone(call).enterCode(json<{ code: string }>(call).code)],
  ['POST', '/admin/phones/:number/unlink', (call) => phone(call).unlink(json<{ device?: number }>(call).device)],
  ['POST', '/admin/phones/:number/rename', (call) => phone(call).rename(json<{ name: string }>(call).name)],
  ['POST', '/admin/contacts/:number', createContact],
  ['GET', '/admin/contacts/:number/messages', messages],
  ['POST', '/admin/contacts/:number/next-message', nextMessage],
  ['GET', '/admin/contacts/:number/media/:id', media],
  ['POST', '/admin/contacts/:number/send', send],
  ['POST', '/admin/contacts/:number/read', (call) => contact(call).read()],
  ['POST', '/admin/contacts/:number/type', (call) => contact(call).type(json<{ to: string }>(call).to)],
  ['POST', '/admin/contacts/:number/block', (call) => contact(call).block(json<{ number: string }>(call).number)],
  ['POST', '/admin/contacts/:number/receipts', setReceipts],
  [
    'POST',
    '/admin/contacts/:number/manner',
    (call) => call.network.manner(call.params.number ?? '', json<Manner>(call)),
  ],
  ['POST', '/admin/groups', createGroup],
  ['GET', '/admin/groups', ({ network }) => network.groups],
  ['GET', '/admin/faults', ({ network }) => ({ seed: network.seed, report: network.faults.report() })],
  ['POST', '/admin/faults/:name', addFault],
  ['DELETE', '/admin/faults/:id', endFault],
  ['DELETE', '/admin/faults', ({ network }) => network.faults.clear()],
  ['POST', '/admin/disconnect', disconnect],
  ['POST', '/admin/expire-media', (call) => call.network.faults.expireMedia(json<{ path?: string }>(call).path)],
];

/** The route of other clients' suites: any phone will do, so each scan gets a new one. */
async function scanWithAnyPhone({ network, body, query }: Call): Promise<object> {
  const taken = new Set(network.contacts().map((one) => one.number));
  let number = query.get('phone') ?? '';
  for (let next = 1; number === '' || (taken.has(number) && !query.has('phone')); next++)
    number = String(6281190000000 + next);
  const device = await network.phone(number).scan(body.toString('utf8'));
  return { phone: number, ...device };
}

function describeNetwork({ network }: Call): object {
  return {
    url: network.url,
    mediaHost: network.media.hostname,
    mediaAuthority: network.mediaAuthority,
    rootKey: Buffer.from(network.rootKey).toString('base64'),
    certificate: Buffer.from(network.certificate).toString('base64'),
    seed: network.seed,
  };
}

function describePhone({ network, params }: Call, details: ContactDetails = {}): object {
  const { number, jid, lid, contact: person, ...rest } = network.phone(params.number ?? '', details);
  const devices = network.phone(number).devices();
  return { number, jid, lid, name: person.name, devices, logs: network.phone(number).logs, history: rest.history };
}

function createContact(call: Call): object {
  const { number, jid, lid, name } = call.network.contact(call.params.number ?? '', json<ContactDetails>(call));
  return { number, jid, lid, name };
}

function messages(call: Call): MessageJson[] {
  const from = Number(call.query.get('from') ?? 0);
  return contact(call).messages.slice(from).map(toJson);
}

async function nextMessage(call: Call): Promise<MessageJson> {
  return toJson(await contact(call).nextMessage(json<{ timeoutMs?: number }>(call)));
}

async function media(call: Call): Promise<Buffer> {
  const message = contact(call).messages.find((one) => one.whatsappId === call.params.id);
  if (!message) throw new Error(`no such message: ${call.params.id}`);
  return contact(call).media(message);
}

async function send(call: Call): Promise<Omit<SentMessage, 'content'>> {
  const { to, as, whatsappId, ...said } = json<SaidJson & { to: string; as?: Namespace; whatsappId?: string }>(call);
  const options = { ...(as ? { as } : {}), ...(whatsappId ? { whatsappId } : {}) };
  const { content: _, ...sent } = await contact(call).send(
    isGroup(to) || to.includes('@') ? to : toNumber(to),
    fromJson(said),
    options,
  );
  return sent;
}

function setReceipts(call: Call): void {
  contact(call).autoReceipts = json<{ receipts: AutoReceipts }>(call).receipts;
}

function createGroup(call: Call): object {
  const { subject, members, addressing } = json<{ subject: string; members: string[]; addressing?: Namespace }>(call);
  return call.network.group(subject, members, addressing);
}

/** `{"args": [...]}` are the arguments of the method of `faults` with this name. */
function addFault(call: Call): object {
  const { args = [] } = json<{ args?: (number | string | Scope)[] }>(call);
  const { faults } = call.network;
  const methods: Readonly<Record<LastingFault, unknown>> = faults;
  const name = call.params.name as LastingFault;
  const add = name in methods ? methods[name] : undefined;
  if (typeof add !== 'function') throw new Error(`no such fault: ${name}`);
  const fault = (add as (...args: unknown[]) => Fault).apply(faults, args);
  const id = call.faults.size + 1;
  call.faults.set(id, fault);
  return { id, name: fault.name };
}

function endFault(call: Call): object {
  const fault = call.faults.get(Number(call.params.id));
  if (!fault) throw new Error(`no such fault: ${call.params.id}`);
  fault.end();
  return { name: fault.name, hits: fault.hits };
}

function disconnect(call: Call): void {
  const { code, number } = json<{ code: number; number?: string }>(call);
  call.network.faults.disconnect(code, number);
}

function transcript({ network, query }: Call): object[] {
  const limit = Number(query.get('limit') ?? 200);
  return network.transcript.entries.slice(-limit).map(({ at, direction, device, node }) => ({
    at,
    direction,
    device,
    tag: node.tag,
    attrs: node.attrs,
    children: Array.isArray(node.content) ? node.content.map((one) => one.tag) : [],
  }));
}

function toJson({ content, copies, ...rest }: ReceivedMessage): MessageJson {
  const plain = proto.Message.toObject(proto.Message.fromObject(content), {
    bytes: String,
    longs: Number,
    enums: String,
  });
  return { ...rest, content: plain, copies: [...copies.keys()] };
}

function fromJson({ text, message, image, video, audio, document, ...details }: SaidJson): Said {
  if (message) return proto.Message.fromObject(message);
  if (text !== undefined) return text;
  const media = Object.entries({ image, video, audio, document }).filter(([, encoded]) => encoded !== undefined);
  return {
    ...Object.fromEntries(media.map(([kind, encoded]) => [kind, Buffer.from(encoded ?? '', 'base64')])),
    ...details,
  };
}

function findRoute(method: string, path: string) {
  const parts = path.split('/');
  for (const [routeMethod, pattern, handler] of ROUTES) {
    const wanted = pattern.split('/');
    if (routeMethod !== method || wanted.length !== parts.length) continue;
    if (!wanted.every((part, index) => part.startsWith(':') || part === parts[index])) continue;
    const named = wanted.flatMap((part, index) =>
      part.startsWith(':') ? [[part.slice(1), decodeURIComponent(parts[index] ?? '')]] : [],
    );
    return { handler, params: Object.fromEntries(named) as Record<string, string> };
  }
  return undefined;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
