import type { Columns } from '../dialect.ts';

/** Whom a device has talked with, for the budget of new conversations; what its health is judged by; why a message waits. */
export const statements = ({ int, end }: Columns): readonly string[] => [
  `create table conversation (
    device_id ${int} not null references device (id) on delete cascade,
    peer text not null,
    opened_by text not null check (opened_by in ('us', 'them')),
    opened_at ${int} not null,
    primary key (device_id, peer)
  ) ${end}`,
  'create index conversation_opened on conversation (device_id, opened_at)',
  `insert into conversation (device_id, peer, opened_by, opened_at)
    select device_id, recipient, 'us', min(created_at) from message
    where state in ('sent', 'delivered', 'read') group by device_id, recipient`,
  `alter table device add column linked_at ${int}`,
  `alter table device add column phone_seen_at ${int}`,
  `alter table device add column time_lock_until ${int}`,
  'alter table message add column waiting_reason text',
  'create index message_sending_at on message (device_id, sending_at) where sending_at is not null',
];
