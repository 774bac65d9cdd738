import { afterAll, inject } from 'vitest';
import { dropDatabases, useServer } from './own-database.ts';
import './postgres.ts';

// `npm run test:postgres` (vitest.postgres.config.ts): the gateways of this file run on PostgreSQL, and leave nothing behind on it.
if (process.env.TEST_STORE === 'postgres') {
  const server = inject('postgresUrl');
  if (server === undefined) throw new Error('TEST_STORE=postgres, and there is no PostgreSQL');
  useServer(server);
  afterAll(dropDatabases);
}
