import { createHash } from 'node:crypto';
import { needBytes, type Stanza } from './stanza.ts';
import { ratchetStep } from './wire.ts';

/** Which ratchet steps a person's devices have used up, and with what: two ciphertexts for one step are a disaster. */
export class RatchetSteps {
  readonly #digests = new Map<string, string>();
  readonly #most: number;

  /** `most`: so many are remembered; the oldest go first. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Was this step used before, by this very ciphertext or by another? */
  seen(place: string, enc: Stanza): 'no' | 'same' | 'other' {
    const before = this.#digests.get(stepName(place, enc));
    if (before === undefined) return 'no';
    return before === digest(enc) ? 'same' : 'other';
  }

  /** `place` names reader device, sender device and, for sender keys, the group. */
  remember(place: string, enc: Stanza): void {
    this.#digests.set(stepName(place, enc), digest(enc));
    if (this.#digests.size < this.#most) return;
    // Only the recent past is asked about; a Map gives its oldest keys first.
    for (const key of [...this.#digests.keys()].slice(0, this.#most / 5)) this.#digests.delete(key);
  }
}

function stepName(place: string, enc: Stanza): string {
  const { chain, step } = ratchetStep(enc.attrs.type ?? '', needBytes(enc, 'ciphertext'));
  return `${place} ${chain} ${step}`;
}

function digest(enc: Stanza): string {
  return createHash('sha256').update(needBytes(enc, 'ciphertext')).digest('base64url');
}
