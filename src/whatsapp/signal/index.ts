export { installCurve, withTrustedRoot } from './curve.ts';
export { SignalError, type SignalFault, UnreadableKeyError } from './errors.ts';
export { withoutSendingKeys } from './record.ts';
export {
  createSignalRepository,
  journalHash,
  type SignalRepositoryFactory,
  type SignalRepositoryOptions,
} from './repository.ts';
export { silenceLibsignal } from './silence.ts';
