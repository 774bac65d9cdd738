import {
  type AuthenticationCreds,
  type AuthenticationState,
  type BinaryNode,
  extractDeviceJids,
  jidDecode,
  USyncDeviceProtocol,
  type USyncQueryResultList,
  type WASocket,
} from 'baileys';
import type { DeviceLists } from './device-lists.ts';
import type { Registration } from './link.ts';
import { childOf } from './queries.ts';

/**
 * Keeps what the answer to "is this number on WhatsApp?" tells about its devices, in the places where Baileys would put it after asking
 * for them: a first message needs one question less, and its keys are fetched once instead of twice.
 */
export function createAcquaintance({
  sock,
  lists,
  keys,
  creds,
}: {
  sock: Pick<WASocket, 'signalRepository'>;
  lists: Pick<DeviceLists, 'set'>;
  keys: Pick<AuthenticationState['keys'], 'set'>;
  creds: Pick<AuthenticationCreds, 'me'>;
}) {
  return async (answer: BinaryNode, { jid, lid }: Registration): Promise<void> => {
    const node = childOf(answer, 'devices');
    const user = jidDecode(jid)?.user;
    const me = creds.me?.id;
    if (!node || !user || !me || jidDecode(me)?.user === user) return;
    const found = { id: jid, devices: new USyncDeviceProtocol().parser(node) } as unknown as USyncQueryResultList;
    const devices = extractDeviceJids([found], me, creds.me?.lid ?? '', false);
    if (devices.length === 0) return;
    const hidden = lid === null ? undefined : jidDecode(lid)?.user;
    // One put for what Baileys would write in two; the mapping is then known to it without a write.
    await keys.set({
      'device-list': { [user]: devices.map(({ device }) => String(device ?? 0)) },
      ...(hidden && { 'lid-mapping': { [user]: hidden, [`${hidden}_reverse`]: user } }),
    });
    if (lid !== null) await sock.signalRepository.lidMapping.storeLIDPNMappings([{ lid, pn: jid }]);
    await lists.set(user, devices);
  };
}
