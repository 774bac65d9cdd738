import type { AppStates } from './app-state.ts';
import type { Timers } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Account, Device, Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import type { Groups } from './groups.ts';
import { isGroup, SERVER_JID } from './jid.ts';
import type { MediaHost } from './media.ts';
import { answerPrekeys, takePrekeys } from './prekeys.ts';
import { child, firstChild, type Stanza, stanza, text } from './stanza.ts';
import { answerUsync, ERROR_TEXT } from './usync.ts';

export interface QueryParts {
  readonly directory: Directory;
  readonly groups: Groups;
  readonly media: MediaHost;
  readonly appStates: AppStates;
  readonly faults: Faults;
  readonly timers: Timers;
  /** The client said it is active: time for what has waited. */
  readonly active: (connection: Connection, device: Device) => void;
  readonly remove: (device: Device) => void;
}

interface Query {
  readonly connection: Connection;
  readonly device: Device;
  readonly account: Account;
  readonly iq: Stanza;
  /** First child of the query. */
  readonly request: Stanza | undefined;
}

export type Answer = { readonly content?: Stanza[] } | { readonly error: number; readonly text: string };
type Answerer = (query: Query, parts: QueryParts) => Answer | Promise<Answer> | undefined;

const done: Answer = {};

/** Answers `<iq>` of logged-in clients: one row for each `xmlns`. */
export async function answerQuery(
  connection: Connection,
  device: Device,
  iq: Stanza,
  parts: QueryParts,
): Promise<void> {
  const { id, xmlns = '', to, type } = iq.attrs;
  if (type === 'result' || type === 'error') return;
  const account = parts.directory.needAccount(device.number);
  const answerer = ANSWERS[xmlns];
  const query: Query = { connection, device, account, iq, request: firstChild(iq) };
  const answer = answerer ? await answerer(query, parts) : { error: 501, text: 'feature-not-implemented' };
  if (!answer) return;
  const from = isGroup(to) ? to : SERVER_JID;
  if ('error' in answer) {
    const error = stanza('error', { code: answer.error, text: answer.text });
    connection.send(stanza('iq', { from, type: 'error', id }, [error]));
  } else connection.send(stanza('iq', { from, type: 'result', id }, answer.content));
  // The answer to "active" goes first, then the queue: a client counts what came before as its start.
  if (xmlns === 'passive' && query.request?.tag === 'active') parts.active(connection, device);
}

const ANSWERS: Readonly<Record<string, Answerer>> = {
  'w:p': () => done,
  passive: () => done,
  encrypt: answerEncrypt,
  usync: ({ iq }, parts) => answerUsync(iq, parts),
  abt: () => ({ content: [stanza('props', { hash: 'sim1', refresh: 86400 }, PROPS)] }),
  blocklist: answerBlocklist,
  privacy: answerPrivacy,
  'w:sync:app:state': ({ iq, account }, { appStates, faults }) =>
    faults.strike('app-state', { account: account.number })
      ? undefined
      : { content: [appStates.sync(account.number, iq)] },
  'w:m': (_query, { media, timers }) => ({ content: [mediaConnection(media, timers)] }),
  'w:g2': ({ iq, account }, { groups, faults }) => {
    const fault = faults.strike('groups', { account: account.number });
    return fault ? { error: fault.code, text: ERROR_TEXT[fault.code] ?? 'error' } : groups.query(account, iq);
  },
  'w:profile:picture': answerPicture,
  status: answerStatus,
  disappearing_mode: () => done,
  'urn:xmpp:whatsapp:dirty': () => done,
  'w:stats': () => done,
  'w:biz': answerBusiness,
  'w:mex': answerMex,
  bot: () => ({ content: [stanza('bot', {}, [])] }),
  newsletter: () => ({ error: 404, text: 'item-not-found' }),
  md: answerDevices,
};

/** Settings that Baileys reads: privacy tokens on 1:1 messages, and to which name they are issued. */
const PROPS = ['10518', '9666', '14303'].map((config_code) => stanza('prop', { config_code, config_value: '1' }));

async function answerEncrypt(query: Query, parts: QueryParts): Promise<Answer> {
  const { request, device, iq } = query;
  switch (request?.tag) {
    case 'count':
      return { content: [stanza('count', { value: parts.directory.oneTimeKeyCount(device) })] };
    case 'digest':
      return { content: [stanza('digest')] };
    case 'key':
      return answerPrekeys(request, parts);
    case 'rotate':
    case 'registration':
      takePrekeys(iq, device, parts.directory);
      return done;
    default:
      return child(iq, 'registration') ? done : { error: 400, text: 'bad-request' };
  }
}

function answerBlocklist({ iq, account, request }: Query, { directory }: QueryParts): Answer {
  if (iq.attrs.type === 'set') {
    const number = directory.accountOf(request?.attrs.jid)?.number;
    if (!number) return { error: 404, text: 'item-not-found' };
    const others = account.blocked.filter((one) => one !== number);
    account.blocked = request?.attrs.action === 'block' ? [...others, number] : others;
    directory.saveAccount(account);
  }
  const items = account.blocked.map((number) => stanza('item', { jid: `${number}@s.whatsapp.net` }));
  return { content: [stanza('list', {}, items)] };
}

const PRIVACY = { last: 'all', online: 'all', profile: 'all', status: 'all', groupadd: 'all', readreceipts: 'all' };

function answerPrivacy({ request }: Query): Answer {
  // `<tokens>` hands a token to a trusted contact; Baileys does not read the answer.
  if (request?.tag === 'tokens') return done;
  const categories = Object.entries(PRIVACY).map(([name, value]) => stanza('category', { name, value }));
  return { content: [stanza('privacy', {}, categories)] };
}

function mediaConnection(media: MediaHost, timers: Timers): Stanza {
  const attributes = { auth: `sim-${timers.seconds()}`, ttl: 3600, auth_ttl: 3600, max_buckets: 12 };
  return stanza(
    'media_conn',
    attributes,
    media.announced.map((hostname) => stanza('host', { hostname })),
  );
}

function answerPicture({ iq }: Query): Answer {
  if (iq.attrs.type === 'set') return { content: [stanza('picture', { id: '1' })] };
  return { error: 404, text: 'item-not-found' };
}

function answerStatus({ account, request }: Query, { directory }: QueryParts): Answer {
  if (request?.tag === 'status') {
    account.about = text(request) ?? '';
    directory.saveAccount(account);
  }
  return done;
}

function answerBusiness({ request }: Query, { directory }: QueryParts): Answer {
  const jid = child(request, 'profile')?.attrs.jid;
  const account = directory.accountOf(jid);
  const profile = account?.business
    ? [stanza('profile', { jid }, [stanza('description', {}, Buffer.from(account.about))])]
    : [];
  return { content: [stanza('business_profile', {}, profile)] };
}

/** GraphQL over stanzas: the account is in good standing and has no limit. */
function answerMex(): Answer {
  const data = {
    xwa2_fetch_account_reachout_timelock: { is_active: false },
    xwa2_message_capping_info: { total_quota: '1000', used_quota: '0', capping_status: 'NONE' },
  };
  return { content: [stanza('result', {}, Buffer.from(JSON.stringify({ data })))] };
}

function answerDevices({ request, account }: Query, { directory, remove }: QueryParts): Answer {
  if (request?.tag !== 'remove-companion-device') return { error: 501, text: 'feature-not-implemented' };
  const device = directory.deviceOf(request.attrs.jid);
  if (!device || device.number !== account.number || device.kind !== 'client') {
    return { error: 404, text: 'item-not-found' };
  }
  remove(device);
  return done;
}
