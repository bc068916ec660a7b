import type pg from 'pg';
import { inTransaction, type Queryable } from './database.ts';

/** Partitions are made months ahead, so a few failed rounds do no harm. */
const EVERY_MS = 6 * 60 * 60 * 1000;
const AFTER_FAILURE_MS = 5 * 60 * 1000;

/**
 * A new partition takes a lock for which every reader of the table must have ended, and whoever comes meanwhile waits behind it. So
 * behind a long read (an export) it is given up at once, and tried again later.
 */
const LOCK_TIMEOUT = "set local lock_timeout = '500ms'";

/**
 * Makes the monthly partitions that are missing, up to three months ahead, within a transaction.
 * @throws with SQLSTATE 55P03 where somebody reads the tables for long.
 */
export async function makePartitions(db: Queryable): Promise<void> {
  await db.query({ text: LOCK_TIMEOUT });
  await db.query({ text: 'select ensure_ledger_partitions()' });
}

/** Makes the monthly partitions ahead of time for as long as the process runs. */
export function keepPartitions(pool: pg.Pool, onError: (error: unknown) => void): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const make = async (): Promise<void> => {
    let againMs = EVERY_MS;
    try {
      await inTransaction(pool, makePartitions);
    } catch (error) {
      onError(error);
      againMs = AFTER_FAILURE_MS;
    }
    if (!stopped) timer = setTimeout(() => void make(), againMs).unref();
  };
  void make();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
