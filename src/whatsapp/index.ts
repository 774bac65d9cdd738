export { createOpenLink, type LinkSettings, openBaileysLink } from './baileys.ts';
export { closeCodes, type DisconnectReason, judgeDisconnect, type Verdict } from './disconnects.ts';
export { incomingFromJournal } from './inbound.ts';
export { bare, isGroup, isLid, jidOfPhone, phoneOf } from './jid.ts';
export * from './link.ts';
export * from './memory.ts';
export { type Keyhole, type Unsealed, unseal } from './secrets.ts';
export { installCurve, silenceLibsignal, UnreadableKeyError } from './signal/index.ts';
