import type { Account, Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import { namespaceOf, parseJid, toNumber } from './jid.ts';
import { child, children, type Stanza, stanza, text } from './stanza.ts';

type UsyncAnswer = { readonly content: Stanza[] } | { readonly error: number; readonly text: string };

/** What the directory knows about the users of a query, one row for each protocol that may be asked. */
const PROTOCOLS: Readonly<Record<string, (account: Account | undefined, directory: Directory) => Stanza[]>> = {
  contact: (account) => [stanza('contact', { type: account?.registered ? 'in' : 'out' })],
  devices: (account, directory) => (account?.registered ? [devicesNode(account, directory)] : []),
  lid: (account, directory) => (account?.registered ? [stanza('lid', { val: directory.jid(account, 'lid') })] : []),
  status: (account) => (account ? [stanza('status', { t: 1_700_000_000 }, Buffer.from(account.about))] : []),
  disappearing_mode: () => [stanza('disappearing_mode', { duration: 0, t: 0 })],
};

export function answerUsync(iq: Stanza, parts: { directory: Directory; faults: Faults }): UsyncAnswer {
  const usync = child(iq, 'usync');
  const users = children(child(usync, 'list'), 'user');
  const numbers = users.map((user) => parts.directory.accountOf(user.attrs.jid)?.number ?? phoneOf(user));
  for (const chat of numbers) {
    const fault = parts.faults.strike('usync', { chat });
    if (fault) return { error: fault.code, text: ERROR_TEXT[fault.code] ?? 'internal-server-error' };
  }
  const asked = children(child(usync, 'query')).map((protocol) => protocol.tag);
  const answers = users.map((user) => userNode(user, asked, parts.directory));
  const { sid } = usync?.attrs ?? {};
  return { content: [stanza('usync', { sid }, [stanza('result'), stanza('list', {}, answers)])] };
}

export const ERROR_TEXT: Readonly<Record<number, string>> = {
  401: 'not-authorized',
  403: 'forbidden',
  404: 'item-not-found',
  429: 'rate-overlimit',
  500: 'internal-server-error',
  503: 'service-unavailable',
};

function userNode(user: Stanza, asked: readonly string[], directory: Directory): Stanza {
  const jid = parseJid(user.attrs.jid);
  const phone = phoneOf(user);
  const account = jid ? directory.accountOf(jid) : phone ? directory.account(phone) : undefined;
  // A hidden id is answered under the hidden id, a number under the number.
  const name = account
    ? directory.jid(account, jid ? namespaceOf(jid) : 'pn')
    : (user.attrs.jid ?? `${phone}@s.whatsapp.net`);
  return stanza(
    'user',
    { jid: name },
    asked.flatMap((protocol) => PROTOCOLS[protocol]?.(account, directory) ?? []),
  );
}

function phoneOf(user: Stanza): string | undefined {
  const phone = text(child(user, 'contact'));
  return phone === undefined ? undefined : toNumber(phone);
}

function devicesNode(account: Account, directory: Directory): Stanza {
  const devices = directory.devices(account.number).map(({ id }) =>
    // Baileys ignores a companion without key-index.
    stanza('device', { id, 'key-index': id === 0 ? undefined : id }),
  );
  return stanza('devices', {}, [
    stanza('device-list', { hash: `2:${account.number.slice(-6)}${devices.length}` }, devices),
    stanza('key-index-list', { ts: 1_700_000_000 }),
  ]);
}
