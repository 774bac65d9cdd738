import pg from 'pg';
import type { Row } from '../crash/books.ts';

/** The gateway's books in PostgreSQL, and a witness of its own in them. */

async function reading<T>(url: string, read: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  return read(client).finally(() => client.end());
}

/**
 * Writes down each write of an owner by a node that does not hold the device's lease as the row is written: judged by the name of the
 * connection, which no fence of ours looks at.
 */
export const installWitness = (url: string): Promise<void> =>
  reading(url, async (client) => {
    await client.query(`
      create table stale_write (what text, device_id bigint, writer text, holder text);
      create table owned_write (what text, count bigint);
      create function witness() returns trigger language plpgsql as $$
      declare
        holder text;
        writer text := replace(current_setting('application_name'), 'wagate ', '');
      begin
        select node into holder from device_lease where device_id = new.device_id;
        if holder is distinct from writer then
          insert into stale_write values (tg_table_name || ' ' || tg_op, new.device_id, writer, holder);
        end if;
        return new;
      end $$;
      create trigger witness_keys before insert or update on device_key for each row execute function witness();
      create trigger witness_creds before insert or update on device_creds for each row execute function witness();
      create trigger witness_journal before insert or update on decrypt_journal for each row execute function witness();
      create trigger witness_live before insert or update on device_live for each row execute function witness();
      create trigger witness_protos before insert on message_proto for each row execute function witness();
      create trigger witness_rows before update on message for each row
        when (new.state in ('sending', 'sent', 'delivered', 'read', 'failed', 'expired')) execute function witness();`);
  });

export const readStale = (
  url: string,
): Promise<{ what: string; device_id: string; writer: string; holder: string }[]> =>
  reading(url, async (client) => (await client.query('select * from stale_write')).rows);

export const readRows = (url: string): Promise<Row[]> =>
  reading(url, async (client) => {
    const { rows } = await client.query(
      'select id, whatsapp_id, recipient, ref, state, attempts, error_code, error_message from message order by id',
    );
    return rows.map((row) => ({ ...row, id: Number(row.id), attempts: Number(row.attempts) }));
  });

export const readOpen = (url: string): Promise<number> =>
  reading(url, async (client) => {
    const { rows } = await client.query("select count(*) as n from message where state in ('queued', 'sending')");
    return Number(rows[0]?.n ?? 0);
  });

/** Devices by the node that holds them now. */
export const readHolders = (url: string): Promise<Record<string, number>> =>
  reading(url, async (client) => {
    const { rows } = await client.query(
      `select node, count(*) as n from device_lease
       where expires_at > extract(epoch from clock_timestamp()) * 1000 group by node`,
    );
    return Object.fromEntries(rows.map(({ node, n }) => [node, Number(n)]));
  });

export const readEpochs = (url: string): Promise<{ devices: number; taken: number }> =>
  reading(url, async (client) => {
    const { rows } = await client.query('select count(*) as devices, sum(epoch) as taken from device_lease');
    return { devices: Number(rows[0]?.devices), taken: Number(rows[0]?.taken) };
  });

export const readEpochOfEach = (url: string): Promise<Map<number, number>> =>
  reading(url, async (client) => {
    const { rows } = await client.query('select device_id, epoch from device_lease');
    return new Map(rows.map(({ device_id, epoch }) => [Number(device_id), Number(epoch)]));
  });

/** Nodes that have a connection on which they ring and hear. */
export const readBells = (url: string): Promise<string[]> =>
  reading(url, async (client) => {
    const { rows } = await client.query(
      `select distinct replace(application_name, 'wagate ', '') as node from pg_stat_activity
       where application_name like 'wagate %' and (query like 'listen %' or query like 'select pg_notify(%')`,
    );
    return rows.map(({ node }) => String(node)).sort();
  });

/** Hears what nodes tell each other, until the next failure; gives those that were heard. */
export async function hearNodes(url: string): Promise<{ heard: ReadonlySet<string>; stop(): Promise<void> }> {
  const client = new pg.Client(url);
  const heard = new Set<string>();
  client.on('error', () => undefined);
  client.on('notification', ({ payload }) => heard.add((JSON.parse(payload ?? '[""]') as [string])[0]));
  await client.connect();
  await client.query('listen wagate');
  return { heard, stop: () => client.end() };
}
