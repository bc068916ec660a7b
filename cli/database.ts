import type pg from 'pg';
import { openDatabase, requireDatabase } from '../ledger/database.ts';
import { schemaProblem } from '../ledger/migrate.ts';
import { requireDatabaseUrl, type Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';

/** The ledger's database, checked to be reachable and of this version's schema; closed when `work` is done. */
export async function withDatabase<T>(context: Context, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const url = await requireDatabaseUrl(context);
  const pool = openDatabase({ url, connections: 4, applicationName: 'escalier' });
  try {
    await requireDatabase(pool, url);
    const problem = await schemaProblem(pool);
    if (problem !== null) throw new CliError(problem, EXIT.usage);
    return await work(pool);
  } finally {
    await pool.end();
  }
}
