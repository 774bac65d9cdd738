import type { DeviceLive, PanelDevice } from '../api/types.ts';
import type devicesTexts from '../texts/en/devices.json';

/** A word of `devices:state.…`: what a device is in, and what to do about it. */
export type StateWord = keyof (typeof devicesTexts)['state'];

const words = {
  qr_expired: 1,
  logged_out: 1,
  passkey_required: 1,
  replaced: 1,
  conflict: 1,
  banned: 1,
  banned_for_now: 1,
  locked: 1,
  outdated: 1,
  mismatch: 1,
  bad_user_agent: 1,
  unreadable: 1,
  connection_lost: 1,
  unavailable: 1,
  unknown_error: 1,
  degraded: 1,
  restart: 1,
} as const satisfies Partial<Record<StateWord, 1>>;

const isWord = (reason: string): reason is keyof typeof words => reason in words;

type Known = Pick<PanelDevice, 'suspended' | 'enabled' | 'linked'> & { readonly live: DeviceLive };

export function stateOf({ live, suspended, enabled, linked }: Known): StateWord {
  if (suspended || live.status === 'suspended') return 'suspended';
  if (live.status === 'connected') return live.caught_up ? 'connected' : 'catching_up';
  if (live.status === 'pairing') return 'pairing';
  if (live.status === 'connecting' && live.retry_at === null)
    return live.reason === 'restart' ? 'restart' : 'connecting';
  // What was never linked has no connection to lose.
  if (!linked && live.reason === 'connection_lost') return 'unavailable';
  if (live.reason !== null && isWord(live.reason)) return live.reason;
  if (live.status === 'logged_out') return 'logged_out';
  if (live.retry_at !== null) return 'waiting';
  if (!linked) return 'idle';
  return enabled ? 'other' : 'off';
}

export type Tone = 'good' | 'busy' | 'calm' | 'bad';

const good: readonly StateWord[] = ['connected', 'catching_up'];
const busy: readonly StateWord[] = [
  'connecting',
  'pairing',
  'restart',
  'waiting',
  'connection_lost',
  'unavailable',
  'unknown_error',
  'replaced',
];
const calm: readonly StateWord[] = ['idle', 'off', 'qr_expired'];

export const toneOf = (state: StateWord): Tone =>
  good.includes(state) ? 'good' : busy.includes(state) ? 'busy' : calm.includes(state) ? 'calm' : 'bad';

export const toneColours = { good: 'gate', busy: 'yellow', calm: 'gray', bad: 'red' } as const satisfies Record<
  Tone,
  string
>;

/** What a person who may link can press. `link`: a new QR code; `connect`: with what it remembers. */
export function remedyOf(
  state: StateWord,
  device: Pick<PanelDevice, 'kind' | 'linked'>,
): 'link' | 'connect' | undefined {
  switch (state) {
    case 'connected':
    case 'catching_up':
    case 'connecting':
    case 'pairing':
    case 'restart':
    case 'suspended':
    case 'unreadable':
    case 'banned_for_now':
      return undefined;
    case 'idle':
    case 'qr_expired':
    case 'logged_out':
    case 'passkey_required':
    case 'mismatch':
    case 'bad_user_agent':
      return device.kind === 'sandbox' ? 'connect' : 'link';
    default:
      return device.linked || device.kind === 'sandbox' ? 'connect' : 'link';
  }
}
