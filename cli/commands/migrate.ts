import { openDatabase, requireDatabase } from '../../ledger/database.ts';
import { migrate } from '../../ledger/migrate.ts';
import { requireDatabaseUrl, type Context } from '../context.ts';

export async function migrateCommand(context: Context): Promise<void> {
  const url = await requireDatabaseUrl(context);
  const pool = openDatabase({ url, connections: 1 });
  try {
    await requireDatabase(pool, url);
  } finally {
    await pool.end();
  }
  const applied = await migrate(url);
  if (context.json) context.out(JSON.stringify({ applied }));
  else context.out(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`);
}
