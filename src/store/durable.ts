/**
 * One sync for many: each caller's promise is resolved by a sync that began after the call, and callers that arrive while one
 * runs share the next. A sync that failed fails every later call too: after a failed fsync the kernel may have dropped the dirty
 * pages, and the next fsync would report success for bytes that are gone.
 */
export function coalesced(sync: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= last.then(() => {
      next = undefined;
      return sync();
    });
    last = next;
    return next;
  };
}
