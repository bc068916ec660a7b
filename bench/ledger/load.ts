import type pg from 'pg';

/** Days of the load, today among them. */
export const DAYS = 90;
const TASKS = 5;
/** What {@link attemptsOfDay} gives on average: three stages, retries, orphans, and judges for two tasks of five. */
const ATTEMPTS_PER_QUERY = 2.02;

/** Two policy versions for each task, so that reports mix them. */
export async function loadPolicies(pool: pg.Pool): Promise<void> {
  await pool.query(`
    insert into tasks (name, current_version) select 'task-' || t, 2 from generate_series(0, ${TASKS - 1}) t`);
  await pool.query(`
    insert into policies (task, version, policy, content_sha256)
    select 'task-' || t, v, jsonb_build_object('chain', (
      select jsonb_agg(jsonb_build_object('model', m.name, 'provider', 'vendor', 'modelId', m.name, 'maxOutputTokens', 4096,
        'price', jsonb_build_array(jsonb_build_object('id', m.name, 'source', 'bench', 'from', null, 'daily', null,
          'rates', jsonb_build_object('input', m.usd::text, 'output', (4 * m.usd)::text)))))
      from (values ('small', 0.1), ('medium', 0.5), ('large', 2.5)) m (name, usd))), v::text
    from generate_series(0, ${TASKS - 1}) t cross join generate_series(1, 2) v`);
}

/** The months that the days lie in; the ledger itself makes those from last month on. */
export async function makePartitions(pool: pg.Pool): Promise<void> {
  await pool.query(`
    do $$
    declare parent text; month timestamp; name text;
    begin
      for month in select generate_series(date_trunc('month', now() at time zone 'UTC' - interval '${DAYS} days'),
        date_trunc('month', now() at time zone 'UTC'), interval '1 month') loop
        foreach parent in array array['queries', 'attempts', 'labels', 'texts'] loop
          name := parent || to_char(month, '_YYYY_MM');
          if to_regclass(name) is null then
            execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent,
              month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
          end if;
        end loop;
      end loop;
    end $$`);
}

/**
 * So many attempts over all days, by SQL. Secondary indexes are made afterwards, and triggers rest meanwhile.
 * @returns how many attempts there are.
 */
export async function load(
  pool: pg.Pool,
  attempts: number,
  onProgress: (text: string) => void,
): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query(`set synchronous_commit = off`);
    await client.query(`set session_replication_role = replica`);
    await client.query(`select setseed(0.5)`);
    const queries = Math.round(attempts / ATTEMPTS_PER_QUERY / DAYS);
    for (let day = DAYS - 1; day >= 0; day--) {
      await client.query('drop table if exists load');
      await client.query(queriesOfDay(day, queries));
      await client.query(INSERT_QUERIES);
      await client.query(INSERT_ATTEMPTS);
      await client.query(INSERT_LABELS);
      if (day % 10 === 0) onProgress(`${DAYS - day} of ${DAYS} days are loaded`);
    }
    const { rows } = await client.query<{ n: string }>('select count(*) as n from attempts');
    return Number(rows[0]?.n);
  } finally {
    // Its settings go with it.
    client.release(true);
  }
}

/** 60% stop at the first stage, 25% at the second, 15% climb to the last. Of today's queries some still run. */
function queriesOfDay(daysAgo: number, queries: number): string {
  return `
    create temp table load as
    select l.*, uuidv7(l.started_at - now()) as query_id, uuidv7(l.started_at - now()) as a0, uuidv7(l.started_at - now()) as a1,
      uuidv7(l.started_at - now()) as a2, case when l.depth < 0.6 then 0 when l.depth < 0.85 then 1 else 2 end as served
    from (
      select date_trunc('day', now(), 'UTC') - interval '${daysAgo} days' + i * interval '1 day' / ${queries} as started_at,
        'task-' || i % ${TASKS} as task, ${daysAgo > 40 ? 1 : 2} as version, random() as depth, random() as luck,
        (400 + 1200 * random())::int as input, (50 + 400 * random())::int as output,
        random() < ${daysAgo === 0 ? 0.01 : 0} as running
      from generate_series(0, ${queries - 1}) i
    ) l`;
}

const INSERT_QUERIES = `
  insert into queries (query_id, started_at, task, policy_version, status, outcome, accepted, served_attempt_id, served_model,
    served_stage, confidence, threshold, retention, request_sha256, namespace, workflow_id, run_id, ended_at)
  select query_id, started_at, task, version, case when running then 'running' else 'ended' end,
    case when running then null when luck < 0.01 then 'cancelled' when served = 2 then 'last-stage' else 'accepted' end,
    case when not running then luck >= 0.01 end,
    case when not running and luck >= 0.01 then case served when 0 then a0 when 1 then a1 else a2 end end,
    (array['small', 'medium', 'large'])[served + 1], served, case when served = 2 then 0.5 else 0.9 end, 0.7, 'hash',
    md5(query_id::text) || md5(task), 'default', 'bench/' || query_id, gen_random_uuid()::text,
    case when not running then started_at + interval '3 seconds' end
  from load`;

/** 3% of first calls fail and are retried, 0.3% of requests are lost; two tasks of five have a judge. */
const INSERT_ATTEMPTS = `
  insert into attempts (attempt_id, query_started_at, query_id, task, policy_version, purpose, stage, ordinal, try, provider,
    model, model_id, status, verdict, confidence, threshold, failure_kind, input_tokens, output_tokens, cost_low_usd,
    cost_high_usd, cost_source, response_sha256, latency_ms, started_at, closed_at, expires_at, workflow_id, run_id,
    activity_attempt, worker)
  select a.attempt_id, l.started_at, l.query_id, l.task, l.version, a.purpose, a.stage, 0, a.try, 'vendor', a.model, a.model,
    a.status,
    case when l.running or l.luck < 0.01 or a.status <> 'succeeded' or a.purpose <> 'serve' then null
      when a.stage = l.served then 'accepted' else 'rejected' end,
    0.8, 0.7, case when a.status = 'failed' then 'server-error' end,
    case when a.status = 'succeeded' then l.input end, case when a.status = 'succeeded' then l.output end,
    case when a.status = 'succeeded' then a.usd * (l.input + 4 * l.output) / 1000000 else 0 end,
    case when a.status = 'succeeded' then a.usd * (l.input + 4 * l.output) / 1000000
      when a.status = 'orphaned' then a.usd * (l.input + 4 * 4096) / 1000000 else 0 end,
    case when a.status = 'orphaned' then 'estimate' else 'catalogue' end, md5(a.attempt_id::text) || md5(l.task), 900,
    l.started_at, case when a.status <> 'started' then l.started_at + interval '1 second' end,
    l.started_at + interval '1 minute', 'bench/' || l.query_id, 'run', 1, 'bench'
  from load l cross join lateral (
    select l.a0 as attempt_id, 'serve' as purpose, 0 as stage, case when l.luck > 0.97 then 2 else 1 end as try,
      'small' as model, 0.1 as usd, case when l.running and l.served = 0 then 'started' else 'succeeded' end as status
    union all select l.a1, 'serve', 1, case when l.luck between 0.5 and 0.51 then 2 else 1 end, 'medium', 0.5,
      'succeeded' where l.served >= 1
    union all select l.a2, 'serve', 2, 1, 'large', 2.5, 'succeeded' where l.served >= 2
    union all select uuidv7(l.started_at - now()), 'serve', 0, 1, 'small', 0.1, 'failed' where l.luck > 0.97
    union all select uuidv7(l.started_at - now()), 'serve', 1, 1, 'medium', 0.5, 'orphaned'
      where l.served >= 1 and l.luck between 0.5 and 0.51
    union all select uuidv7(l.started_at - now()), 'score', 0, 1, 'judge', 0.1, 'succeeded' where l.task in ('task-0', 'task-1')
  ) a`;

/** 5% of the answers. */
const INSERT_LABELS = `
  insert into labels (query_started_at, query_id, attempt_id, source, correct)
  select started_at, query_id, case served when 0 then a0 when 1 then a1 else a2 end, 'reference', random() < 0.9
  from load where luck > 0.5 and luck < 0.55 and not running`;
