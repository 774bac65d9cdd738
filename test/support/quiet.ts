import { silenceLibsignal } from '../../src/whatsapp/signal/silence.ts';

// Plain Baileys in the tests (the other side of a conversation) uses libsignal, which prints whole sessions with their private keys.
silenceLibsignal();
