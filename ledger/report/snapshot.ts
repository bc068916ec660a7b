import type pg from 'pg';
import { inTransaction, onlyRow, type Queryable } from '../database.ts';

/** Runs `read` on one snapshot of the ledger, so that figures of several statements agree while queries go on. */
export async function onSnapshot<T>(
  pool: pg.Pool,
  read: (db: Queryable, asOf: Date) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, async (db) => {
    await db.query('set transaction isolation level repeatable read read only');
    const { rows } = await db.query<{ now: Date }>('select now()');
    return read(db, onlyRow(rows, 'the time').now);
  });
}
