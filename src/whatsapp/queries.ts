import type { BinaryNode, WASocket } from 'baileys';
import { jidOfPhone, lidOf, userOf } from './jid.ts';
import { LinkError, type Registration } from './link.ts';
import { linkErrorOf, unanswered } from './thrown.ts';

/** One question to WhatsApp: an `iq` and its answer. Rejects with LinkError; `timed_out` when no answer came. */
export type Ask = (
  doing: string,
  iq: { readonly attrs: Record<string, string>; readonly content: BinaryNode[] },
) => Promise<BinaryNode>;

/** Baileys resolves a query that was never answered with undefined; that must not look like an empty answer. */
export const createAsk =
  (sock: Pick<WASocket, 'query'>): Ask =>
  async (doing, { attrs, content }) => {
    let answer: BinaryNode | undefined;
    try {
      answer = (await sock.query({ tag: 'iq', attrs: { ...attrs }, content })) as BinaryNode | undefined;
    } catch (thrown) {
      throw linkErrorOf(thrown, doing);
    }
    if (!answer) throw unanswered(doing);
    return answer;
  };

export const childrenOf = (node: BinaryNode | undefined, tag: string): BinaryNode[] =>
  Array.isArray(node?.content) ? node.content.filter((child) => child.tag === tag) : [];
export const childOf = (node: BinaryNode | undefined, tag: string): BinaryNode | undefined => childrenOf(node, tag)[0];
const textOf = (node: BinaryNode | undefined): string =>
  typeof node?.content === 'string'
    ? node.content
    : node?.content instanceof Uint8Array
      ? Buffer.from(node.content).toString()
      : '';

/** A USync answer for so many numbers is still one stanza. */
const BATCH = 50;

/**
 * Which of these numbers are on WhatsApp, with their LIDs. WhatsApp marks the others `out`, or leaves them away. A single number is one
 * that is about to be written to: its devices are asked for in the same question, and `meet` is told of them.
 */
export function createLookUp(
  ask: Ask,
  tag: () => string,
  meet: (answer: BinaryNode, registration: Registration) => Promise<void>,
) {
  /** Until WhatsApp refuses the question in this form: nobody must stay unreachable for the sake of one question less. */
  let withDevices = true;

  async function askFor(asked: readonly string[]): Promise<BinaryNode> {
    const question = (devices: boolean) =>
      ask('looking up numbers', {
        attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'usync' },
        content: [usync(tag(), asked, devices)],
      });
    if (!withDevices || asked.length > 1) return question(false);
    try {
      return await question(true);
    } catch (error) {
      if (!(error instanceof LinkError) || error.code !== 'rejected') throw error;
      const answer = await question(false);
      withDevices = false;
      return answer;
    }
  }

  return async (phones: readonly string[]): Promise<ReadonlyMap<string, Registration>> => {
    const found = new Map<string, Registration>();
    for (let at = 0; at < phones.length; at += BATCH) {
      const asked = phones.slice(at, at + BATCH);
      const answer = await askFor(asked);
      const users = childrenOf(childOf(childOf(answer, 'usync'), 'list'), 'user');
      for (const user of users) {
        const { jid } = user.attrs;
        const contact = childOf(user, 'contact');
        if (!jid || contact?.attrs.type !== 'in') continue;
        // WhatsApp echoes the number it was asked for; the account may be under another spelling of it (Brazil, Argentina, Mexico).
        const echo = textOf(contact).replace(/\D/g, '');
        const phone = asked.find((number) => number === echo) ?? asked.find((number) => number === userOf(jid));
        const only = asked.length === 1 ? asked[0] : undefined;
        const name = phone ?? only;
        if (name === undefined) continue;
        const registration = { jid: jidOfPhone(userOf(jid)), lid: lidOf(childOf(user, 'lid')?.attrs.val) };
        found.set(name, registration);
        if (only !== undefined) await meet(user, registration);
      }
    }
    return found;
  };
}

const usync = (sid: string, phones: readonly string[], devices: boolean): BinaryNode => ({
  tag: 'usync',
  attrs: { context: 'interactive', mode: 'query', sid, last: 'true', index: '0' },
  content: [
    {
      tag: 'query',
      attrs: {},
      content: [
        { tag: 'contact', attrs: {} },
        { tag: 'lid', attrs: {} },
        ...(devices ? [{ tag: 'devices', attrs: { version: '2' } }] : []),
      ],
    },
    {
      tag: 'list',
      attrs: {},
      content: phones.map((phone) => ({
        tag: 'user',
        attrs: {},
        content: [{ tag: 'contact', attrs: {}, content: `+${phone}` }],
      })),
    },
  ],
});
