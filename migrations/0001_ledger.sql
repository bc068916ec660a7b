-- The ledger: what was asked, tried, billed and accepted.
-- Forward only. An applied file is never edited: its hash is checked at every start.

create table escalier_migration_hashes (
  name text primary key,
  sha256 text not null
);
comment on table escalier_migration_hashes is 'SHA-256 of each applied migration file, so that an edited one is noticed.';
comment on column escalier_migration_hashes.name is 'The file''s name without .sql.';
comment on column escalier_migration_hashes.sha256 is 'Of the file''s bytes when it was applied.';

create table tasks (
  name text primary key,
  current_version integer not null,
  updated_at timestamptz not null default now()
);
comment on table tasks is 'Named kinds of query, each with the policy version that new queries take.';
comment on column tasks.name is 'The task, as escalier.yaml names it.';
comment on column tasks.current_version is 'The version in policies that new queries are pinned to.';
comment on column tasks.updated_at is 'When the current version last changed.';

create table policies (
  task text not null references tasks (name),
  version integer not null check (version >= 1),
  policy jsonb not null,
  content_sha256 text not null,
  created_at timestamptz not null default now(),
  primary key (task, version)
);
comment on table policies is 'Immutable versions of each task''s policy: chain, thresholds, scorer, limits. A change is a new version.';
comment on column policies.task is 'The task.';
comment on column policies.version is 'Counts from 1 within a task.';
comment on column policies.policy is 'The whole policy as it was applied. Connections and keys are not part of it.';
comment on column policies.content_sha256 is 'SHA-256 of the policy''s canonical JSON: applying the same content again makes no new version.';
comment on column policies.created_at is 'When the version was applied.';

create table prices (
  price_id text primary key,
  provider text not null,
  model_id text not null,
  source text not null,
  valid_from timestamptz,
  daily_from time,
  daily_to time,
  rates jsonb not null,
  known_from timestamptz not null default now()
);
comment on table prices is 'Price rows that attempts were billed at. A row is never changed: another price is another row.';
comment on column prices.price_id is 'Content hash of the row.';
comment on column prices.provider is 'The provider in the settings that first used the row.';
comment on column prices.model_id is 'The provider''s id of the model.';
comment on column prices.source is 'Where the figures come from.';
comment on column prices.valid_from is 'Holds from this instant; null holds always.';
comment on column prices.daily_from is 'Holds from this time of day (UTC), with daily_to; null holds all day.';
comment on column prices.daily_to is 'Holds until this time of day (UTC), exclusive.';
comment on column prices.rates is 'USD per million tokens by kind, as decimal strings, with tiers where there are any.';
comment on column prices.known_from is 'When this ledger first saw the row.';

create table query_keys (
  namespace text not null,
  workflow_id text not null,
  query_id uuid not null unique,
  started_at timestamptz not null,
  request_sha256 text not null,
  primary key (namespace, workflow_id)
);
comment on table query_keys is 'Idempotency: one row per workflow id, inserted before anything else, so that a key is one query in every run of it.';
comment on column query_keys.namespace is 'Temporal namespace.';
comment on column query_keys.workflow_id is 'Temporal workflow id, which is the caller''s idempotency key.';
comment on column query_keys.query_id is 'The query that the key stands for.';
comment on column query_keys.started_at is 'When the query first started: the partition key of queries and attempts.';
comment on column query_keys.request_sha256 is 'SHA-256 of the request''s canonical JSON: the same key with another request is refused.';

create table queries (
  query_id uuid not null,
  started_at timestamptz not null,
  task text not null,
  policy_version integer not null,
  status text not null default 'running' check (status in ('running', 'ended')),
  outcome text check (outcome in ('accepted', 'last-stage', 'budget', 'deadline', 'exhausted', 'cancelled', 'failed')),
  accepted boolean,
  served_attempt_id uuid,
  served_model text,
  served_stage integer,
  confidence double precision check (confidence between 0 and 1),
  threshold double precision check (threshold between 0 and 1),
  failure_message text,
  tenant text,
  tags jsonb not null default '{}',
  retention text not null check (retention in ('full', 'hash', 'none')),
  request_sha256 text,
  namespace text not null,
  workflow_id text not null,
  run_id text not null,
  ended_at timestamptz,
  check ((status = 'ended') = (outcome is not null)),
  check ((status = 'ended') = (ended_at is not null)),
  primary key (started_at, query_id)
) partition by range (started_at);
comment on table queries is 'One row per query. Partitioned by month on started_at (UTC).';
comment on column queries.query_id is 'UUIDv7 that the ledger gave the query.';
comment on column queries.started_at is 'When the query first started.';
comment on column queries.task is 'The task.';
comment on column queries.policy_version is 'The policy version that the query is pinned to.';
comment on column queries.status is 'running or ended.';
comment on column queries.outcome is 'How it ended: accepted (cleared its threshold), last-stage (the chain was climbed to its end), budget, deadline, exhausted (the last stage failed), cancelled, failed (a key or a model is wrong).';
comment on column queries.accepted is 'Whether the policy ended as it should: outcome accepted or last-stage.';
comment on column queries.served_attempt_id is 'The attempt whose text was served; null where there is no answer.';
comment on column queries.served_model is 'The model that gave the served answer.';
comment on column queries.served_stage is 'Its place in the chain, from 0.';
comment on column queries.confidence is 'Confidence of the served answer, 0 to 1; null where it was not scored.';
comment on column queries.threshold is 'Threshold of the stage at which the cascade stopped, 0 to 1.';
comment on column queries.failure_message is 'Why there is no answer, in words.';
comment on column queries.tenant is 'Whom the query was for, as the caller said.';
comment on column queries.tags is 'The caller''s own labels.';
comment on column queries.retention is 'What remains of prompt and responses: full, hash or none.';
comment on column queries.request_sha256 is 'SHA-256 of the request; null where the task retains none.';
comment on column queries.namespace is 'Temporal namespace.';
comment on column queries.workflow_id is 'Temporal workflow id.';
comment on column queries.run_id is 'Temporal run id of the latest run.';
comment on column queries.ended_at is 'When it ended.';

create table attempts (
  attempt_id uuid not null,
  query_started_at timestamptz not null,
  query_id uuid not null,
  task text not null,
  policy_version integer not null,
  purpose text not null check (purpose in ('serve', 'score', 'route', 'audit', 'embed')),
  stage integer not null check (stage >= 0),
  ordinal integer not null default 0 check (ordinal >= 0),
  try integer not null check (try >= 1),
  provider text not null,
  model text not null,
  model_id text not null,
  status text not null default 'started' check (status in ('started', 'succeeded', 'failed', 'cancelled', 'orphaned')),
  verdict text check (verdict in ('accepted', 'corroborated', 'rejected')),
  confidence double precision check (confidence between 0 and 1),
  threshold double precision check (threshold between 0 and 1),
  failure_kind text,
  failure_message text,
  http_status integer,
  input_tokens bigint check (input_tokens >= 0),
  cached_input_tokens bigint check (cached_input_tokens >= 0),
  cache_write_tokens bigint check (cache_write_tokens >= 0),
  input_audio_tokens bigint check (input_audio_tokens >= 0),
  output_tokens bigint check (output_tokens >= 0),
  reasoning_tokens bigint check (reasoning_tokens >= 0),
  output_audio_tokens bigint check (output_audio_tokens >= 0),
  cost_low_usd numeric(24, 12) not null check (cost_low_usd >= 0),
  cost_high_usd numeric(24, 12) check (cost_high_usd >= cost_low_usd),
  cost_usd numeric(24, 12) generated always as (case when cost_low_usd = cost_high_usd then cost_low_usd end) stored,
  cost_source text not null check (cost_source in ('provider', 'catalogue', 'estimate', 'unknown')),
  price_id text references prices (price_id),
  reported_model text,
  response_id text,
  request_id text,
  response_sha256 text,
  latency_ms integer,
  time_to_first_token_ms integer,
  started_at timestamptz not null,
  closed_at timestamptz,
  expires_at timestamptz not null,
  workflow_id text not null,
  run_id text not null,
  activity_attempt integer not null,
  worker text not null,
  check ((status = 'started') = (closed_at is null)),
  primary key (query_started_at, attempt_id),
  unique (query_started_at, query_id, purpose, stage, ordinal, try)
) partition by range (query_started_at);
comment on table attempts is 'One row per request to a provider: the unit of billing. Committed before the request leaves, closed after. Partitioned by month on query_started_at (UTC).';
comment on column attempts.attempt_id is 'UUIDv7 that the ledger gave the attempt; the request carried it as X-Client-Request-Id.';
comment on column attempts.query_started_at is 'started_at of the query: the partition key.';
comment on column attempts.query_id is 'The query.';
comment on column attempts.task is 'The task.';
comment on column attempts.policy_version is 'The policy version that the query is pinned to.';
comment on column attempts.purpose is 'Why it was made: serve, score (a judge), route, audit, embed.';
comment on column attempts.stage is 'Place in the chain, from 0; for a judge, the stage that it judged.';
comment on column attempts.ordinal is 'Which call of this purpose at this stage, from 0.';
comment on column attempts.try is 'Which request for the same call, from 1.';
comment on column attempts.provider is 'The provider''s name in the settings.';
comment on column attempts.model is 'The model''s name in the settings.';
comment on column attempts.model_id is 'The id that was asked for.';
comment on column attempts.status is 'started (open), succeeded (a usable response), failed, cancelled, or orphaned (its process was lost, or a later try replaced it).';
comment on column attempts.verdict is 'accepted: its text was served. corroborated: a later response with the same answer. rejected: another answer was served. Null for judges, and where nothing was served.';
comment on column attempts.confidence is 'Confidence of its candidate when its stage was scored, 0 to 1.';
comment on column attempts.threshold is 'The threshold that the confidence was held against, 0 to 1.';
comment on column attempts.failure_kind is 'Why it failed, by name.';
comment on column attempts.failure_message is 'Why it failed, in words.';
comment on column attempts.http_status is 'HTTP status of the response, where one came.';
comment on column attempts.input_tokens is 'All input tokens, cached and cache-write tokens included; null where no usage came.';
comment on column attempts.cached_input_tokens is 'The part of input_tokens that was read from the vendor''s cache.';
comment on column attempts.cache_write_tokens is 'The part of input_tokens that was written to the vendor''s cache.';
comment on column attempts.input_audio_tokens is 'The part of input_tokens that was audio.';
comment on column attempts.output_tokens is 'All output tokens, reasoning included; null where no usage came.';
comment on column attempts.reasoning_tokens is 'The part of output_tokens that was hidden reasoning.';
comment on column attempts.output_audio_tokens is 'The part of output_tokens that was audio.';
comment on column attempts.cost_low_usd is 'The least that it can have cost, in USD.';
comment on column attempts.cost_high_usd is 'The most that it can have cost, in USD; null where nothing bounds it.';
comment on column attempts.cost_usd is 'What it cost, in USD, where that is known (the bounds meet); null where it is not: never zero for unknown.';
comment on column attempts.cost_source is 'provider: the vendor''s own figure. catalogue: usage at the price in price_id. estimate: bounds only. unknown: no price.';
comment on column attempts.price_id is 'The row in prices that it was billed at.';
comment on column attempts.reported_model is 'The model id that the provider said it served.';
comment on column attempts.response_id is 'The response''s own id.';
comment on column attempts.request_id is 'The provider''s request id (x-request-id).';
comment on column attempts.response_sha256 is 'SHA-256 of the response''s text; null where the task retains none.';
comment on column attempts.latency_ms is 'Milliseconds from request to the end of the response.';
comment on column attempts.time_to_first_token_ms is 'Milliseconds to the first token; null unless the request streamed.';
comment on column attempts.started_at is 'When the row was committed, before the request left.';
comment on column attempts.closed_at is 'When the row was closed.';
comment on column attempts.expires_at is 'After this instant its process has aborted the request: a row still open is an orphan.';
comment on column attempts.workflow_id is 'Temporal workflow id.';
comment on column attempts.run_id is 'Temporal run id.';
comment on column attempts.activity_attempt is 'Temporal''s count of the activity''s attempts. Recorded only: it repeats after a reset.';
comment on column attempts.worker is 'Identity of the worker that made the request.';

create index attempts_by_query on attempts (query_id);
create index attempts_by_task on attempts (task, query_started_at);
create index attempts_open on attempts (expires_at) where status = 'started';
create index queries_by_task on queries (task, started_at);

create table labels (
  query_started_at timestamptz not null,
  query_id uuid not null,
  attempt_id uuid not null,
  source text not null,
  correct boolean not null,
  labelled_at timestamptz not null default now(),
  primary key (query_started_at, attempt_id, source)
) partition by range (query_started_at);
comment on table labels is 'Whether an attempt''s answer is right, and who says so. Partitioned by month on query_started_at (UTC).';
comment on column labels.query_started_at is 'started_at of the query: the partition key.';
comment on column labels.query_id is 'The query.';
comment on column labels.attempt_id is 'The attempt that gave the answer.';
comment on column labels.source is 'Who says so: reference (a known answer), recorded-set, or a name of the caller''s.';
comment on column labels.correct is 'Whether the answer is right.';
comment on column labels.labelled_at is 'When the label was given.';
create index labels_by_query on labels (query_id);

create table open_texts (
  query_id uuid not null,
  item text not null,
  content bytea not null,
  sealed boolean not null,
  primary key (query_id, item)
);
comment on table open_texts is 'Prompts and responses of running queries. Deleted in the transaction that ends the query. Not partitioned.';
comment on column open_texts.query_id is 'The query.';
comment on column open_texts.item is 'request, or the attempt id of a response.';
comment on column open_texts.content is 'JSON in UTF-8, encrypted when sealed.';
comment on column open_texts.sealed is 'Whether content is encrypted (AES-256-GCM) with the worker''s payload key.';

create table texts (
  query_started_at timestamptz not null,
  query_id uuid not null,
  item text not null,
  content bytea not null,
  sealed boolean not null,
  primary key (query_started_at, query_id, item)
) partition by range (query_started_at);
comment on table texts is 'Prompts and responses of ended queries of tasks with retention full. Partitioned by month on query_started_at (UTC).';
comment on column texts.query_started_at is 'started_at of the query: the partition key.';
comment on column texts.query_id is 'The query.';
comment on column texts.item is 'request, or the attempt id of a response.';
comment on column texts.content is 'JSON in UTF-8 (convert_from(content, ''UTF8'')::jsonb), encrypted when sealed.';
comment on column texts.sealed is 'Whether content is encrypted (AES-256-GCM) with the worker''s payload key.';

-- Monthly partitions from last month to so many months ahead. Safe to call from several processes at once.
create function ensure_ledger_partitions(months_ahead integer default 3) returns integer
language plpgsql as $$
declare
  parent text;
  month timestamp;
  name text;
  made integer := 0;
begin
  perform pg_advisory_xact_lock(hashtext('escalier.ensure_ledger_partitions'));
  foreach parent in array array['queries', 'attempts', 'labels', 'texts'] loop
    for i in -1..months_ahead loop
      month := date_trunc('month', now() at time zone 'UTC') + make_interval(months => i);
      name := parent || to_char(month, '_YYYY_MM');
      if to_regclass(name) is null then
        execute format(
          'create table %I partition of %I for values from (%L) to (%L)',
          name, parent, month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
comment on function ensure_ledger_partitions(integer) is 'Makes the monthly partitions from last month to so many months ahead; returns how many were missing.';

create view attempt_spend as
select
  a.query_id,
  a.query_started_at,
  a.attempt_id,
  a.task,
  a.policy_version,
  a.purpose,
  a.stage,
  a.model,
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
  end as spend_class,
  a.cost_low_usd,
  a.cost_high_usd,
  a.cost_usd,
  a.cost_source
from attempts a
left join queries q on q.started_at = a.query_started_at and q.query_id = a.query_id;
comment on view attempt_spend is 'Every attempt with what its money went into: exactly one class each, so the classes sum to the total. Paid twice is everything but accepted, fallback, audit, open and pending.';
comment on column attempt_spend.query_id is 'The query.';
comment on column attempt_spend.query_started_at is 'started_at of the query. Filter on it: it is the partition key.';
comment on column attempt_spend.attempt_id is 'The attempt.';
comment on column attempt_spend.task is 'The task.';
comment on column attempt_spend.policy_version is 'The policy version that the query is pinned to.';
comment on column attempt_spend.purpose is 'Why it was made: serve, score (a judge), route, audit, embed.';
comment on column attempt_spend.stage is 'Place in the chain, from 0; for a judge, the stage that it judged.';
comment on column attempt_spend.model is 'The model''s name in the settings.';
comment on column attempt_spend.spend_class is 'The first that holds. audit, scoring, routing (route and embed): by purpose. open: its request may still run. orphaned: its process was lost, or a later try replaced it. cancelled. retried: failed, and its stage was tried again. failed: otherwise. pending: its query still runs. unanswered: its query ended without an answer. accepted: served, at its threshold or above. fallback: served below its threshold, or unscored. corroborated: gave the served answer again. discarded: gave another answer. duplicate: bought again what the query had (a late close of an orphan).';
comment on column attempt_spend.cost_low_usd is 'The least that it can have cost, in USD.';
comment on column attempt_spend.cost_high_usd is 'The most that it can have cost, in USD; null where nothing bounds it.';
comment on column attempt_spend.cost_usd is 'What it cost, in USD, where that is known; null where it is not.';
comment on column attempt_spend.cost_source is 'provider, catalogue, estimate (bounds only) or unknown (no price): see attempts.cost_source.';
