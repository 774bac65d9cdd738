/**
 * How glibc's malloc is told to work in whatever npm starts here; the image and the systemd unit say the same. By itself it gives each of
 * some ten threads (V8's compiler and collector, libuv's, sharp's) an arena of its own, and each arena keeps the most that its thread
 * ever used at once: 5.3 MiB more in 80 minutes of a soak, most of what the process still grew by (docs/reliability.md). One arena for
 * all costs 5 % of CPU, two cost nothing that can be measured. Other C libraries ignore it.
 */
export const allocator = { MALLOC_ARENA_MAX: '2' };
