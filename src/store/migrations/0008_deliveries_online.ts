/**
 * What waits for an endpoint, in order, with everything that the worker's plan asks of it: without the chat SQLite took the unique index, and
 * looked at all that was told in seven days. It does what `delivery_work` was for; that one stays, since older nodes go on beside.
 */
export const statements = (): readonly string[] => [
  "create index delivery_plan on delivery (webhook_id, event_id, attempts, due_at, chat) where state = 'pending'",
];
