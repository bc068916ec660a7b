-- The numbers of every report, by UTC day of the query's start: views that read sealed days from rollups and compute the
-- others from the base tables, with the same functions, so that both give the same rows.

-- Attempts of queries that started in [since, until), each with its class. Both tables are bounded, so that a day is an
-- index range of each; a condition on the view attempt_spend bounds the attempts alone.
create function spend_of_attempts(since timestamptz, until timestamptz)
returns table (
  query_id uuid, query_started_at timestamptz, attempt_id uuid, task text, policy_version integer, purpose text,
  stage integer, model text, spend_class text, cost_low_usd numeric, cost_high_usd numeric,
  cost_usd numeric, cost_source text, provider text
)
language sql stable parallel safe as $$
  select a.query_id, a.query_started_at, a.attempt_id, a.task, a.policy_version, a.purpose, a.stage, a.model,
    case
      when a.purpose = 'audit' then 'audit'
      when a.purpose = 'score' then 'scoring'
      when a.purpose in ('route', 'embed') then 'routing'
      when a.status = 'started' then 'open'
      when a.status = 'orphaned' then 'orphaned'
      when a.status = 'cancelled' then 'cancelled'
      when a.status = 'failed' and exists (
        select from attempts b
        where b.query_started_at = a.query_started_at and b.query_id = a.query_id
          and b.purpose = a.purpose and b.stage = a.stage and (b.ordinal, b.try) > (a.ordinal, a.try)
      ) then 'retried'
      when a.status = 'failed' then 'failed'
      when q.status is distinct from 'ended' then 'pending'
      when q.served_attempt_id is null then 'unanswered'
      when a.attempt_id = q.served_attempt_id then
        case when q.confidence >= q.threshold then 'accepted' else 'fallback' end
      when a.verdict = 'corroborated' then 'corroborated'
      when a.verdict = 'rejected' then 'discarded'
      else 'duplicate'
    end,
    a.cost_low_usd, a.cost_high_usd, a.cost_usd, a.cost_source, a.provider
  from attempts a
  left join queries q on q.started_at = a.query_started_at and q.query_id = a.query_id
    and q.started_at >= since and q.started_at < until
  where a.query_started_at >= since and a.query_started_at < until
$$;
comment on function spend_of_attempts(timestamptz, timestamptz) is 'Attempts of queries that started in the interval (since inclusive, until exclusive), each with its spend class: see attempt_spend.';

-- A function's columns forget their precision, which a view's must not.
create or replace view attempt_spend as
select query_id, query_started_at, attempt_id, task, policy_version, purpose, stage, model, spend_class,
  cost_low_usd::numeric(24, 12), cost_high_usd::numeric(24, 12), cost_usd::numeric(24, 12), cost_source, provider
from spend_of_attempts('-infinity', 'infinity');
comment on column attempt_spend.provider is 'The provider''s name in the settings.';

create function utc_day_start(day date) returns timestamptz
language sql immutable parallel safe as $$ select day::timestamp at time zone 'UTC' $$;
comment on function utc_day_start(date) is 'The instant at which a UTC day starts.';

create table report_days (
  day date primary key,
  ready boolean not null default false,
  watched_from xid8,
  sealed_at timestamptz,
  check (ready = (sealed_at is not null))
);
comment on table report_days is 'Days that are sealed, or about to be. A day that is ready is read from the rollups (report_spend, report_queries, report_stages, report_baselines), every other day from the base tables. A change to a day''s queries, attempts or labels takes its row away.';
comment on column report_days.day is 'UTC day on which the queries started.';
comment on column report_days.ready is 'Whether the rollups hold the day. False: marked, so that changes are noticed, and not summed up yet.';
comment on column report_days.watched_from is 'A transaction that began to write after the mark was committed: no younger one changes the day without taking the mark away. The day is summed up once all older ones have ended. Null until the first look after the mark.';
comment on column report_days.sealed_at is 'When it became ready.';

-- The functions of one day are planned for that day each time: a plan for any day would guess how much of the tables it
-- is, and can join one row at a time. So they cannot be inlined, and the views filter on the list of days. With the
-- stock 4 MB of memory a day of 100,000 attempts would be sorted on disk.

create table report_spend (
  day date not null,
  task text not null,
  policy_version integer not null,
  purpose text not null,
  stage integer not null,
  provider text not null,
  model text not null,
  spend_class text not null,
  cost_source text not null,
  attempts bigint not null,
  without_price bigint not null,
  unbounded bigint not null,
  known_usd numeric not null,
  low_usd numeric not null,
  high_usd numeric not null
);
create index report_spend_by_day on report_spend (day);
comment on table report_spend is 'Every attempt, summed by UTC day of its query''s start and by what its money went into.';
comment on column report_spend.day is 'UTC day on which the query started: an attempt counts with its query.';
comment on column report_spend.task is 'The task.';
comment on column report_spend.policy_version is 'The policy version that the query is pinned to.';
comment on column report_spend.purpose is 'Why it was made: serve, score (a judge), route, audit, embed.';
comment on column report_spend.stage is 'Place in the chain, from 0; for a judge, the stage that it judged.';
comment on column report_spend.provider is 'The provider''s name in the settings.';
comment on column report_spend.model is 'The model''s name in the settings.';
comment on column report_spend.spend_class is 'What the money went into: see attempt_spend.spend_class.';
comment on column report_spend.cost_source is 'provider, catalogue, estimate (bounds only) or unknown (no price): see attempts.cost_source.';
comment on column report_spend.attempts is 'How many.';
comment on column report_spend.without_price is 'Of those, how many have no known price.';
comment on column report_spend.unbounded is 'Of those, how many nothing bounds from above, those without a price among them.';
comment on column report_spend.known_usd is 'Sum of the costs that are known, in USD.';
comment on column report_spend.low_usd is 'The least that they can have cost together, in USD.';
comment on column report_spend.high_usd is 'Sum of the upper bounds that are known, in USD: a bound of the whole only where unbounded is 0.';

create function spend_of_day(of_day date) returns setof report_spend
language plpgsql stable set plan_cache_mode = force_custom_plan set jit = off set work_mem = '64MB' as $$
begin
  return query
    select of_day, task, policy_version, purpose, stage, provider, model, spend_class, cost_source,
      count(*), count(*) filter (where cost_source = 'unknown'), count(*) - count(cost_high_usd),
      coalesce(sum(cost_usd), 0), coalesce(sum(cost_low_usd), 0), coalesce(sum(cost_high_usd), 0)
    from spend_of_attempts(utc_day_start(of_day), utc_day_start(of_day + 1))
    group by task, policy_version, purpose, stage, provider, model, spend_class, cost_source;
end
$$;
comment on function spend_of_day(date) is 'Rows of spend_by_day for one day, from the base tables.';

create table report_queries (
  day date not null,
  task text not null,
  policy_version integer not null,
  status text not null,
  outcome text,
  queries bigint not null,
  served bigint not null,
  labelled bigint not null,
  correct bigint not null
);
create index report_queries_by_day on report_queries (day);
comment on table report_queries is 'Every query, summed by UTC day of its start and by how it ended.';
comment on column report_queries.day is 'UTC day on which the query started.';
comment on column report_queries.task is 'The task.';
comment on column report_queries.policy_version is 'The policy version that the query is pinned to.';
comment on column report_queries.status is 'running or ended.';
comment on column report_queries.outcome is 'How it ended; null while it runs: see queries.outcome.';
comment on column report_queries.queries is 'How many.';
comment on column report_queries.served is 'Of those, how many have an answer.';
comment on column report_queries.labelled is 'Of those with an answer, how many have a label of it.';
comment on column report_queries.correct is 'Of those with a label, how many are right by the newest one.';

create function queries_of_day(of_day date) returns setof report_queries
language plpgsql stable set plan_cache_mode = force_custom_plan set jit = off set work_mem = '64MB' as $$
begin
  return query
    select of_day, q.task, q.policy_version, q.status, q.outcome,
      count(*), count(q.served_attempt_id), count(newest.correct), count(*) filter (where newest.correct)
    from queries q
    left join (
      select distinct on (l.query_started_at, l.attempt_id) l.query_started_at, l.attempt_id, l.correct
      from labels l
      where l.query_started_at >= utc_day_start(of_day) and l.query_started_at < utc_day_start(of_day + 1)
      order by l.query_started_at, l.attempt_id, l.labelled_at desc, l.source
    ) newest on newest.query_started_at = q.started_at and newest.attempt_id = q.served_attempt_id
    where q.started_at >= utc_day_start(of_day) and q.started_at < utc_day_start(of_day + 1)
    group by q.task, q.policy_version, q.status, q.outcome;
end
$$;
comment on function queries_of_day(date) is 'Rows of queries_by_day for one day, from the base tables.';

create table report_stages (
  day date not null,
  task text not null,
  policy_version integer not null,
  stage integer not null,
  model text not null,
  reached bigint not null,
  stopped bigint not null,
  ended_here bigint not null,
  went_on bigint not null,
  serve_low_usd numeric not null,
  serve_high_usd numeric not null,
  serve_unbounded bigint not null,
  scoring_low_usd numeric not null,
  scoring_high_usd numeric not null,
  scoring_unbounded bigint not null,
  to_go_low_usd numeric not null,
  to_go_high_usd numeric not null,
  to_go_unbounded bigint not null
);
create index report_stages_by_day on report_stages (day);
comment on table report_stages is 'How far queries climbed and what each stage cost, by UTC day of the query''s start.';
comment on column report_stages.day is 'UTC day on which the query started.';
comment on column report_stages.task is 'The task.';
comment on column report_stages.policy_version is 'The policy version that the query is pinned to.';
comment on column report_stages.stage is 'Place in the chain, from 0.';
comment on column report_stages.model is 'The stage''s model, by its name in the settings.';
comment on column report_stages.reached is 'Queries, ended or running, that made a serve attempt here, whatever became of it.';
comment on column report_stages.stopped is 'Of ended_here, those that the stop rule stopped: their outcome is accepted.';
comment on column report_stages.ended_here is 'Ended queries that made no serve attempt at a later stage, whatever they ended with and whichever answer they served.';
comment on column report_stages.went_on is 'Ended queries that made a serve attempt at a later stage. Those that are neither ended_here nor went_on still run.';
comment on column report_stages.serve_low_usd is 'The least that serve attempts here can have cost, retries, failures and orphans too, in USD.';
comment on column report_stages.serve_high_usd is 'Sum of their known upper bounds, in USD: a bound only where serve_unbounded is 0.';
comment on column report_stages.serve_unbounded is 'How many of them nothing bounds from above.';
comment on column report_stages.scoring_low_usd is 'The least that judges of this stage can have cost, in USD.';
comment on column report_stages.scoring_high_usd is 'Sum of their known upper bounds, in USD: a bound only where scoring_unbounded is 0.';
comment on column report_stages.scoring_unbounded is 'How many of their attempts nothing bounds from above.';
comment on column report_stages.to_go_low_usd is 'The least that the queries that went on can have cost after this stage (serve and score attempts of later stages), in USD.';
comment on column report_stages.to_go_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where to_go_unbounded is 0.';
comment on column report_stages.to_go_unbounded is 'How many of those attempts nothing bounds from above.';

create function stages_of_day(of_day date) returns setof report_stages
language plpgsql stable set plan_cache_mode = force_custom_plan set jit = off set work_mem = '64MB' as $$
begin
  -- A row per query and stage, then what the query spent after it.
  return query
    select of_day, task, policy_version, stage, model,
      count(*),
      count(*) filter (where ended and not later and outcome = 'accepted'),
      count(*) filter (where ended and not later),
      count(*) filter (where ended and later),
      sum(serve_low), sum(serve_high), sum(serve_unbounded)::bigint,
      sum(scoring_low), sum(scoring_high), sum(scoring_unbounded)::bigint,
      coalesce(sum(after_low) filter (where ended and later), 0),
      coalesce(sum(after_high) filter (where ended and later), 0),
      coalesce(sum(after_unbounded) filter (where ended and later), 0)::bigint
    from (
      select s.*, q.outcome, q.status = 'ended' as ended,
        coalesce(bool_or(s.model is not null) over later_stages, false) as later,
        sum(s.serve_low + s.scoring_low) over later_stages as after_low,
        sum(s.serve_high + s.scoring_high) over later_stages as after_high,
        sum(s.serve_unbounded + s.scoring_unbounded) over later_stages as after_unbounded
      from (
        -- A policy version has one model at a stage; min makes it one also for rows that say otherwise.
        select a.query_started_at, a.query_id, a.task, a.policy_version, a.stage,
          min(a.model) filter (where a.purpose = 'serve') as model,
          coalesce(sum(a.cost_low_usd) filter (where a.purpose = 'serve'), 0) as serve_low,
          coalesce(sum(a.cost_high_usd) filter (where a.purpose = 'serve'), 0) as serve_high,
          count(*) filter (where a.purpose = 'serve' and a.cost_high_usd is null) as serve_unbounded,
          coalesce(sum(a.cost_low_usd) filter (where a.purpose = 'score'), 0) as scoring_low,
          coalesce(sum(a.cost_high_usd) filter (where a.purpose = 'score'), 0) as scoring_high,
          count(*) filter (where a.purpose = 'score' and a.cost_high_usd is null) as scoring_unbounded
        from attempts a
        where a.query_started_at >= utc_day_start(of_day) and a.query_started_at < utc_day_start(of_day + 1)
          and a.purpose in ('serve', 'score')
        group by a.query_started_at, a.query_id, a.task, a.policy_version, a.stage
      ) s
      join queries q on q.started_at = s.query_started_at and q.query_id = s.query_id
        and q.started_at >= utc_day_start(of_day) and q.started_at < utc_day_start(of_day + 1)
      window later_stages as (
        partition by s.query_started_at, s.query_id order by s.stage desc rows between unbounded preceding and 1 preceding
      )
    ) climbed
    where model is not null
    group by task, policy_version, stage, model;
end
$$;
comment on function stages_of_day(date) is 'Rows of stages_by_day for one day, from the base tables.';

create table report_baselines (
  day date not null,
  task text not null,
  policy_version integer not null,
  model text not null,
  input_over bigint,
  input_up_to bigint,
  called bigint not null,
  called_own_low_usd numeric not null,
  called_own_high_usd numeric not null,
  called_own_unbounded bigint not null,
  called_all_low_usd numeric not null,
  called_all_high_usd numeric not null,
  called_all_unbounded bigint not null,
  not_called bigint not null,
  not_called_input_tokens bigint not null,
  not_called_all_low_usd numeric not null,
  not_called_all_high_usd numeric not null,
  not_called_all_unbounded bigint not null,
  left_out bigint not null,
  left_out_all_low_usd numeric not null,
  left_out_all_high_usd numeric not null,
  left_out_all_unbounded bigint not null
);
create index report_baselines_by_day on report_baselines (day);
comment on table report_baselines is 'Ended queries beside each model of their chain as a baseline, by UTC day of the query''s start: what it cost where it was called, and the input that it would have read where it was not.';
comment on column report_baselines.day is 'UTC day on which the query started.';
comment on column report_baselines.task is 'The task.';
comment on column report_baselines.policy_version is 'The policy version that the query is pinned to.';
comment on column report_baselines.model is 'The baseline: a model of the version''s chain, by its name in the settings.';
comment on column report_baselines.input_over is 'The query''s first usable response had more input tokens than this (the smallest bucket also holds none at all). Edges lie where vendors change prices: see input_bucket. Null where no response was usable.';
comment on column report_baselines.input_up_to is 'And at most this many; null in the last bucket, and where no response was usable.';
comment on column report_baselines.called is 'Queries that made a serve attempt of the baseline''s model.';
comment on column report_baselines.called_own_low_usd is 'The least that those attempts can have cost, in USD.';
comment on column report_baselines.called_own_high_usd is 'Sum of their known upper bounds, in USD: a bound only where called_own_unbounded is 0.';
comment on column report_baselines.called_own_unbounded is 'How many of those attempts nothing bounds from above.';
comment on column report_baselines.called_all_low_usd is 'The least that those queries can have cost, audits aside, in USD.';
comment on column report_baselines.called_all_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where called_all_unbounded is 0.';
comment on column report_baselines.called_all_unbounded is 'How many attempts of those queries nothing bounds from above.';
comment on column report_baselines.not_called is 'Queries that did not call it, with a usable response of another model.';
comment on column report_baselines.not_called_input_tokens is 'Sum of the input tokens of their first usable responses.';
comment on column report_baselines.not_called_all_low_usd is 'The least that those queries can have cost, audits aside, in USD.';
comment on column report_baselines.not_called_all_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where not_called_all_unbounded is 0.';
comment on column report_baselines.not_called_all_unbounded is 'How many attempts of those queries nothing bounds from above.';
comment on column report_baselines.left_out is 'Queries that did not call it and have no usable response with a count of its input: what it would have cost is not known at all.';
comment on column report_baselines.left_out_all_low_usd is 'The least that those queries can have cost, audits aside, in USD.';
comment on column report_baselines.left_out_all_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where left_out_all_unbounded is 0.';
comment on column report_baselines.left_out_all_unbounded is 'How many attempts of those queries nothing bounds from above.';

-- Tokens above which catalogue prices change (genai-prices 0.1), and the context lengths between.
create function input_bucket_edges() returns bigint[]
language sql immutable parallel safe as $$ select '{0,32000,128000,199999,200000,256000,271999,272000,512000}'::bigint[] $$;
comment on function input_bucket_edges() is 'Input tokens above which a vendor may charge another price, ascending: a bucket is more than one edge and at most the next.';

create function baselines_of_day(of_day date) returns setof report_baselines
language plpgsql stable set plan_cache_mode = force_custom_plan set jit = off set work_mem = '64MB' as $$
begin
  return query
    select of_day, q.task, q.policy_version, c.model, min(b.input_over), min(b.input_up_to),
      count(*) filter (where m.called),
      coalesce(sum(m.own_low), 0), coalesce(sum(m.own_high), 0), coalesce(sum(m.own_unbounded), 0)::bigint,
      coalesce(sum(q.all_low) filter (where m.called), 0), coalesce(sum(q.all_high) filter (where m.called), 0),
      coalesce(sum(q.all_unbounded) filter (where m.called), 0)::bigint,
      count(*) filter (where m.called is null and q.input_tokens is not null),
      coalesce(sum(q.input_tokens) filter (where m.called is null), 0)::bigint,
      coalesce(sum(q.all_low) filter (where m.called is null and q.input_tokens is not null), 0),
      coalesce(sum(q.all_high) filter (where m.called is null and q.input_tokens is not null), 0),
      coalesce(sum(q.all_unbounded) filter (where m.called is null and q.input_tokens is not null), 0)::bigint,
      count(*) filter (where m.called is null and q.input_tokens is null),
      coalesce(sum(q.all_low) filter (where m.called is null and q.input_tokens is null), 0),
      coalesce(sum(q.all_high) filter (where m.called is null and q.input_tokens is null), 0),
      coalesce(sum(q.all_unbounded) filter (where m.called is null and q.input_tokens is null), 0)::bigint
    from (
      select q.started_at, q.query_id, q.task, q.policy_version,
        (array_agg(a.input_tokens order by a.stage, a.ordinal, a.try)
          filter (where a.purpose = 'serve' and a.status = 'succeeded' and a.input_tokens is not null))[1] as input_tokens,
        coalesce(sum(a.cost_low_usd), 0) as all_low,
        coalesce(sum(a.cost_high_usd), 0) as all_high,
        count(a.attempt_id) - count(a.cost_high_usd) as all_unbounded
      from queries q
      left join attempts a on a.query_started_at = q.started_at and a.query_id = q.query_id and a.purpose <> 'audit'
        and a.query_started_at >= utc_day_start(of_day) and a.query_started_at < utc_day_start(of_day + 1)
      where q.started_at >= utc_day_start(of_day) and q.started_at < utc_day_start(of_day + 1) and q.status = 'ended'
      group by q.started_at, q.query_id
    ) q
    join (
      select distinct p.task, p.version, stage ->> 'model' as model
      from policies p cross join jsonb_array_elements(p.policy -> 'chain') stage
    ) c on c.task = q.task and c.version = q.policy_version
    left join (
      select a.query_started_at, a.query_id, a.model, true as called, sum(a.cost_low_usd) as own_low,
        coalesce(sum(a.cost_high_usd), 0) as own_high, count(*) - count(a.cost_high_usd) as own_unbounded
      from attempts a
      where a.query_started_at >= utc_day_start(of_day) and a.query_started_at < utc_day_start(of_day + 1)
        and a.purpose = 'serve'
      group by a.query_started_at, a.query_id, a.model
    ) m on m.query_started_at = q.started_at and m.query_id = q.query_id and m.model = c.model
    left join (
      select edge as input_over, lead(edge) over (order by edge) as input_up_to
      from unnest(input_bucket_edges()) edge
    ) b on (q.input_tokens > b.input_over or (q.input_tokens = 0 and b.input_over = 0))
      and (q.input_tokens <= b.input_up_to or b.input_up_to is null)
    group by q.task, q.policy_version, c.model, b.input_over;
end
$$;
comment on function baselines_of_day(date) is 'Rows of baselines_by_day for one day, from the base tables.';

-- Days that the base tables hold and no rollup does. A day whose month was dropped is not among them.
create function unsealed_report_days() returns setof date
language sql stable parallel safe as $$
  select d.day::date
  from (
    select least((select min(started_at) from queries), (select min(query_started_at) from attempts)) as first,
      greatest((select max(started_at) from queries), (select max(query_started_at) from attempts)) as last
  ) held
  cross join lateral generate_series(
    (held.first at time zone 'UTC')::date::timestamp, (held.last at time zone 'UTC')::date::timestamp, interval '1 day'
  ) d (day)
  where not exists (select from report_days r where r.day = d.day::date and r.ready)
$$;
comment on function unsealed_report_days() is 'UTC days from the first to the last that the base tables hold, without those that are sealed.';

create view spend_by_day as
select r.* from report_days d join report_spend r on r.day = d.day where d.ready
union all
select u.day, live.task, live.policy_version, live.purpose, live.stage, live.provider, live.model, live.spend_class,
  live.cost_source, live.attempts, live.without_price, live.unbounded, live.known_usd, live.low_usd,
  live.high_usd
from unsealed_report_days() u (day) cross join lateral spend_of_day(u.day) live;

create view queries_by_day as
select r.* from report_days d join report_queries r on r.day = d.day where d.ready
union all
select u.day, live.task, live.policy_version, live.status, live.outcome, live.queries, live.served, live.labelled,
  live.correct
from unsealed_report_days() u (day) cross join lateral queries_of_day(u.day) live;

create view stages_by_day as
select r.* from report_days d join report_stages r on r.day = d.day where d.ready
union all
select u.day, live.task, live.policy_version, live.stage, live.model, live.reached, live.stopped, live.ended_here,
  live.went_on, live.serve_low_usd, live.serve_high_usd, live.serve_unbounded, live.scoring_low_usd,
  live.scoring_high_usd, live.scoring_unbounded, live.to_go_low_usd, live.to_go_high_usd, live.to_go_unbounded
from unsealed_report_days() u (day) cross join lateral stages_of_day(u.day) live;

create view baselines_by_day as
select r.* from report_days d join report_baselines r on r.day = d.day where d.ready
union all
select u.day, live.task, live.policy_version, live.model, live.input_over, live.input_up_to, live.called,
  live.called_own_low_usd, live.called_own_high_usd, live.called_own_unbounded, live.called_all_low_usd,
  live.called_all_high_usd, live.called_all_unbounded, live.not_called, live.not_called_input_tokens,
  live.not_called_all_low_usd, live.not_called_all_high_usd, live.not_called_all_unbounded, live.left_out,
  live.left_out_all_low_usd, live.left_out_all_high_usd, live.left_out_all_unbounded
from unsealed_report_days() u (day) cross join lateral baselines_of_day(u.day) live;

create view double_billing as
select day, task, policy_version, reason, spend_class, sum(attempts)::bigint as attempts,
  sum(without_price)::bigint as without_price, sum(unbounded)::bigint as unbounded,
  sum(known_usd) as known_usd, sum(low_usd) as low_usd, sum(high_usd) as high_usd
from (
  select s.*, case
      when spend_class in ('discarded', 'corroborated') then 'escalation'
      when spend_class in ('retried', 'failed') then 'retry'
      when spend_class = 'orphaned' then 'orphan'
      else spend_class
    end as reason
  from spend_by_day s where spend_class not in ('accepted', 'fallback', 'audit', 'open', 'pending')
) paid_twice
group by day, task, policy_version, reason, spend_class;

-- A column of a view has the comment of the rollup's column that it reads.
do $$
declare
  rollup text;
  rollup_column record;
begin
  foreach rollup in array array['spend', 'queries', 'stages', 'baselines'] loop
    execute format('comment on view %I is %L', rollup || '_by_day',
      obj_description(('report_' || rollup)::regclass, 'pg_class') ||
      ' Sealed days come from report_' || rollup || ', the others from the base tables: the same rows either way. Filter on day.');
    for rollup_column in
      select attname, col_description(attrelid, attnum) as words from pg_attribute
      where attrelid = ('report_' || rollup)::regclass and attnum > 0
    loop
      execute format('comment on column %I.%I is %L', rollup || '_by_day', rollup_column.attname, rollup_column.words);
    end loop;
  end loop;
  for rollup_column in
    select a.attname, col_description('report_spend'::regclass, s.attnum) as words
    from pg_attribute a join pg_attribute s on s.attrelid = 'report_spend'::regclass and s.attname = a.attname
    where a.attrelid = 'double_billing'::regclass and a.attnum > 0
  loop
    execute format('comment on column double_billing.%I is %L', rollup_column.attname, rollup_column.words);
  end loop;
end $$;
comment on view double_billing is 'What was paid beside the answers, and why, by UTC day of the query''s start: spend_by_day without accepted, fallback, audit, open and pending. Filter on day.';
comment on column double_billing.reason is 'escalation (discarded, corroborated), retry (retried, failed), orphan (orphaned), or the class itself: scoring, routing, cancelled, unanswered, duplicate.';

-- Marks finished days that are neither sealed nor marked, oldest first; from the mark's commit on, changes are noticed.
create function mark_report_days(max_days integer) returns integer
language sql as $$
  with marked as (
    insert into report_days (day)
    select u.day from unsealed_report_days() u (day)
    where u.day < (now() at time zone 'UTC')::date
      and not exists (select from report_days r where r.day = u.day)
      and (
        u.day < (now() at time zone 'UTC')::date - 3
        or not exists (
          select from queries q
          where q.started_at >= utc_day_start(u.day) and q.started_at < utc_day_start(u.day + 1) and q.status = 'running')
        and not exists (
          select from attempts a
          where a.query_started_at >= utc_day_start(u.day) and a.query_started_at < utc_day_start(u.day + 1)
            and a.status = 'started')
      )
    order by u.day limit max_days
    on conflict (day) do nothing
    returning day
  )
  select count(*)::integer from marked
$$;
comment on function mark_report_days(integer) is 'Marks so many days for sealing, oldest first: over, and without running queries and open attempts, or over for more than 3 days. Returns how many.';

-- A change escapes the notice only of a mark that was not committed yet, so its transaction has an older id than the one
-- that this assigns, which has seen the mark committed. An id from before a restore into another cluster is taken anew.
create function watch_report_days() returns integer
language sql as $$
  with watched as (
    update report_days set watched_from = pg_current_xact_id()
    where not ready and (watched_from is null or watched_from >= pg_snapshot_xmax(pg_current_snapshot()))
    returning day
  )
  select count(*)::integer from watched
$$;
comment on function watch_report_days() is 'The step after mark_report_days, in a transaction of its own: says from when on every change to a marked day is noticed. Returns how many days it was said of.';

-- Sums up a marked day. In repeatable read all of it sees one snapshot; a change that this does not hold either takes the
-- mark away first (the update then fails to serialise) or waits for it and takes the seal away.
create function seal_report_day(of_day date) returns boolean
language plpgsql as $$
begin
  if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
    raise exception 'seal_report_day needs one snapshot: begin with "begin isolation level repeatable read"';
  end if;
  perform from report_days
  where day = of_day and not ready and watched_from < pg_snapshot_xmin(pg_current_snapshot());
  if not found then
    return false;
  end if;
  delete from report_spend where day = of_day;
  delete from report_queries where day = of_day;
  delete from report_stages where day = of_day;
  delete from report_baselines where day = of_day;
  insert into report_spend select * from spend_of_day(of_day);
  insert into report_queries select * from queries_of_day(of_day);
  insert into report_stages select * from stages_of_day(of_day);
  insert into report_baselines select * from baselines_of_day(of_day);
  update report_days set ready = true, sealed_at = clock_timestamp() where day = of_day and not ready;
  return found;
end $$;
comment on function seal_report_day(date) is 'Sums a marked day up into the rollups; in a repeatable-read transaction. False where the day is not marked, or a transaction that may have escaped the mark still writes: try again later. A serialization failure: the day has changed meanwhile.';

-- Takes the seal, or the mark, off the days that a statement has changed.
create function unseal_report_days() returns trigger
language plpgsql as $$
declare
  changed_days date[];
begin
  if tg_table_name = 'queries' then
    if tg_op = 'UPDATE' then
      select array_agg(distinct (started_at at time zone 'UTC')::date) into changed_days
      from (select started_at from changed union all select started_at from before) both_sides;
    else
      select array_agg(distinct (started_at at time zone 'UTC')::date) into changed_days from changed;
    end if;
  elsif tg_op = 'UPDATE' then
    select array_agg(distinct (query_started_at at time zone 'UTC')::date) into changed_days
    from (select query_started_at from changed union all select query_started_at from before) both_sides;
  else
    select array_agg(distinct (query_started_at at time zone 'UTC')::date) into changed_days from changed;
  end if;
  if changed_days is null then
    return null;
  end if;
  -- Above read committed a mark of after the snapshot is invisible here: this insert then fails to serialise.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    insert into report_days (day) select unnest(changed_days) on conflict (day) do nothing;
  end if;
  delete from report_days where day = any (changed_days);
  return null;
end $$;
comment on function unseal_report_days() is 'Trigger: the days of the changed rows are read from the base tables again, until they are sealed anew.';

create trigger unseal_on_insert after insert on queries
  referencing new table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_update after update on queries
  referencing old table as before new table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_delete after delete on queries
  referencing old table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_insert after insert on attempts
  referencing new table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_update after update on attempts
  referencing old table as before new table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_delete after delete on attempts
  referencing old table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_insert after insert on labels
  referencing new table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_update after update on labels
  referencing old table as before new table as changed for each statement execute function unseal_report_days();
create trigger unseal_on_delete after delete on labels
  referencing old table as changed for each statement execute function unseal_report_days();
