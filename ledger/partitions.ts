import type pg from 'pg';

/** Partitions are made months ahead, so a few failed rounds do no harm. */
const EVERY_MS = 6 * 60 * 60 * 1000;

/** Makes the monthly partitions ahead of time for as long as the process runs. */
export function keepPartitions(pool: pg.Pool, onError: (error: unknown) => void): { stop(): void } {
  const make = (): void => {
    pool.query('select ensure_ledger_partitions()').catch(onError);
  };
  make();
  const timer = setInterval(make, EVERY_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}
