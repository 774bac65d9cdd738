import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { tell } from './figures.ts';
import { readDescription } from './fuzz/description.ts';
import { fuzz } from './fuzz/run.ts';

/** The short form of `npm run test:fuzz`. */
const REQUESTS = 1_000;

describe('requests made from openapi.json', () => {
  test('are answered as it says, never 5xx (SQLite)', async () => {
    const report = await fuzz({ requests: REQUESTS, seed: 20_251_210, databaseUrl: '' });
    expect(report.breaches).toEqual([]);
    expect(report).toMatchObject({ requests: REQUESTS, operations: readDescription().operations.length });
    tell('requests fuzzed (SQLite)', report.requests);
  });

  test.skipIf(inject('postgresUrl') === undefined)('are answered as it says, never 5xx (PostgreSQL)', async () => {
    const server = new URL(inject('postgresUrl') ?? '');
    const name = `wagate_fuzz_${randomBytes(5).toString('hex')}`;
    const administer = async (statement: string) => {
      const client = new pg.Client(server.href);
      await client.connect();
      await client.query(statement).finally(() => client.end());
    };
    await administer(`create database ${name}`);
    const database = new URL(server);
    database.pathname = `/${name}`;
    const report = await fuzz({ requests: REQUESTS, seed: 7, databaseUrl: database.href });
    await administer(`drop database ${name} with (force)`);
    expect(report.breaches).toEqual([]);
    expect(report.requests).toBe(REQUESTS);
    tell('requests fuzzed (PostgreSQL)', report.requests);
  });
});

test('an answer that breaks its description is seen', () => {
  const { operations, breachOf } = readDescription();
  const device = operations.find(({ id }) => id === 'describeDevice');
  if (device === undefined) throw new Error('no such operation');
  const json = 'application/json; charset=utf-8';
  expect(breachOf(device, 200, json, '{"success":true,"data":{}}')).toMatch(/must have required property/);
  expect(breachOf(device, 418, json, '{}')).toBe('418 is not described');
  expect(breachOf(device, 401, 'text/html', '')).toMatch(/text\/html is not described/);
  const failed = { success: false, message: 'x', code: 'invalid_token', request_id: 'req_1' };
  expect(breachOf(device, 401, json, JSON.stringify(failed))).toBeUndefined();
  expect(breachOf(device, 401, json, JSON.stringify({ ...failed, code: 'unheard_of' }))).toMatch(/must be equal/);
});
