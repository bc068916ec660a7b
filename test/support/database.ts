import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { openDatabase } from '../../ledger/database.ts';
import { databaseUrlOf, TEMPLATE } from './servers.ts';

export interface TestDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
}

let count = 0;

/** A database of this test file's own, copied from the migrated template. It stays until the servers stop. */
export async function createDatabase(template: string = TEMPLATE): Promise<TestDatabase> {
  const file = basename(expect.getState().testPath ?? 'unknown').replace(/\W+/g, '_');
  const name = `${file}_${process.pid}_${++count}`.toLowerCase();
  const admin = new pg.Client({ connectionString: inject('databaseUrl') });
  await admin.connect();
  try {
    // Two files may copy the template at once; Postgres copies for one at a time.
    await admin.query(`select pg_advisory_lock(hashtext($1))`, [template]);
    await admin.query(`create database "${name}" template "${template}"`);
  } finally {
    await admin.end();
  }
  const url = databaseUrlOf(inject('databaseUrl'), name);
  // As a worker has it, which is whom most tests are about.
  return { url, pool: openDatabase({ url, forWorker: true }) };
}

const DAY_MS = 86_400_000;
/** What a file of tests takes that look at "today". */
const BEFORE_MIDNIGHT_MS = 90_000;

/** Shortly before the UTC day ends it waits for the next one: a test is to end on the day on which it began. */
async function awayFromMidnight(): Promise<void> {
  const leftMs = DAY_MS - (Date.now() % DAY_MS);
  if (leftMs < BEFORE_MIDNIGHT_MS) await sleep(leftMs + 1_000);
}

/** {@link createDatabase} for all tests of a file. */
export function useDatabase(): TestDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    await awayFromMidnight();
    database = await createDatabase();
  });
  afterAll(async () => {
    await database?.pool.end();
  });
  return {
    get url() {
      return database!.url;
    },
    get pool() {
      return database!.pool;
    },
  };
}
