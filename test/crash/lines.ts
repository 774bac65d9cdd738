/** Who is connected to the network, looked at again and again. Milliseconds. */
export function watchLines(connected: () => readonly string[], everyMs: number) {
  const seenAt = new Map<string, number>();
  let looks = 0;
  let twice = 0;
  let longestAway = 0;

  const timer = setInterval(() => {
    looks += 1;
    const now = performance.now();
    const names = connected();
    if (new Set(names).size < names.length) twice += 1;
    for (const name of names) {
      const before = seenAt.get(name);
      if (before !== undefined) longestAway = Math.max(longestAway, now - before - everyMs);
      seenAt.set(name, now);
    }
  }, everyMs);
  timer.unref();

  return {
    /** `twice`: looks at which a device had two open lines. `longestAway`: between two looks that saw a device. */
    told: () => ({ looks, twice, longestAway: Math.round(longestAway) }),
  };
}
