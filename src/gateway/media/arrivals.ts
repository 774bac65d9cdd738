import type { Shares } from './shares.ts';

/** An upload on its way to the disk, before anybody has looked whether it may be sent: from its first byte it is its account's. */
export interface Arrival {
  /** More of it has come. Throws `rate_limited` when the account's files would be larger than its share; then nothing is taken. */
  take(bytes: number): void;
  /** All of it is there: its place is the next one's. */
  complete(): void;
  /** So many bytes are another file's from now on, which it becomes. Gives how many of them had been taken here. */
  handOver(bytes: number): number;
  /** Its own file is gone. May be called again. */
  end(): void;
}

/**
 * Bytes count with the other files of the account. The places are other ones than those of downloads and of uploads that are being
 * accepted: whoever sends slowly would hold up what is ready.
 */
export const createArrivals =
  (shares: Pick<Shares, 'take' | 'giveBack'>, places: Pick<Shares, 'enter'>) =>
  async (accountId: number, signal?: AbortSignal): Promise<Arrival> => {
    const leave = await places.enter(accountId, signal);
    let taken = 0;
    return {
      take(bytes) {
        shares.take(accountId, bytes);
        taken += bytes;
      },
      complete: leave,
      handOver(bytes) {
        const handed = Math.min(bytes, taken);
        taken -= handed;
        return handed;
      },
      end() {
        leave();
        shares.giveBack(accountId, taken);
        taken = 0;
      },
    };
  };
