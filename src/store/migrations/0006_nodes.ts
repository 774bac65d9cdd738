import type { Columns } from '../dialect.ts';

const flag = (name: string) => `check (${name} in (0, 1))`;

/** What nodes tell each other: who they are, what their devices do, what they ask, what they counted. */
export const statements = ({ int, bytes, end, unlogged }: Columns): readonly string[] => [
  `create table node (
    name text primary key,
    life text not null,
    role text not null check (role in ('all', 'api', 'worker')),
    version text not null,
    draining ${int} not null ${flag('draining')},
    devices ${int} not null,
    memory_mb ${int} not null,
    started_at ${int} not null,
    alive_until ${int} not null
  ) ${end}`,
  `create table duty (
    name text primary key,
    node text not null,
    expires_at ${int} not null
  ) ${end}`,
  `create table device_live (
    device_id ${int} primary key references device (id) on delete cascade,
    node text not null,
    sealed_live ${bytes} not null,
    changed_at ${int} not null
  ) ${end}`,
  `create table node_call (
    id text primary key,
    node text not null,
    sealed_request ${bytes} not null,
    taken_at ${int},
    sealed_answer ${bytes},
    expires_at ${int} not null
  ) ${end}`,
  'create index node_call_open on node_call (node) where taken_at is null',
  // Counts of a minute, which nobody misses after a crash: not worth the log.
  `create ${unlogged} table rate_window (
    key text primary key,
    used ${int} not null,
    ends_at ${int} not null
  ) ${end}`,
  'create index device_lease_of_node on device_lease (node)',
];
