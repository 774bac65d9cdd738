import { deflateSync } from 'node:zlib';
import { proto } from 'baileys';

/** A chat that a phone had before the companion was linked. */
export interface PastChat {
  readonly jid: string;
  readonly lid?: string;
  readonly name?: string;
}

const { HistorySyncType } = proto.HistorySync;

/**
 * The history that a phone sends to a new companion. Inline payloads, so that no media host is needed; the RECENT
 * one at 100 % ends the companion's start: without it Baileys waits 20 s before it gives out its first events.
 */
export function historyMessages(number: string, name: string, chats: readonly PastChat[]): proto.IMessage[] {
  const conversations = chats.map(({ jid, lid, name: chatName }) => ({
    id: jid,
    ...(lid === undefined ? {} : { lidJid: lid }),
    ...(chatName === undefined ? {} : { name: chatName }),
    messages: [],
  }));
  const phoneNumberToLidMappings = chats.flatMap(({ jid, lid }) => (lid ? [{ pnJid: jid, lidJid: lid }] : []));
  const pushnames = [{ id: `${number}@s.whatsapp.net`, pushname: name }];
  return [
    notification(
      { syncType: HistorySyncType.INITIAL_BOOTSTRAP, conversations, phoneNumberToLidMappings, progress: 100 },
      1,
    ),
    notification({ syncType: HistorySyncType.PUSH_NAME, pushnames, progress: 100 }, 2),
    notification({ syncType: HistorySyncType.RECENT, conversations: [], progress: 100 }, 3),
  ];
}

function notification(history: proto.IHistorySync, chunkOrder: number): proto.IMessage {
  const payload = deflateSync(proto.HistorySync.encode({ conversations: [], ...history, chunkOrder }).finish());
  return {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: history.syncType as number,
        chunkOrder,
        progress: history.progress ?? 100,
        initialHistBootstrapInlinePayload: payload,
      },
    },
  };
}
