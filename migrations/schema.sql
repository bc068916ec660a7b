-- The schema that the migrations result in. Generated: UPDATE_SCHEMA=1 npx vitest run test/schema.test.ts

create table attempts (
  attempt_id uuid not null,
  query_started_at timestamp with time zone not null,
  query_id uuid not null,
  task text not null,
  policy_version integer not null,
  purpose text not null,
  stage integer not null,
  ordinal integer not null default 0,
  try integer not null,
  provider text not null,
  model text not null,
  model_id text not null,
  status text not null default 'started'::text,
  verdict text,
  confidence double precision,
  threshold double precision,
  failure_kind text,
  failure_message text,
  http_status integer,
  input_tokens bigint,
  cached_input_tokens bigint,
  cache_write_tokens bigint,
  input_audio_tokens bigint,
  output_tokens bigint,
  reasoning_tokens bigint,
  output_audio_tokens bigint,
  cost_low_usd numeric(24,12) not null,
  cost_high_usd numeric(24,12),
  cost_usd numeric(24,12) generated always as (
CASE
    WHEN (cost_low_usd = cost_high_usd) THEN cost_low_usd
    ELSE NULL::numeric
END) stored,
  cost_source text not null,
  price_id text,
  reported_model text,
  response_id text,
  request_id text,
  response_sha256 text,
  latency_ms integer,
  time_to_first_token_ms integer,
  started_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  expires_at timestamp with time zone not null,
  workflow_id text not null,
  run_id text not null,
  activity_attempt integer not null,
  worker text not null,
  budget_keys text[],
  constraint attempts_cache_write_tokens_check CHECK ((cache_write_tokens >= 0)),
  constraint attempts_cached_input_tokens_check CHECK ((cached_input_tokens >= 0)),
  constraint attempts_check CHECK ((cost_high_usd >= cost_low_usd)),
  constraint attempts_check1 CHECK (((status = 'started'::text) = (closed_at IS NULL))),
  constraint attempts_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
  constraint attempts_cost_low_usd_check CHECK ((cost_low_usd >= (0)::numeric)),
  constraint attempts_cost_source_check CHECK ((cost_source = ANY (ARRAY['provider'::text, 'catalogue'::text, 'estimate'::text, 'unknown'::text]))),
  constraint attempts_input_audio_tokens_check CHECK ((input_audio_tokens >= 0)),
  constraint attempts_input_tokens_check CHECK ((input_tokens >= 0)),
  constraint attempts_ordinal_check CHECK ((ordinal >= 0)),
  constraint attempts_output_audio_tokens_check CHECK ((output_audio_tokens >= 0)),
  constraint attempts_output_tokens_check CHECK ((output_tokens >= 0)),
  constraint attempts_pkey PRIMARY KEY (query_started_at, attempt_id),
  constraint attempts_price_id_fkey FOREIGN KEY (price_id) REFERENCES prices(price_id),
  constraint attempts_purpose_check CHECK ((purpose = ANY (ARRAY['serve'::text, 'score'::text, 'route'::text, 'audit'::text, 'embed'::text]))),
  constraint attempts_query_started_at_query_id_purpose_stage_ordinal_tr_key UNIQUE (query_started_at, query_id, purpose, stage, ordinal, try),
  constraint attempts_reasoning_tokens_check CHECK ((reasoning_tokens >= 0)),
  constraint attempts_stage_check CHECK ((stage >= 0)),
  constraint attempts_status_check CHECK ((status = ANY (ARRAY['started'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text, 'orphaned'::text]))),
  constraint attempts_threshold_check CHECK (((threshold >= (0)::double precision) AND (threshold <= (1)::double precision))),
  constraint attempts_try_check CHECK ((try >= 1)),
  constraint attempts_verdict_check CHECK ((verdict = ANY (ARRAY['accepted'::text, 'corroborated'::text, 'rejected'::text])))
) partition by RANGE (query_started_at);

create table budget_periods (
  budget_key text not null,
  scope_kind text not null,
  scope text not null,
  period text not null,
  period_start date not null,
  limit_usd numeric(24,12) not null,
  committed_usd numeric(24,12) not null default 0,
  open_usd numeric(24,12) not null default 0,
  reservations bigint not null default 0,
  denials bigint not null default 0,
  constraint budget_periods_check CHECK (((open_usd >= (0)::numeric) AND (open_usd <= committed_usd))),
  constraint budget_periods_committed_usd_check CHECK ((committed_usd >= (0)::numeric)),
  constraint budget_periods_denials_check CHECK ((denials >= 0)),
  constraint budget_periods_limit_usd_check CHECK ((limit_usd >= (0)::numeric)),
  constraint budget_periods_period_check CHECK ((period = ANY (ARRAY['day'::text, 'month'::text]))),
  constraint budget_periods_pkey PRIMARY KEY (budget_key),
  constraint budget_periods_reservations_check CHECK ((reservations >= 0)),
  constraint budget_periods_scope_kind_check CHECK ((scope_kind = ANY (ARRAY['task'::text, 'tenant'::text])))
);

create table budgets (
  scope_kind text not null,
  scope text not null,
  period text not null,
  limit_usd numeric(24,12) not null,
  updated_at timestamp with time zone not null default now(),
  constraint budgets_limit_usd_check CHECK ((limit_usd >= (0)::numeric)),
  constraint budgets_period_check CHECK ((period = ANY (ARRAY['day'::text, 'month'::text]))),
  constraint budgets_pkey PRIMARY KEY (scope_kind, scope, period),
  constraint budgets_scope_kind_check CHECK ((scope_kind = ANY (ARRAY['task'::text, 'tenant'::text])))
);

create table escalier_migration_hashes (
  name text not null,
  sha256 text not null,
  constraint escalier_migration_hashes_pkey PRIMARY KEY (name)
);

create table escalier_migrations (
  id integer not null default nextval('escalier_migrations_id_seq'::regclass),
  name character varying(255) not null,
  run_on timestamp without time zone not null,
  constraint escalier_migrations_pkey PRIMARY KEY (id)
);

create table labels (
  query_started_at timestamp with time zone not null,
  query_id uuid not null,
  attempt_id uuid not null,
  source text not null,
  correct boolean not null,
  labelled_at timestamp with time zone not null default now(),
  constraint labels_pkey PRIMARY KEY (query_started_at, attempt_id, source)
) partition by RANGE (query_started_at);

create table open_texts (
  query_id uuid not null,
  item text not null,
  content bytea not null,
  sealed boolean not null,
  constraint open_texts_pkey PRIMARY KEY (query_id, item)
);

create table policies (
  task text not null,
  version integer not null,
  policy jsonb not null,
  content_sha256 text not null,
  created_at timestamp with time zone not null default now(),
  constraint policies_pkey PRIMARY KEY (task, version),
  constraint policies_task_fkey FOREIGN KEY (task) REFERENCES tasks(name),
  constraint policies_version_check CHECK ((version >= 1))
);

create table prices (
  price_id text not null,
  provider text not null,
  model_id text not null,
  source text not null,
  valid_from timestamp with time zone,
  daily_from time without time zone,
  daily_to time without time zone,
  rates jsonb not null,
  known_from timestamp with time zone not null default now(),
  constraint prices_pkey PRIMARY KEY (price_id)
);

create table queries (
  query_id uuid not null,
  started_at timestamp with time zone not null,
  task text not null,
  policy_version integer not null,
  status text not null default 'running'::text,
  outcome text,
  accepted boolean,
  served_attempt_id uuid,
  served_model text,
  served_stage integer,
  confidence double precision,
  threshold double precision,
  failure_message text,
  tenant text,
  tags jsonb not null default '{}'::jsonb,
  retention text not null,
  request_sha256 text,
  namespace text not null,
  workflow_id text not null,
  run_id text not null,
  ended_at timestamp with time zone,
  constraint queries_check CHECK (((status = 'ended'::text) = (outcome IS NOT NULL))),
  constraint queries_check1 CHECK (((status = 'ended'::text) = (ended_at IS NOT NULL))),
  constraint queries_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
  constraint queries_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'last-stage'::text, 'budget'::text, 'deadline'::text, 'exhausted'::text, 'cancelled'::text, 'failed'::text]))),
  constraint queries_pkey PRIMARY KEY (started_at, query_id),
  constraint queries_retention_check CHECK ((retention = ANY (ARRAY['full'::text, 'hash'::text, 'none'::text]))),
  constraint queries_status_check CHECK ((status = ANY (ARRAY['running'::text, 'ended'::text]))),
  constraint queries_threshold_check CHECK (((threshold >= (0)::double precision) AND (threshold <= (1)::double precision)))
) partition by RANGE (started_at);

create table query_keys (
  namespace text not null,
  workflow_id text not null,
  query_id uuid not null,
  started_at timestamp with time zone not null,
  request_sha256 text not null,
  constraint query_keys_pkey PRIMARY KEY (namespace, workflow_id),
  constraint query_keys_query_id_key UNIQUE (query_id)
);

create table tasks (
  name text not null,
  current_version integer not null,
  updated_at timestamp with time zone not null default now(),
  constraint tasks_pkey PRIMARY KEY (name)
);

create table texts (
  query_started_at timestamp with time zone not null,
  query_id uuid not null,
  item text not null,
  content bytea not null,
  sealed boolean not null,
  constraint texts_pkey PRIMARY KEY (query_started_at, query_id, item)
) partition by RANGE (query_started_at);

CREATE INDEX attempts_by_query ON ONLY public.attempts USING btree (query_id);

CREATE INDEX attempts_by_task ON ONLY public.attempts USING btree (task, query_started_at);

CREATE INDEX attempts_open ON ONLY public.attempts USING btree (expires_at) WHERE (status = 'started'::text);

CREATE INDEX labels_by_query ON ONLY public.labels USING btree (query_id);

CREATE INDEX queries_by_task ON ONLY public.queries USING btree (task, started_at);

create view attempt_spend as
 SELECT a.query_id,
    a.query_started_at,
    a.attempt_id,
    a.task,
    a.policy_version,
    a.purpose,
    a.stage,
    a.model,
        CASE
            WHEN a.purpose = 'audit'::text THEN 'audit'::text
            WHEN a.purpose = 'score'::text THEN 'scoring'::text
            WHEN a.purpose = ANY (ARRAY['route'::text, 'embed'::text]) THEN 'routing'::text
            WHEN a.status = 'started'::text THEN 'open'::text
            WHEN a.status = 'orphaned'::text THEN 'orphaned'::text
            WHEN a.status = 'cancelled'::text THEN 'cancelled'::text
            WHEN a.status = 'failed'::text AND (EXISTS ( SELECT
               FROM attempts b
              WHERE b.query_started_at = a.query_started_at AND b.query_id = a.query_id AND b.purpose = a.purpose AND b.stage = a.stage AND ((ROW(b.ordinal, b.try) > ROW(a.ordinal, a.try))))) THEN 'retried'::text
            WHEN a.status = 'failed'::text THEN 'failed'::text
            WHEN q.status IS DISTINCT FROM 'ended'::text THEN 'pending'::text
            WHEN q.served_attempt_id IS NULL THEN 'unanswered'::text
            WHEN a.attempt_id = q.served_attempt_id THEN
            CASE
                WHEN q.confidence >= q.threshold THEN 'accepted'::text
                ELSE 'fallback'::text
            END
            WHEN a.verdict = 'corroborated'::text THEN 'corroborated'::text
            WHEN a.verdict = 'rejected'::text THEN 'discarded'::text
            ELSE 'duplicate'::text
        END AS spend_class,
    a.cost_low_usd,
    a.cost_high_usd,
    a.cost_usd,
    a.cost_source
   FROM attempts a
     LEFT JOIN queries q ON q.started_at = a.query_started_at AND q.query_id = a.query_id;

CREATE OR REPLACE FUNCTION public.ensure_ledger_partitions(months_ahead integer DEFAULT 3)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
end $function$
;

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
comment on column attempts.budget_keys is 'The rows of budget_periods that it is reserved in; null where no budget applied when it was opened.';
comment on table budget_periods is 'Each budget in each period in which it was asked for: what the attempts opened in it have cost or can still cost. Not partitioned.';
comment on column budget_periods.budget_key is 'scope_kind:period:period_start:scope, such as tenant:day:2026-11-24:acme. Rows are locked in the order of its bytes.';
comment on column budget_periods.scope_kind is 'task or tenant.';
comment on column budget_periods.scope is 'The task or the tenant, by its own name also where the limit of * holds.';
comment on column budget_periods.period is 'day or month, in UTC.';
comment on column budget_periods.period_start is 'First day of the period (UTC).';
comment on column budget_periods.limit_usd is 'The limit that the latest reservation or denial was held against, in USD.';
comment on column budget_periods.committed_usd is 'The most that the attempts reserved here can have cost, in USD: the sum of their cost_high_usd (of one whose cost became unknown, what it had reserved).';
comment on column budget_periods.open_usd is 'The part of committed_usd that is held by attempts that are open or orphaned: a close settles it.';
comment on column budget_periods.reservations is 'Attempts that were opened in it.';
comment on column budget_periods.denials is 'Attempts that it refused.';
comment on table budgets is 'The limits of escalier.yaml as they were last applied. A change holds at once, for running queries also.';
comment on column budgets.scope_kind is 'task: all queries of a task. tenant: all queries of a tenant, over all tasks.';
comment on column budgets.scope is 'The task or the tenant; for tenants * stands for each that has no row of its own.';
comment on column budgets.period is 'day or month, in UTC.';
comment on column budgets.limit_usd is 'The most that the attempts opened in one period may cost, in USD.';
comment on column budgets.updated_at is 'When the limit last changed.';
comment on function ensure_ledger_partitions(months_ahead integer) is 'Makes the monthly partitions from last month to so many months ahead; returns how many were missing.';
comment on table escalier_migration_hashes is 'SHA-256 of each applied migration file, so that an edited one is noticed.';
comment on column escalier_migration_hashes.name is 'The file''s name without .sql.';
comment on column escalier_migration_hashes.sha256 is 'Of the file''s bytes when it was applied.';
comment on table labels is 'Whether an attempt''s answer is right, and who says so. Partitioned by month on query_started_at (UTC).';
comment on column labels.query_started_at is 'started_at of the query: the partition key.';
comment on column labels.query_id is 'The query.';
comment on column labels.attempt_id is 'The attempt that gave the answer.';
comment on column labels.source is 'Who says so: reference (a known answer), recorded-set, or a name of the caller''s.';
comment on column labels.correct is 'Whether the answer is right.';
comment on column labels.labelled_at is 'When the label was given.';
comment on table open_texts is 'Prompts and responses of running queries. Deleted in the transaction that ends the query. Not partitioned.';
comment on column open_texts.query_id is 'The query.';
comment on column open_texts.item is 'request, or the attempt id of a response.';
comment on column open_texts.content is 'JSON in UTF-8, encrypted when sealed.';
comment on column open_texts.sealed is 'Whether content is encrypted (AES-256-GCM) with the worker''s payload key.';
comment on table policies is 'Immutable versions of each task''s policy: chain, thresholds, scorer, limits. A change is a new version.';
comment on column policies.task is 'The task.';
comment on column policies.version is 'Counts from 1 within a task.';
comment on column policies.policy is 'The whole policy as it was applied. Connections and keys are not part of it.';
comment on column policies.content_sha256 is 'SHA-256 of the policy''s canonical JSON: applying the same content again makes no new version.';
comment on column policies.created_at is 'When the version was applied.';
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
comment on table query_keys is 'Idempotency: one row per workflow id, inserted before anything else, so that a key is one query in every run of it.';
comment on column query_keys.namespace is 'Temporal namespace.';
comment on column query_keys.workflow_id is 'Temporal workflow id, which is the caller''s idempotency key.';
comment on column query_keys.query_id is 'The query that the key stands for.';
comment on column query_keys.started_at is 'When the query first started: the partition key of queries and attempts.';
comment on column query_keys.request_sha256 is 'SHA-256 of the request''s canonical JSON: the same key with another request is refused.';
comment on table tasks is 'Named kinds of query, each with the policy version that new queries take.';
comment on column tasks.name is 'The task, as escalier.yaml names it.';
comment on column tasks.current_version is 'The version in policies that new queries are pinned to.';
comment on column tasks.updated_at is 'When the current version last changed.';
comment on table texts is 'Prompts and responses of ended queries of tasks with retention full. Partitioned by month on query_started_at (UTC).';
comment on column texts.query_started_at is 'started_at of the query: the partition key.';
comment on column texts.query_id is 'The query.';
comment on column texts.item is 'request, or the attempt id of a response.';
comment on column texts.content is 'JSON in UTF-8 (convert_from(content, ''UTF8'')::jsonb), encrypted when sealed.';
comment on column texts.sealed is 'Whether content is encrypted (AES-256-GCM) with the worker''s payload key.';
