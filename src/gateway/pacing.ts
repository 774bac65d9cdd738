import { type Clock, startOfDay, timeOfDay } from '../base/clock.ts';
import { fraction, type RandomBytes } from '../base/ids.ts';

/**
 * How fast a device sends. WhatsApp restricts numbers that write like a machine, above all to people who never wrote back (error 463);
 * pacing is on by default, and each of its limits is a setting of the device. Sandbox devices have none.
 */
export interface PacingSettings {
  readonly enabled: boolean;
  /** Pause between two messages, drawn anew each time, in ms. High priority waits only the shorter. */
  readonly gap_ms: readonly [shortest: number, longest: number];
  /** Pause between two messages to one recipient, in ms. */
  readonly recipient_gap_ms: number;
  readonly per_minute: number;
  readonly per_hour: number;
  readonly per_day: number;
  /** First messages to people who were never written to and never wrote, on one day, once the device is warm. */
  readonly new_conversations_per_day: number;
  /** What a device may do on its first day; it grows in equal steps to the figure above. */
  readonly new_conversations_first_day: number;
  readonly warm_up_days: number;
  /** `HH:MM` in the account's zone; null: none. High priority is sent in them, too. */
  readonly quiet_hours: { readonly from: string; readonly to: string } | null;
}

/**
 * The reasons: 1–4 s is how people send one message after another, and keeps a synchronous caller far below its 20 s; 20 a minute, 300 an
 * hour and 2,000 a day are what a busy shop writes by hand with quick replies; 463 is met first by new numbers that open many chats, so
 * the first day allows 15 and a month of use 150. Nobody outside WhatsApp knows its true limits: lower risk is all that can be promised.
 */
export const PACING: PacingSettings = {
  enabled: true,
  gap_ms: [1_000, 4_000],
  recipient_gap_ms: 2_000,
  per_minute: 20,
  per_hour: 300,
  per_day: 2_000,
  new_conversations_per_day: 150,
  new_conversations_first_day: 15,
  warm_up_days: 30,
  quiet_hours: null,
};

export const NO_PACING: PacingSettings = { ...PACING, enabled: false };

/** What is kept of each message that went out. */
export interface Sent {
  readonly recipient: string;
  /** Unix ms. */
  readonly at: number;
}

export type PacingReason =
  | 'gap'
  | 'recipient_gap'
  | 'per_minute'
  | 'per_hour'
  | 'per_day'
  | 'quiet_hours'
  | 'new_conversations'
  | 'time_lock';

/** `everybody`: nothing goes before `until`; else only this recipient waits. Unix ms. */
export type Verdict =
  | { readonly is: 'go' }
  | { readonly is: 'wait'; readonly until: number; readonly reason: PacingReason; readonly everybody: boolean };

export interface Pacing {
  /** Whether a message may go now. Changes nothing. */
  judge(message: { readonly recipient: string; readonly priority: number; readonly isNew: boolean }): Verdict;
  /** It goes out now. Gives what is called when nothing went out after all: no conversation was opened, and the day has one more. */
  note(message: { readonly recipient: string; readonly isNew: boolean }): () => void;
  /** WhatsApp lets this account open no conversation until then (463); a time that has passed lifts the lock. */
  lock(until: number): void;
  readonly lockedUntil: number;
}

export interface PacingNeeds {
  readonly settings: PacingSettings;
  readonly timeZone: string;
  /** When the device was linked, Unix ms: its age decides how warm it is. */
  readonly linkedAt: number;
  /** The last day's messages, in order, and today's new conversations: what an earlier life of the process sent counts on. */
  readonly history: { readonly sent: readonly Sent[]; readonly newToday: number };
  readonly lockedUntil: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomBytes;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

export function createPacing({ settings, timeZone, linkedAt, history, clock, random, ...given }: PacingNeeds): Pacing {
  const sent = history.sent.slice(-settings.per_day).map(({ at }) => at);
  const lastTo = new Map(history.sent.map(({ recipient, at }) => [recipient, at]));
  let lockedUntil = given.lockedUntil;
  let gap = drawGap();
  let today = startOfDay(timeZone, clock.now());
  // Asking for the day of a time zone costs 0.1 ms and more.
  let tomorrow = startOfDay(timeZone, today + DAY + 2 * HOUR);
  let opened = history.newToday;

  function drawGap(): number {
    const [shortest, longest] = settings.gap_ms;
    return shortest + fraction(random) * (longest - shortest);
  }

  const everybody = (until: number, reason: PacingReason): Verdict => ({ is: 'wait', until, reason, everybody: true });
  const thisOne = (until: number, reason: PacingReason): Verdict => ({ is: 'wait', until, reason, everybody: false });

  /** When the window of the last `most` messages has room again; undefined: it has. */
  function roomAfter(most: number, window: number, now: number): number | undefined {
    const oldest = sent.at(-most);
    return sent.length >= most && oldest !== undefined && oldest + window > now ? oldest + window : undefined;
  }

  function budget(now: number): number {
    const { new_conversations_per_day: full, new_conversations_first_day: first, warm_up_days: days } = settings;
    const age = Math.floor(Math.max(0, now - linkedAt) / DAY);
    return age >= days ? full : Math.floor(first + ((full - first) * age) / days);
  }

  function newDay(now: number): void {
    if (now >= today && now < tomorrow) return;
    // What was opened on a day that had not come yet was opened on this one.
    if (now >= tomorrow) opened = 0;
    today = startOfDay(timeZone, now);
    tomorrow = startOfDay(timeZone, today + DAY + 2 * HOUR);
  }

  /**
   * A clock that ran ahead and is set right (by hours, where a host's own clock keeps local time) leaves times in the future behind, and
   * nothing would go out until they have come. The newest was no later than now; the others keep their distance.
   */
  function setBack(now: number): void {
    const ahead = (sent.at(-1) ?? now) - now;
    if (ahead <= 0) return;
    for (const [index, at] of sent.entries()) sent[index] = at - ahead;
    for (const [recipient, at] of lastTo) lastTo.set(recipient, at - ahead);
  }

  return {
    judge({ recipient, priority, isNew }) {
      const now = clock.now();
      // A lock is WhatsApp's word and not a setting.
      if (isNew && lockedUntil > now) return thisOne(lockedUntil, 'time_lock');
      if (!settings.enabled) return { is: 'go' };
      setBack(now);
      const urgent = priority > 0;
      const quiet = urgent ? undefined : quietUntil(settings.quiet_hours, timeZone, now);
      if (quiet !== undefined) return everybody(quiet, 'quiet_hours');
      for (const [most, window, reason] of [
        [settings.per_day, DAY, 'per_day'],
        [settings.per_hour, HOUR, 'per_hour'],
        [settings.per_minute, MINUTE, 'per_minute'],
      ] as const) {
        const room = roomAfter(most, window, now);
        if (room !== undefined) return everybody(room, reason);
      }
      const last = sent.at(-1);
      const pause = urgent ? Math.min(gap, settings.gap_ms[0]) : gap;
      if (last !== undefined && last + pause > now) return everybody(last + pause, 'gap');
      const before = lastTo.get(recipient);
      if (before !== undefined && before + settings.recipient_gap_ms > now)
        return thisOne(before + settings.recipient_gap_ms, 'recipient_gap');
      newDay(now);
      if (isNew && opened >= budget(now)) return thisOne(tomorrow, 'new_conversations');
      return { is: 'go' };
    },

    note({ recipient, isNew }) {
      // Nothing is judged by it; who turns pacing on gets a new one, with what the store knows.
      if (!settings.enabled) return () => undefined;
      const now = clock.now();
      setBack(now);
      newDay(now);
      const day = today;
      if (isNew) opened += 1;
      sent.push(now);
      if (sent.length > settings.per_day) sent.shift();
      lastTo.delete(recipient);
      lastTo.set(recipient, now);
      for (const [other, at] of lastTo) {
        if (at + settings.recipient_gap_ms > now) break;
        lastTo.delete(other);
      }
      gap = drawGap();
      return () => {
        if (isNew && day === today) opened -= 1;
      };
    },

    lock(until) {
      lockedUntil = until;
    },
    get lockedUntil() {
      return lockedUntil;
    },
  };
}

/** The end of the quiet hours that `now` is in, Unix ms; undefined outside of them. They may go over midnight. */
function quietUntil(quiet: PacingSettings['quiet_hours'], timeZone: string, now: number): number | undefined {
  if (quiet === null || quiet.from === quiet.to) return undefined;
  const midnight = startOfDay(timeZone, now);
  const [from, to] = [timeOfDay(timeZone, midnight, quiet.from), timeOfDay(timeZone, midnight, quiet.to)];
  if (from < to) return now >= from && now < to ? to : undefined;
  if (now < to) return to;
  return now >= from ? timeOfDay(timeZone, startOfDay(timeZone, midnight + DAY + 2 * HOUR), quiet.to) : undefined;
}
