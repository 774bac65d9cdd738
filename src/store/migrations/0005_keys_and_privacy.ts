import type { Columns } from '../dialect.ts';

/** Master keys that can be changed; what named people in the clear and need not; how long an account keeps messages; who was erased. */
export const statements = ({ int, bytes, end }: Columns): readonly string[] => [
  `create table master_key (
    version ${int} primary key check (version between 1 and 255),
    sealed_token_key ${bytes} not null,
    created_at ${int} not null,
    retired_at ${int}
  ) ${end}`,

  `alter table decrypt_journal add column sealed_envelope ${bytes}`,
  // Those that were told need no name any more; those that were not are read as they are, and gone within a fortnight.
  'update decrypt_journal set envelope = null where surfaced_at is not null',

  // An answer that cannot be sealed here is made again from its message; a refusal may be given again.
  `alter table idempotency add column sealed_answer ${bytes}`,
  'delete from idempotency where message_id is null',
  'update idempotency set status = null',
  'alter table idempotency drop column answer',

  `alter table account add column retention_days ${int} check (retention_days > 0)`,

  `create table opt_out (
    device_id ${int} not null references device (id) on delete cascade,
    person_hash ${bytes} not null,
    opted_out_at ${int} not null,
    primary key (device_id, person_hash)
  ) ${end}`,
];
