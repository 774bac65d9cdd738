import { INTRO } from './noise.ts';

const ROUTING = Buffer.from([0x45, 0x44, 0, 1]);

export function frame(payload: Uint8Array): Buffer {
  const out = Buffer.alloc(3 + payload.length);
  out.writeUIntBE(payload.length, 0, 3);
  out.set(payload, 3);
  return out;
}

/** Cuts the client's bytes into frames: one WebSocket message may hold several, or a part of one. */
export class FrameReader {
  #buffered: Buffer = Buffer.alloc(0);
  #begun = false;

  take(data: Uint8Array): Buffer[] {
    this.#buffered = this.#buffered.length === 0 ? Buffer.from(data) : Buffer.concat([this.#buffered, data]);
    if (!this.#begun && !this.#takeIntro()) return [];
    const frames: Buffer[] = [];
    while (this.#buffered.length >= 3) {
      const end = 3 + this.#buffered.readUIntBE(0, 3);
      if (this.#buffered.length < end) break;
      frames.push(this.#buffered.subarray(3, end));
      this.#buffered = this.#buffered.subarray(end);
    }
    return frames;
  }

  /** The routing header, which the client repeats from an earlier `edge_routing`, may stand before the intro. */
  #takeIntro(): boolean {
    if (this.#buffered.subarray(0, 4).equals(ROUTING)) {
      if (this.#buffered.length < 7) return false;
      const end = 7 + this.#buffered.readUIntBE(4, 3);
      if (this.#buffered.length < end + 4) return false;
      this.#buffered = this.#buffered.subarray(end);
    }
    if (this.#buffered.length < 4) return false;
    if (!this.#buffered.subarray(0, 4).equals(INTRO)) throw new Error('not a WhatsApp client: wrong intro');
    this.#buffered = this.#buffered.subarray(4);
    this.#begun = true;
    return true;
  }
}
