/**
 * How long the reports take on a large ledger. Starts an embedded Postgres of its own with its stock settings, loads it, seals
 * its days, prints each report statement's time beside its plan, and deletes the data.
 *
 *     npm run bench:ledger -- --attempts 10000000
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '../ledger/migrate.ts';
import { taskReport } from '../ledger/report.ts';
import type { ReportRange } from '../ledger/report/range.ts';
import { sealReportDays } from '../ledger/seal-report-days.ts';
import { freePort } from '../local/ports.ts';
import { startPostgres } from '../local/postgres.ts';
import { DAYS, load, loadPolicies, makePartitions } from './ledger/load.ts';
import { median, milliseconds, planOf, statementsOf, triggerOverhead } from './ledger/measure.ts';

const { values: options } = parseArgs({ options: { attempts: { type: 'string', default: '10000000' } } });
const wanted = Number(options.attempts);
if (!Number.isSafeInteger(wanted) || wanted < 10_000) {
  throw new RangeError(`--attempts ${options.attempts}: expected a whole number, at least 10000`);
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

const folder = await mkdtemp(join(tmpdir(), 'escalier-bench-'));
const server = await startPostgres({ folder, port: await freePort(), onProgress: say });
const pool = new pg.Pool({ connectionString: server.url, max: 4 });
try {
  await run();
} finally {
  await pool.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const { rows } = await pool.query<{ version: string }>(
    `select current_setting('server_version') as version`,
  );
  say(`Postgres ${rows[0]?.version}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`);
  await migrate(server.url);
  await makePartitions(pool);
  await loadPolicies(pool);
  const secondary = ['attempts_by_query', 'attempts_by_task', 'attempts_open', 'queries_by_task'];
  const { rows: indexes } = await pool.query<{ name: string; sql: string }>(
    'select indexname as name, indexdef as sql from pg_indexes where indexname = any ($1)',
    [secondary],
  );
  for (const { name } of indexes) await pool.query(`drop index ${name}`);
  let attempts = 0;
  const loading = await milliseconds(async () => {
    attempts = await load(pool, wanted, say);
    for (const { sql } of indexes) await pool.query(sql.replace(' ON ONLY ', ' ON '));
    await pool.query('vacuum (analyze)');
  });
  say(`${attempts} attempts over ${DAYS} days, loaded in ${seconds(loading)}`);

  const liveAll = await milliseconds(() => taskReport(pool));
  say(`the whole report before any day is sealed: ${seconds(liveAll)} (once)`);
  const first = await milliseconds(() => sealReportDays(pool, { days: 1 }));
  say(`sealing one day (${Math.round(attempts / DAYS)} attempts): ${seconds(first)}`);
  const rest = await milliseconds(() => sealReportDays(pool, { days: DAYS }));
  say(`sealing the other ${DAYS - 2} that are over: ${seconds(rest)}`);
  await pool.query(
    'vacuum (analyze) report_days, report_spend, report_queries, report_stages, report_baselines',
  );

  const today = new Date().toISOString().slice(0, 10);
  const month = new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10);
  await measure('all tasks, all days', {});
  await measure('one task, 30 days', { task: 'task-1', since: month });
  await measure('all tasks, the live day alone', { since: today });
  await measure('all tasks, sealed days alone', { until: today });

  const insert = await triggerOverhead(pool, 20_000);
  say(
    `an attempt's insert into a day that is not sealed: ${insert.without.toFixed(1)} µs without the triggers, ${insert.with.toFixed(1)} µs with them`,
  );
}

async function measure(title: string, range: ReportRange): Promise<void> {
  say(`\n${title}: the whole report ${seconds(await median(() => taskReport(pool, range)))} (median of 5)`);
  for (const statement of await statementsOf(pool, range)) {
    const time = await median(() => pool.query(statement.text, [...statement.values]));
    say(`  ${statement.name}: ${seconds(time)}`);
    for (const line of await planOf(pool, statement, 4)) say(`      ${line}`);
  }
}
