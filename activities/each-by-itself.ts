import { Context } from '@temporalio/activity';
import type { QueryRef } from '../ledger/texts.ts';
import { inParallel } from './in-parallel.ts';

/**
 * A sweep's job for each query, so many at a time. One that fails is logged and left to the next sweep: it must not keep the
 * others, and what comes after them, from being done.
 * @returns how many jobs said yes.
 */
export async function eachByItself<Query extends QueryRef>(
  queries: readonly Query[],
  concurrency: number,
  job: (query: Query) => Promise<boolean>,
): Promise<number> {
  const { log } = Context.current();
  const done = await inParallel(queries, concurrency, async (query) => {
    try {
      return await job(query);
    } catch (error) {
      log.warn('a query could not be swept; the next sweep tries it again', {
        queryId: query.queryId,
        error,
      });
      return false;
    }
  });
  return done.filter(Boolean).length;
}
