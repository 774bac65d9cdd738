/** By account: what retention removes by its age, and what an erasure or an export walks through. Only faster: older nodes go on beside it. */
export const statements = (): readonly string[] => [
  'create index message_age on message (account_id, created_at)',
  'create index inbox_age on inbox (account_id, created_at)',
  'create index inbox_account on inbox (account_id, id)',
];
