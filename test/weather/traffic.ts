import { appendFileSync } from 'node:fs';
import type { Contact } from '../../simulator/index.ts';
import type { TestApp } from '../support/app.ts';

/** Figures for docs/reliability.md: a line of JSON for each weather, where WEATHER_RECORD says. */
export function record(weather: string, figures: object): void {
  const file = process.env.WEATHER_RECORD;
  if (file) appendFileSync(file, `${JSON.stringify({ weather, ...figures })}\n`);
}

/** A caller that notes what it was told, so that the books can be compared with what the reader saw. */
export function createTraffic(app: TestApp, contact: Contact) {
  const accepted: string[] = [];
  const statuses: Record<string, number> = {};
  const codes: Record<string, number> = {};
  let n = 0;
  return {
    accepted,
    statuses,
    codes,
    async post(more: object = {}): Promise<number> {
      const text = `weather ${++n}`;
      const { status, body } = await app.call('POST', '/send-message', {
        recipient: contact.number,
        message: text,
        show_typing: false,
        ...more,
      });
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (body.code !== undefined) codes[body.code] = (codes[body.code] ?? 0) + 1;
      if (status === 200 || status === 202) accepted.push(text);
      return status;
    },
    /** When the reader has everything that was accepted: what is missing and what came under two ids. */
    async books(withinMs = 90_000) {
      const seen = () => contact.messages.map(({ text }) => text ?? '');
      await eventually(
        'all that was accepted to arrive',
        () => accepted.every((text) => seen().includes(text)),
        withinMs,
      );
      const all = seen().filter((text) => text.startsWith('weather '));
      return {
        accepted: accepted.length,
        lost: accepted.filter((text) => !all.includes(text)).length,
        doubled: all.length - new Set(all).size,
        // Refused to the caller, and yet at the reader.
        unasked: all.filter((text) => !accepted.includes(text)).length,
        unreadable: app.network.counters.total.undecryptable,
        reusedSteps: app.network.counters.total.reusedRatchetSteps,
      };
    },
  };
}

export const NOTHING_WRONG = { lost: 0, doubled: 0, unasked: 0, unreadable: 0, reusedSteps: 0 };

/** Looks again and again; a process of its own tells no events here. */
export async function eventually(
  what: string,
  look: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<number> {
  const began = performance.now();
  while (!(await look())) {
    if (performance.now() - began > withinMs) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Math.round(performance.now() - began);
}
