/**
 * What one budget costs: requests opened and closed per second while all of them reserve in one row, against the same
 * without a budget, in one run on one embedded Postgres. Figures are of this machine; what carries over is their ratio.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type pg from 'pg';
import { openDatabase } from '../ledger/database.ts';
import { migrate } from '../ledger/migrate.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { freePort } from '../local/ports.ts';
import { startPostgres } from '../local/postgres.ts';
import { newQuery, policy, request, TASK } from './ledger/requests.ts';

const CONCURRENCIES = [1, 8, 32, 64];
/** Long enough that a checkpoint or a neighbour on the machine moves a figure by a few percent only. */
const SECONDS = 5;
/** The two sides take turns, so that a slow minute of the machine hits both. */
const ROUNDS = 2;

const budget = { scopeKind: 'task', scope: TASK, period: 'day', limitUsd: '1000000' } as const;

const folder = await mkdtemp(join(tmpdir(), 'escalier-bench-'));
// Where this runs as root, Postgres runs as another user, who must be able to enter.
await chmod(folder, 0o755);
const server = await startPostgres({
  folder: join(folder, 'postgres'),
  port: await freePort(),
  onProgress: () => undefined,
});
try {
  await migrate(server.url);
  const pool = openDatabase({ url: server.url, connections: Math.max(...CONCURRENCIES) });
  try {
    await compare(pool);
  } finally {
    await pool.end();
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function compare(pool: pg.Pool): Promise<void> {
  console.log(`requests opened and closed per second, ${ROUNDS} rounds of ${SECONDS} s each`);
  console.log('| at once | no budget | one budget | ratio |');
  console.log('| ------- | --------- | ---------- | ----- |');
  for (const concurrency of CONCURRENCIES) {
    let [without, within] = [0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      await applyPolicies(pool, [policy], []);
      without += await rate(pool, concurrency);
      await applyPolicies(pool, [policy], [budget]);
      within += await rate(pool, concurrency);
    }
    const cells = [concurrency, Math.round(without / ROUNDS), Math.round(within / ROUNDS)];
    console.log(`| ${cells.join(' | ')} | ${(within / without).toFixed(2)} |`);
  }
}

/** Requests per second, so many at once, each worker with a query of its own: only the budget is shared. */
async function rate(pool: pg.Pool, concurrency: number): Promise<number> {
  const queries = await Promise.all(Array.from({ length: concurrency }, () => newQuery(pool)));
  const begun = performance.now();
  const endsAt = begun + SECONDS * 1000;
  const done = await Promise.all(
    queries.map(async (query) => {
      let requests = 0;
      for (; performance.now() < endsAt; requests += 1) await request(pool, query, requests);
      return requests;
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  return done.reduce((sum, requests) => sum + requests, 0) / seconds;
}
