import type pg from 'pg';
import { taskReport } from '../../ledger/report.ts';
import type { ReportRange } from '../../ledger/report/range.ts';

export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

const RUNS = 5;

export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Of five runs, in milliseconds. */
export async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push(await milliseconds(work));
  return times.sort((a, b) => a - b)[(RUNS - 1) / 2] ?? Number.NaN;
}

/** The statements that a report really runs, in their order: nothing is written down twice. */
export async function statementsOf(pool: pg.Pool, range: ReportRange): Promise<Statement[]> {
  const statements: Statement[] = [];
  const client = await pool.connect();
  const query = client.query.bind(client) as (config: unknown) => Promise<pg.QueryResult>;
  const recorder = Object.assign(Object.create(client) as pg.PoolClient, {
    query: (config: string | pg.QueryConfig) => {
      if (typeof config !== 'string' && config.name?.startsWith('report-') === true) {
        statements.push({ name: config.name, text: config.text, values: config.values ?? [] });
      }
      return query(config);
    },
  });
  try {
    const one = { connect: () => Promise.resolve(recorder) } as unknown as pg.Pool;
    recorder.release = () => undefined;
    await taskReport(one, range);
  } finally {
    client.release();
  }
  return statements;
}

/** The first lines of a statement's plan, with the times that it took. */
export async function planOf(pool: pg.Pool, { text, values }: Statement, lines: number): Promise<string[]> {
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (analyze, costs off) ${text}`, [
    ...values,
  ]);
  const plan = rows.map((row) => row['QUERY PLAN']);
  return [...plan.slice(0, lines), ...plan.filter((line) => /^(Planning|Execution) Time|^JIT/.test(line))];
}

/**
 * What the triggers add to one insert of an attempt into a day that is not sealed, in microseconds: a loop inside the
 * server with and without them, undone afterwards.
 */
export async function triggerOverhead(
  pool: pg.Pool,
  inserts: number,
): Promise<{ with: number; without: number }> {
  const run = async (role: 'origin' | 'replica'): Promise<number> => {
    const client = await pool.connect();
    try {
      await client.query(`begin`);
      await client.query(`set local session_replication_role = ${role}`);
      const taken = await milliseconds(() => client.query(insertLoop(inserts)));
      return (taken * 1000) / inserts;
    } finally {
      await client.query('rollback');
      client.release();
    }
  };
  const times = { with: [] as number[], without: [] as number[] };
  for (let round = 0; round < RUNS; round++) {
    times.with.push(await run('origin'));
    times.without.push(await run('replica'));
  }
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[(RUNS - 1) / 2] ?? Number.NaN;
  return { with: middle(times.with), without: middle(times.without) };
}

function insertLoop(inserts: number): string {
  return `
    do $$
    begin
      for i in 1..${inserts} loop
        insert into attempts (attempt_id, query_started_at, query_id, task, policy_version, purpose, stage, try, provider, model,
          model_id, cost_low_usd, cost_high_usd, cost_source, started_at, expires_at, workflow_id, run_id, activity_attempt, worker)
        values (gen_random_uuid(), now(), gen_random_uuid(), 'task-0', 2, 'serve', 0, 1, 'vendor', 'small', 'small', 0, 1,
          'estimate', now(), now(), 'bench', 'run', 1, 'bench');
      end loop;
    end $$`;
}
