/** What was typed on while `sent` was under way: the beginning of the next. */
export const typedOn = (now: string, sent: string): string =>
  now.startsWith(sent) ? now.slice(sent.length).trimStart() : now;
