/** A worker's writes without its calls: attempts opened and closed in the ledger, in a pool of a worker's size. */
import { openDatabase } from '../../ledger/database.ts';
import { newQuery, request } from '../ledger/requests.ts';
import { serveJobs, readOrders, type Orders } from '../run/child-side.ts';

interface WriterOrders extends Orders {
  readonly databaseUrl: string;
}

const { databaseUrl } = readOrders() as WriterOrders;
const pool = openDatabase({ url: databaseUrl, connections: 20, forWorker: true });

/** Attempts of one query, so that a query's own row is locked by one writer at a time. */
const ATTEMPTS_PER_QUERY = 50;
const free: { query: Awaited<ReturnType<typeof newQuery>>; made: number }[] = [];

serveJobs(
  async () => {
    const mine = free.pop() ?? { query: await newQuery(pool), made: 0 };
    await request(pool, mine.query, mine.made++);
    if (mine.made < ATTEMPTS_PER_QUERY) free.push(mine);
    return null;
  },
  { stop: () => pool.end() },
);
