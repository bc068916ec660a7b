-- The schema that the migrations result in. Generated: UPDATE_SCHEMA=1 npx vitest run test/schema.test.ts

create table alarms (
  alarm_id bigint not null,
  task text not null,
  policy_version integer not null,
  slice text not null,
  raised_at timestamp with time zone not null default now(),
  audit_ended_at timestamp with time zone not null,
  audits integer not null,
  loss text not null,
  mean_loss double precision not null,
  alpha double precision not null,
  p_value double precision not null,
  level double precision not null,
  judges jsonb not null,
  action text not null,
  told_at timestamp with time zone,
  constraint alarms_action_check CHECK ((action = ANY (ARRAY['keep'::text, 'baseline'::text, 'stop'::text, 'stop-canary'::text]))),
  constraint alarms_loss_check CHECK ((loss = ANY (ARRAY['regret'::text, 'harm'::text, 'selective'::text]))),
  constraint alarms_pkey PRIMARY KEY (alarm_id),
  constraint alarms_task_fkey FOREIGN KEY (task) REFERENCES tasks(name),
  constraint alarms_task_policy_version_slice_key UNIQUE (task, policy_version, slice)
);

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
  service_tier text,
  input_image_tokens bigint,
  output_image_tokens bigint,
  agrees_with_baseline boolean,
  constraint attempts_cache_write_tokens_check CHECK ((cache_write_tokens >= 0)),
  constraint attempts_cached_input_tokens_check CHECK ((cached_input_tokens >= 0)),
  constraint attempts_check CHECK ((cost_high_usd >= cost_low_usd)),
  constraint attempts_check1 CHECK (((status = 'started'::text) = (closed_at IS NULL))),
  constraint attempts_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
  constraint attempts_cost_low_usd_check CHECK ((cost_low_usd >= (0)::numeric)),
  constraint attempts_cost_source_check CHECK ((cost_source = ANY (ARRAY['provider'::text, 'catalogue'::text, 'estimate'::text, 'unknown'::text]))),
  constraint attempts_input_audio_tokens_check CHECK ((input_audio_tokens >= 0)),
  constraint attempts_input_image_tokens_check CHECK ((input_image_tokens >= 0)),
  constraint attempts_input_tokens_check CHECK ((input_tokens >= 0)),
  constraint attempts_ordinal_check CHECK ((ordinal >= 0)),
  constraint attempts_output_audio_tokens_check CHECK ((output_audio_tokens >= 0)),
  constraint attempts_output_image_tokens_check CHECK ((output_image_tokens >= 0)),
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

create table audits (
  query_started_at timestamp with time zone not null,
  query_id uuid not null,
  task text not null,
  policy_version integer not null,
  inclusion_probability double precision not null,
  status text not null default 'planned'::text,
  baseline_model text not null,
  baseline_stage integer not null,
  baseline_attempt_id uuid,
  served_agrees boolean,
  message text,
  planned_at timestamp with time zone not null default now(),
  began_at timestamp with time zone,
  ended_at timestamp with time zone,
  watched_at timestamp with time zone,
  constraint audits_baseline_stage_check CHECK ((baseline_stage >= 0)),
  constraint audits_check CHECK (((status = 'compared'::text) = (served_agrees IS NOT NULL))),
  constraint audits_inclusion_probability_check CHECK (((inclusion_probability > (0)::double precision) AND (inclusion_probability <= (1)::double precision))),
  constraint audits_pkey PRIMARY KEY (query_started_at, query_id),
  constraint audits_status_check CHECK ((status = ANY (ARRAY['planned'::text, 'due'::text, 'running'::text, 'compared'::text, 'incomparable'::text, 'skipped'::text])))
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
  constraint budget_periods_scope_kind_check CHECK ((scope_kind = ANY (ARRAY['task'::text, 'tenant'::text, 'audit'::text])))
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
  constraint budgets_scope_kind_check CHECK ((scope_kind = ANY (ARRAY['task'::text, 'tenant'::text, 'audit'::text])))
);

create table certificate_sightings (
  task text not null,
  policy_sha256 text not null,
  kind text not null,
  subject text not null,
  value text not null,
  first_seen_at timestamp with time zone not null default now(),
  constraint certificate_sightings_kind_check CHECK ((kind = ANY (ARRAY['reported-model'::text, 'prompt-template'::text]))),
  constraint certificate_sightings_pkey PRIMARY KEY (task, policy_sha256, kind, subject, value),
  constraint certificate_sightings_task_fkey FOREIGN KEY (task) REFERENCES tasks(name)
);

create table certificate_states (
  state_id bigint not null,
  task text not null,
  policy_version integer not null,
  state text not null,
  reason text not null,
  since timestamp with time zone not null default now(),
  constraint certificate_states_pkey PRIMARY KEY (state_id),
  constraint certificate_states_state_check CHECK ((state = ANY (ARRAY['valid'::text, 'suspect'::text, 'expired'::text]))),
  constraint certificate_states_task_fkey FOREIGN KEY (task) REFERENCES tasks(name)
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
  source_kind text not null default 'caller'::text,
  grade double precision,
  corrected boolean not null default false,
  constraint labels_grade_check CHECK (((grade >= (0)::double precision) AND (grade <= (1)::double precision))),
  constraint labels_pkey PRIMARY KEY (query_started_at, attempt_id, source),
  constraint labels_source_kind_check CHECK ((source_kind = ANY (ARRAY['person'::text, 'reference'::text, 'caller'::text])))
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

create table policy_changes (
  change_id bigint not null,
  task text not null,
  changed_at timestamp with time zone not null default clock_timestamp(),
  changed_by text,
  action text not null,
  from_version integer,
  to_version integer not null,
  canary_version integer,
  canary_share double precision,
  reason text,
  constraint policy_changes_action_check CHECK ((action = ANY (ARRAY['apply'::text, 'promote'::text, 'canary'::text, 'finish-canary'::text, 'stop-canary'::text, 'rollback'::text, 'fallback'::text, 'stop'::text]))),
  constraint policy_changes_pkey PRIMARY KEY (change_id),
  constraint policy_changes_task_fkey FOREIGN KEY (task) REFERENCES tasks(name)
);

create table price_books (
  provider text not null,
  model_id text not null,
  known_from timestamp with time zone not null default clock_timestamp(),
  price_ids text[] not null,
  source text,
  constraint price_books_pkey PRIMARY KEY (provider, model_id, known_from)
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
  valid_until timestamp with time zone,
  service_tier text,
  constraint prices_pkey PRIMARY KEY (price_id)
);

create table proposals (
  proposal_id bigint not null,
  task text not null,
  input_sha256 text not null,
  created_at timestamp with time zone not null default now(),
  current_version integer not null,
  decision text not null,
  reason text not null,
  evidence jsonb not null,
  policy jsonb,
  scorer_sha256 text,
  promoted_version integer,
  promoted_at timestamp with time zone,
  constraint proposals_check CHECK (((policy IS NULL) = (scorer_sha256 IS NULL))),
  constraint proposals_check1 CHECK (((decision = 'refused'::text) OR (policy IS NOT NULL))),
  constraint proposals_check2 CHECK (((decision = 'promoted'::text) = (promoted_version IS NOT NULL))),
  constraint proposals_decision_check CHECK ((decision = ANY (ARRAY['proposed'::text, 'promoted'::text, 'refused'::text]))),
  constraint proposals_input_sha256_check CHECK ((input_sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint proposals_pkey PRIMARY KEY (proposal_id),
  constraint proposals_scorer_sha256_fkey FOREIGN KEY (scorer_sha256) REFERENCES scorers(sha256),
  constraint proposals_task_fkey FOREIGN KEY (task) REFERENCES tasks(name),
  constraint proposals_task_input_sha256_key UNIQUE (task, input_sha256)
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
  audit_probability double precision,
  cancel_requested_run_id text,
  constraint queries_audit_probability_check CHECK (((audit_probability > (0)::double precision) AND (audit_probability <= (1)::double precision))),
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

create table report_days (
  day date not null,
  ready boolean not null default false,
  watched_from xid8,
  sealed_at timestamp with time zone,
  constraint report_days_check CHECK ((ready = (sealed_at IS NOT NULL))),
  constraint report_days_pkey PRIMARY KEY (day)
);

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

create table scorers (
  sha256 text not null,
  task text not null,
  content bytea not null,
  size_bytes bigint not null,
  created_at timestamp with time zone not null default now(),
  constraint scorers_pkey PRIMARY KEY (sha256),
  constraint scorers_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint scorers_size_bytes_check CHECK ((size_bytes > 0))
);

create table shift_looks (
  task text not null,
  policy_version integer not null,
  day date not null,
  confidence_p_value double precision,
  acceptance_p_value double precision,
  constraint shift_looks_pkey PRIMARY KEY (task, policy_version, day),
  constraint shift_looks_task_fkey FOREIGN KEY (task) REFERENCES tasks(name)
);

create table tasks (
  name text not null,
  current_version integer not null,
  updated_at timestamp with time zone not null default now(),
  canary_version integer,
  canary_share double precision,
  stopped_reason text,
  constraint tasks_canary_share_check CHECK (((canary_share > (0)::double precision) AND (canary_share < (1)::double precision))),
  constraint tasks_check CHECK (((canary_version IS NULL) = (canary_share IS NULL))),
  constraint tasks_check1 CHECK ((canary_version <> current_version)),
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

create table watches (
  task text not null,
  policy_version integer not null,
  slice text not null,
  state jsonb not null,
  updated_at timestamp with time zone not null default now(),
  constraint watches_pkey PRIMARY KEY (task, policy_version, slice),
  constraint watches_task_fkey FOREIGN KEY (task) REFERENCES tasks(name)
);

CREATE INDEX alarms_untold ON public.alarms USING btree (alarm_id) WHERE (told_at IS NULL);

CREATE INDEX attempts_by_query ON ONLY public.attempts USING btree (query_id);

CREATE INDEX attempts_by_task ON ONLY public.attempts USING btree (task, query_started_at);

CREATE INDEX attempts_open ON ONLY public.attempts USING btree (expires_at) WHERE (status = 'started'::text);

CREATE INDEX attempts_unsettled ON ONLY public.attempts USING btree (closed_at) WHERE ((cost_usd IS NULL) AND (response_id IS NOT NULL));

CREATE INDEX audits_by_task ON ONLY public.audits USING btree (task, query_started_at);

CREATE INDEX audits_open ON ONLY public.audits USING btree (planned_at) WHERE (status = ANY (ARRAY['due'::text, 'running'::text]));

CREATE INDEX audits_unwatched ON ONLY public.audits USING btree (task, policy_version) WHERE ((watched_at IS NULL) AND (status = ANY (ARRAY['compared'::text, 'incomparable'::text])));

CREATE INDEX certificate_states_by_version ON public.certificate_states USING btree (task, policy_version, state_id);

CREATE INDEX labels_by_query ON ONLY public.labels USING btree (query_id);

CREATE INDEX policy_changes_by_task ON public.policy_changes USING btree (task, change_id);

CREATE INDEX queries_by_task ON ONLY public.queries USING btree (task, started_at);

CREATE INDEX queries_cancel_requested ON ONLY public.queries USING btree (cancel_requested_run_id) WHERE ((status = 'running'::text) AND (cancel_requested_run_id IS NOT NULL));

CREATE INDEX queries_running ON ONLY public.queries USING btree (started_at, query_id) WHERE (status = 'running'::text);

CREATE INDEX report_baselines_by_day ON public.report_baselines USING btree (day);

CREATE INDEX report_queries_by_day ON public.report_queries USING btree (day);

CREATE INDEX report_spend_by_day ON public.report_spend USING btree (day);

CREATE INDEX report_stages_by_day ON public.report_stages USING btree (day);

create view answer_labels as
 SELECT DISTINCT ON (query_started_at, attempt_id) query_started_at,
    query_id,
    attempt_id,
    correct,
    source,
    source_kind,
    grade,
    labelled_at
   FROM labels
  ORDER BY query_started_at, attempt_id, (
        CASE source_kind
            WHEN 'person'::text THEN 0
            WHEN 'reference'::text THEN 1
            ELSE 2
        END), labelled_at DESC, source;

create view attempt_spend as
 SELECT query_id,
    query_started_at,
    attempt_id,
    task,
    policy_version,
    purpose,
    stage,
    model,
    spend_class,
    cost_low_usd::numeric(24,12) AS cost_low_usd,
    cost_high_usd::numeric(24,12) AS cost_high_usd,
    cost_usd::numeric(24,12) AS cost_usd,
    cost_source,
    provider
   FROM spend_of_attempts('-infinity'::timestamp with time zone, 'infinity'::timestamp with time zone) spend_of_attempts(query_id, query_started_at, attempt_id, task, policy_version, purpose, stage, model, spend_class, cost_low_usd, cost_high_usd, cost_usd, cost_source, provider);

create view audited_answers as
 SELECT a.query_id,
    a.query_started_at,
    a.task,
    a.policy_version,
    q.tenant,
    q.tags,
    a.inclusion_probability,
    a.status,
    q.outcome,
    q.confidence,
    q.threshold,
    q.served_model,
    q.served_stage,
    q.served_attempt_id,
    a.baseline_model,
    a.baseline_attempt_id,
    a.served_agrees,
    s.correct AS served_label,
    b.correct AS baseline_label,
    COALESCE(s.correct, a.served_agrees) AS served_correct,
        CASE
            WHEN s.correct IS NULL THEN
            CASE
                WHEN a.served_agrees IS NOT NULL THEN true
                ELSE NULL::boolean
            END
            WHEN b.correct IS NOT NULL THEN b.correct
            WHEN a.served_agrees THEN s.correct
            WHEN NOT a.served_agrees AND s.correct THEN false
            ELSE NULL::boolean
        END AS baseline_correct,
    COALESCE(s.source_kind,
        CASE
            WHEN a.served_agrees IS NOT NULL THEN 'last-stage'::text
            ELSE NULL::text
        END) AS judged_by,
    COALESCE(s.source,
        CASE
            WHEN a.served_agrees IS NOT NULL THEN a.baseline_model
            ELSE NULL::text
        END) AS judge,
    a.ended_at
   FROM audits a
     JOIN queries q ON q.started_at = a.query_started_at AND q.query_id = a.query_id
     LEFT JOIN answer_labels s ON s.query_started_at = a.query_started_at AND s.attempt_id = q.served_attempt_id
     LEFT JOIN answer_labels b ON b.query_started_at = a.query_started_at AND b.attempt_id = a.baseline_attempt_id
  WHERE a.status = ANY (ARRAY['compared'::text, 'incomparable'::text]);

create view baselines_by_day as
 SELECT r.day,
    r.task,
    r.policy_version,
    r.model,
    r.input_over,
    r.input_up_to,
    r.called,
    r.called_own_low_usd,
    r.called_own_high_usd,
    r.called_own_unbounded,
    r.called_all_low_usd,
    r.called_all_high_usd,
    r.called_all_unbounded,
    r.not_called,
    r.not_called_input_tokens,
    r.not_called_all_low_usd,
    r.not_called_all_high_usd,
    r.not_called_all_unbounded,
    r.left_out,
    r.left_out_all_low_usd,
    r.left_out_all_high_usd,
    r.left_out_all_unbounded
   FROM report_days d
     JOIN report_baselines r ON r.day = d.day
  WHERE d.ready
UNION ALL
 SELECT u.day,
    live.task,
    live.policy_version,
    live.model,
    live.input_over,
    live.input_up_to,
    live.called,
    live.called_own_low_usd,
    live.called_own_high_usd,
    live.called_own_unbounded,
    live.called_all_low_usd,
    live.called_all_high_usd,
    live.called_all_unbounded,
    live.not_called,
    live.not_called_input_tokens,
    live.not_called_all_low_usd,
    live.not_called_all_high_usd,
    live.not_called_all_unbounded,
    live.left_out,
    live.left_out_all_low_usd,
    live.left_out_all_high_usd,
    live.left_out_all_unbounded
   FROM unsealed_report_days() u(day)
     CROSS JOIN LATERAL baselines_of_day(u.day) live(day, task, policy_version, model, input_over, input_up_to, called, called_own_low_usd, called_own_high_usd, called_own_unbounded, called_all_low_usd, called_all_high_usd, called_all_unbounded, not_called, not_called_input_tokens, not_called_all_low_usd, not_called_all_high_usd, not_called_all_unbounded, left_out, left_out_all_low_usd, left_out_all_high_usd, left_out_all_unbounded);

create view double_billing as
 SELECT day,
    task,
    policy_version,
    reason,
    spend_class,
    sum(attempts)::bigint AS attempts,
    sum(without_price)::bigint AS without_price,
    sum(unbounded)::bigint AS unbounded,
    sum(known_usd) AS known_usd,
    sum(low_usd) AS low_usd,
    sum(high_usd) AS high_usd
   FROM ( SELECT s.day,
            s.task,
            s.policy_version,
            s.purpose,
            s.stage,
            s.provider,
            s.model,
            s.spend_class,
            s.cost_source,
            s.attempts,
            s.without_price,
            s.unbounded,
            s.known_usd,
            s.low_usd,
            s.high_usd,
                CASE
                    WHEN s.spend_class = ANY (ARRAY['discarded'::text, 'corroborated'::text]) THEN 'escalation'::text
                    WHEN s.spend_class = ANY (ARRAY['retried'::text, 'failed'::text]) THEN 'retry'::text
                    WHEN s.spend_class = 'orphaned'::text THEN 'orphan'::text
                    ELSE s.spend_class
                END AS reason
           FROM spend_by_day s
          WHERE s.spend_class <> ALL (ARRAY['accepted'::text, 'fallback'::text, 'audit'::text, 'open'::text, 'pending'::text])) paid_twice
  GROUP BY day, task, policy_version, reason, spend_class;

create view policy_periods as
 SELECT task,
    to_version AS version,
    canary_version,
    canary_share,
    changed_at AS since,
    lead(changed_at) OVER (PARTITION BY task ORDER BY change_id) AS until,
    action,
    changed_by,
    reason
   FROM policy_changes;

create view queries_by_day as
 SELECT r.day,
    r.task,
    r.policy_version,
    r.status,
    r.outcome,
    r.queries,
    r.served,
    r.labelled,
    r.correct
   FROM report_days d
     JOIN report_queries r ON r.day = d.day
  WHERE d.ready
UNION ALL
 SELECT u.day,
    live.task,
    live.policy_version,
    live.status,
    live.outcome,
    live.queries,
    live.served,
    live.labelled,
    live.correct
   FROM unsealed_report_days() u(day)
     CROSS JOIN LATERAL queries_of_day(u.day) live(day, task, policy_version, status, outcome, queries, served, labelled, correct);

create view spend_by_day as
 SELECT r.day,
    r.task,
    r.policy_version,
    r.purpose,
    r.stage,
    r.provider,
    r.model,
    r.spend_class,
    r.cost_source,
    r.attempts,
    r.without_price,
    r.unbounded,
    r.known_usd,
    r.low_usd,
    r.high_usd
   FROM report_days d
     JOIN report_spend r ON r.day = d.day
  WHERE d.ready
UNION ALL
 SELECT u.day,
    live.task,
    live.policy_version,
    live.purpose,
    live.stage,
    live.provider,
    live.model,
    live.spend_class,
    live.cost_source,
    live.attempts,
    live.without_price,
    live.unbounded,
    live.known_usd,
    live.low_usd,
    live.high_usd
   FROM unsealed_report_days() u(day)
     CROSS JOIN LATERAL spend_of_day(u.day) live(day, task, policy_version, purpose, stage, provider, model, spend_class, cost_source, attempts, without_price, unbounded, known_usd, low_usd, high_usd);

create view stages_by_day as
 SELECT r.day,
    r.task,
    r.policy_version,
    r.stage,
    r.model,
    r.reached,
    r.stopped,
    r.ended_here,
    r.went_on,
    r.serve_low_usd,
    r.serve_high_usd,
    r.serve_unbounded,
    r.scoring_low_usd,
    r.scoring_high_usd,
    r.scoring_unbounded,
    r.to_go_low_usd,
    r.to_go_high_usd,
    r.to_go_unbounded
   FROM report_days d
     JOIN report_stages r ON r.day = d.day
  WHERE d.ready
UNION ALL
 SELECT u.day,
    live.task,
    live.policy_version,
    live.stage,
    live.model,
    live.reached,
    live.stopped,
    live.ended_here,
    live.went_on,
    live.serve_low_usd,
    live.serve_high_usd,
    live.serve_unbounded,
    live.scoring_low_usd,
    live.scoring_high_usd,
    live.scoring_unbounded,
    live.to_go_low_usd,
    live.to_go_high_usd,
    live.to_go_unbounded
   FROM unsealed_report_days() u(day)
     CROSS JOIN LATERAL stages_of_day(u.day) live(day, task, policy_version, stage, model, reached, stopped, ended_here, went_on, serve_low_usd, serve_high_usd, serve_unbounded, scoring_low_usd, scoring_high_usd, scoring_unbounded, to_go_low_usd, to_go_high_usd, to_go_unbounded);

CREATE OR REPLACE FUNCTION public.baselines_of_day(of_day date)
 RETURNS SETOF report_baselines
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
 SET work_mem TO '64MB'
AS $function$
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
$function$
;

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
  foreach parent in array array['queries', 'attempts', 'labels', 'texts', 'audits'] loop
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

CREATE OR REPLACE FUNCTION public.input_bucket_edges()
 RETURNS bigint[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select '{0,32000,128000,199999,200000,256000,271999,272000,512000}'::bigint[] $function$
;

CREATE OR REPLACE FUNCTION public.mark_report_days(max_days integer)
 RETURNS integer
 LANGUAGE sql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.queries_of_day(of_day date)
 RETURNS SETOF report_queries
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
 SET work_mem TO '64MB'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.seal_report_day(of_day date)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.spend_of_attempts(since timestamp with time zone, until timestamp with time zone)
 RETURNS TABLE(query_id uuid, query_started_at timestamp with time zone, attempt_id uuid, task text, policy_version integer, purpose text, stage integer, model text, spend_class text, cost_low_usd numeric, cost_high_usd numeric, cost_usd numeric, cost_source text, provider text)
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.spend_of_day(of_day date)
 RETURNS SETOF report_spend
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
 SET work_mem TO '64MB'
AS $function$
begin
  return query
    select of_day, task, policy_version, purpose, stage, provider, model, spend_class, cost_source,
      count(*), count(*) filter (where cost_source = 'unknown'), count(*) - count(cost_high_usd),
      coalesce(sum(cost_usd), 0), coalesce(sum(cost_low_usd), 0), coalesce(sum(cost_high_usd), 0)
    from spend_of_attempts(utc_day_start(of_day), utc_day_start(of_day + 1))
    group by task, policy_version, purpose, stage, provider, model, spend_class, cost_source;
end
$function$
;

CREATE OR REPLACE FUNCTION public.stages_of_day(of_day date)
 RETURNS SETOF report_stages
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
 SET work_mem TO '64MB'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.unseal_report_days()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.unsealed_report_days()
 RETURNS SETOF date
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select d.day::date
  from (
    select least((select min(started_at) from queries), (select min(query_started_at) from attempts)) as first,
      greatest((select max(started_at) from queries), (select max(query_started_at) from attempts)) as last
  ) held
  cross join lateral generate_series(
    (held.first at time zone 'UTC')::date::timestamp, (held.last at time zone 'UTC')::date::timestamp, interval '1 day'
  ) d (day)
  where not exists (select from report_days r where r.day = d.day::date and r.ready)
$function$
;

CREATE OR REPLACE FUNCTION public.utc_day_start(day date)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select day::timestamp at time zone 'UTC' $function$
;

CREATE OR REPLACE FUNCTION public.watch_report_days()
 RETURNS integer
 LANGUAGE sql
AS $function$
  with watched as (
    update report_days set watched_from = pg_current_xact_id()
    where not ready and (watched_from is null or watched_from >= pg_snapshot_xmax(pg_current_snapshot()))
    returning day
  )
  select count(*)::integer from watched
$function$
;

CREATE TRIGGER unseal_on_delete AFTER DELETE ON public.attempts REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_insert AFTER INSERT ON public.attempts REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_update AFTER UPDATE ON public.attempts REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_delete AFTER DELETE ON public.labels REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_insert AFTER INSERT ON public.labels REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_update AFTER UPDATE ON public.labels REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_delete AFTER DELETE ON public.queries REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_insert AFTER INSERT ON public.queries REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

CREATE TRIGGER unseal_on_update AFTER UPDATE ON public.queries REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION unseal_report_days();

comment on table alarms is 'Alarms: one at most for each slice of a policy version. All alarms of a version are false with a probability of at most 5%, over all time.';
comment on column alarms.alarm_id is 'Ascends with time.';
comment on column alarms.task is 'The task.';
comment on column alarms.policy_version is 'The policy version whose queries were audited.';
comment on column alarms.slice is 'all, or a tag of the caller''s as tag=value.';
comment on column alarms.raised_at is 'When.';
comment on column alarms.audit_ended_at is 'When the audit ended that raised it.';
comment on column alarms.audits is 'Audits of the slice until then.';
comment on column alarms.loss is 'What is too much: regret, harm or selective, as of certificates.';
comment on column alarms.mean_loss is 'Its mean over the slice''s audits, each weighted by 1 / inclusion_probability; from -1 to 1.';
comment on column alarms.alpha is 'The bound that was promised, between 0 and 1.';
comment on column alarms.p_value is 'p-value of the bound, valid whenever one looks; at most level.';
comment on column alarms.level is 'The slice''s share of the 5%.';
comment on column alarms.judges is 'Audits by what they were held against: person, reference, caller, last-stage, none.';
comment on column alarms.action is 'What it did to new queries: keep (nothing), baseline (the baseline alone serves them), stop (they are refused), stop-canary (the version was a canary, which ended).';
comment on column alarms.told_at is 'When it was logged and, where there is one, the webhook took it; null before.';
comment on view answer_labels is 'The label that counts of each labelled attempt: a person''s before a known answer''s before the caller''s, the newest of a kind. Filter on query_started_at.';
comment on column answer_labels.query_started_at is 'started_at of the query: the partition key.';
comment on column answer_labels.query_id is 'The query.';
comment on column answer_labels.attempt_id is 'The attempt that gave the answer.';
comment on column answer_labels.correct is 'Whether the answer is right.';
comment on column answer_labels.source is 'Who says so, by name.';
comment on column answer_labels.source_kind is 'person, reference or caller.';
comment on column answer_labels.grade is 'How good the answer is, 0 to 1, where the source gave a grade.';
comment on column answer_labels.labelled_at is 'When the label was given.';
comment on view attempt_spend is 'Every attempt with what its money went into: exactly one class each, so the classes sum to the total. Paid twice is everything but accepted, fallback, audit, open and pending.';
comment on column attempt_spend.query_id is 'The query.';
comment on column attempt_spend.query_started_at is 'started_at of the query. Filter on it: it is the partition key.';
comment on column attempt_spend.attempt_id is 'The attempt.';
comment on column attempt_spend.task is 'The task.';
comment on column attempt_spend.policy_version is 'The policy version that the query is pinned to.';
comment on column attempt_spend.purpose is 'Why it was made: serve, score (a judge), route, audit, embed.';
comment on column attempt_spend.stage is 'Place in the chain, from 0; for a judge, the stage that it judged.';
comment on column attempt_spend.model is 'The model''s name in the settings.';
comment on column attempt_spend.spend_class is 'The first that holds. audit, scoring, routing (route and embed): by purpose. open: its request may still run. orphaned: its process was lost, or a later try replaced it. cancelled. retried: failed, and its stage was tried again. failed: otherwise. pending: its query still runs. unanswered: its query ended without an answer. accepted: served, at its threshold or above. fallback: served below its threshold, or unscored. corroborated: gave the served answer again. discarded: not served, also where it came too late. duplicate: none of these; always zero.';
comment on column attempt_spend.cost_low_usd is 'The least that it can have cost, in USD.';
comment on column attempt_spend.cost_high_usd is 'The most that it can have cost, in USD; null where nothing bounds it.';
comment on column attempt_spend.cost_usd is 'What it cost, in USD, where that is known; null where it is not.';
comment on column attempt_spend.cost_source is 'provider, catalogue, estimate (bounds only) or unknown (no price): see attempts.cost_source.';
comment on column attempt_spend.provider is 'The provider''s name in the settings.';
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
comment on column attempts.status is 'started (open), succeeded (a usable response), failed, cancelled, or orphaned (its process was lost: a later try replaced it, or it was still open when it had expired).';
comment on column attempts.verdict is 'accepted: its text was served. corroborated: a later response with the same answer. rejected: nobody used it, since another answer was served, or since it came too late. Null for judges, and where nothing was served.';
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
comment on column attempts.cost_source is 'provider: the vendor''s own figure, sent with the response or told afterwards. catalogue: usage at the price in price_id. estimate: bounds only, or certainly not billed. unknown: no price.';
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
comment on column attempts.service_tier is 'The service tier that it is billed at: as the response said, else as the request asked; null for the vendor''s default.';
comment on column attempts.input_image_tokens is 'The part of input_tokens that was images; null where no usage came, and before the column was there.';
comment on column attempts.output_image_tokens is 'The part of output_tokens that was images; null where no usage came, and before the column was there.';
comment on column attempts.agrees_with_baseline is 'Of an audited query: whether its extracted answer equals that of the last stage. Null otherwise, and where the two cannot be compared.';
comment on view audited_answers is 'Audits that have ended, each with whether the served and the last stage''s answer were right, and who judged that. Each row stands for 1 / inclusion_probability queries. Filter on query_started_at.';
comment on column audited_answers.query_id is 'The query.';
comment on column audited_answers.query_started_at is 'started_at of the query. Filter on it: it is the partition key.';
comment on column audited_answers.task is 'The task.';
comment on column audited_answers.policy_version is 'The policy version that the query is pinned to.';
comment on column audited_answers.tenant is 'Whom the query was for, as the caller said.';
comment on column audited_answers.tags is 'The caller''s own labels of the query: its slices.';
comment on column audited_answers.inclusion_probability is 'Chance with which the query was chosen, above 0 and at most 1.';
comment on column audited_answers.status is 'compared or incomparable: see audits.status.';
comment on column audited_answers.outcome is 'How the query ended: see queries.outcome.';
comment on column audited_answers.confidence is 'Confidence of the served answer, 0 to 1; null where it was not scored.';
comment on column audited_answers.threshold is 'Threshold of the stage at which the cascade stopped, 0 to 1.';
comment on column audited_answers.served_model is 'The model that gave the served answer.';
comment on column audited_answers.served_stage is 'Its place in the chain, from 0.';
comment on column audited_answers.served_attempt_id is 'The attempt whose text was served.';
comment on column audited_answers.baseline_model is 'The last model of the chain.';
comment on column audited_answers.baseline_attempt_id is 'The attempt that gave the last stage''s answer; null where it gave none.';
comment on column audited_answers.served_agrees is 'Whether the served answer equals the last stage''s; null where they cannot be compared.';
comment on column audited_answers.served_label is 'Whether the served answer is right by the label that counts (answer_labels); null without one.';
comment on column audited_answers.baseline_label is 'Whether the last stage''s answer is right by the label that counts; null without one.';
comment on column audited_answers.served_correct is 'Whether the served answer was right, as judged by judged_by; null where nobody could judge.';
comment on column audited_answers.baseline_correct is 'Whether the last stage''s answer was right, as judged by judged_by: by its own label, or by what the served answer''s label says of an answer that is equal or different. True by definition where judged_by is last-stage. Null where it is not known.';
comment on column audited_answers.judged_by is 'What the served answer was held against: person, reference or caller (a label of that kind), or last-stage: agreement with the last stage''s answer, a proxy.';
comment on column audited_answers.judge is 'Who that was: the label''s source, or the last stage''s model.';
comment on column audited_answers.ended_at is 'When the audit ended.';
comment on table audits is 'Queries that were chosen to be audited: after the answer, the stages that were not called are called, and the served answer is held against the last stage''s. Partitioned by month on query_started_at (UTC).';
comment on column audits.query_started_at is 'started_at of the query: the partition key.';
comment on column audits.query_id is 'The query.';
comment on column audits.task is 'The task.';
comment on column audits.policy_version is 'The policy version that the query is pinned to.';
comment on column audits.inclusion_probability is 'Chance with which the query was chosen, above 0 and at most 1: an audit stands for 1 / inclusion_probability queries.';
comment on column audits.status is 'planned (its query runs), due (the query has been answered), running, compared (served_agrees says how), incomparable (message says why), skipped (the query ended without an answer).';
comment on column audits.baseline_model is 'What the served answer is held against: the last model of the chain, by its name in the settings. Agreement with it is a proxy: it can be wrong as well.';
comment on column audits.baseline_stage is 'Its place in the chain, from 0.';
comment on column audits.baseline_attempt_id is 'The attempt that gave the last stage''s answer, with purpose serve or audit; null where it gave none.';
comment on column audits.served_agrees is 'Whether the served answer equals the last stage''s, as the task''s extractor finds both.';
comment on column audits.message is 'Why the answers could not be compared, or which stages gave no response, in words.';
comment on column audits.planned_at is 'When the query was planned, and chosen.';
comment on column audits.began_at is 'When the audit first began; null where it has not.';
comment on column audits.ended_at is 'When it ended; null where it has not.';
comment on column audits.watched_at is 'When the audit entered the evidence of its policy version''s watch; null before.';
comment on view baselines_by_day is 'Ended queries beside each model of their chain as a baseline, by UTC day of the query''s start: what it cost where it was called, and the input that it would have read where it was not. Sealed days come from report_baselines, the others from the base tables: the same rows either way. Filter on day.';
comment on column baselines_by_day.day is 'UTC day on which the query started.';
comment on column baselines_by_day.task is 'The task.';
comment on column baselines_by_day.policy_version is 'The policy version that the query is pinned to.';
comment on column baselines_by_day.model is 'The baseline: a model of the version''s chain, by its name in the settings.';
comment on column baselines_by_day.input_over is 'The query''s first usable response had more input tokens than this (the smallest bucket also holds none at all). Edges lie where vendors change prices: see input_bucket. Null where no response was usable.';
comment on column baselines_by_day.input_up_to is 'And at most this many; null in the last bucket, and where no response was usable.';
comment on column baselines_by_day.called is 'Queries that made a serve attempt of the baseline''s model.';
comment on column baselines_by_day.called_own_low_usd is 'The least that those attempts can have cost, in USD.';
comment on column baselines_by_day.called_own_high_usd is 'Sum of their known upper bounds, in USD: a bound only where called_own_unbounded is 0.';
comment on column baselines_by_day.called_own_unbounded is 'How many of those attempts nothing bounds from above.';
comment on column baselines_by_day.called_all_low_usd is 'The least that those queries can have cost, audits aside, in USD.';
comment on column baselines_by_day.called_all_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where called_all_unbounded is 0.';
comment on column baselines_by_day.called_all_unbounded is 'How many attempts of those queries nothing bounds from above.';
comment on column baselines_by_day.not_called is 'Queries that did not call it, with a usable response of another model.';
comment on column baselines_by_day.not_called_input_tokens is 'Sum of the input tokens of their first usable responses.';
comment on column baselines_by_day.not_called_all_low_usd is 'The least that those queries can have cost, audits aside, in USD.';
comment on column baselines_by_day.not_called_all_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where not_called_all_unbounded is 0.';
comment on column baselines_by_day.not_called_all_unbounded is 'How many attempts of those queries nothing bounds from above.';
comment on column baselines_by_day.left_out is 'Queries that did not call it and have no usable response with a count of its input: what it would have cost is not known at all.';
comment on column baselines_by_day.left_out_all_low_usd is 'The least that those queries can have cost, audits aside, in USD.';
comment on column baselines_by_day.left_out_all_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where left_out_all_unbounded is 0.';
comment on column baselines_by_day.left_out_all_unbounded is 'How many attempts of those queries nothing bounds from above.';
comment on function baselines_of_day(of_day date) is 'Rows of baselines_by_day for one day, from the base tables.';
comment on table budget_periods is 'Each budget in each period in which it was asked for: what the attempts opened in it have cost or can still cost. Not partitioned.';
comment on column budget_periods.budget_key is 'scope_kind:period:period_start:scope, such as tenant:day:2026-11-24:acme. Rows are locked in the order of its bytes.';
comment on column budget_periods.scope_kind is 'task, tenant or audit: see budgets.scope_kind.';
comment on column budget_periods.scope is 'The task or the tenant, by its own name also where the limit of * holds.';
comment on column budget_periods.period is 'day or month, in UTC.';
comment on column budget_periods.period_start is 'First day of the period (UTC).';
comment on column budget_periods.limit_usd is 'The limit that the latest reservation or denial was held against, in USD.';
comment on column budget_periods.committed_usd is 'The most that the attempts reserved here can have cost, in USD: the sum of their cost_high_usd (of one whose cost became unknown, what it had reserved).';
comment on column budget_periods.open_usd is 'The part of committed_usd that is held by attempts that are open or orphaned: a close settles it.';
comment on column budget_periods.reservations is 'Attempts that were opened in it.';
comment on column budget_periods.denials is 'Attempts that it refused.';
comment on table budgets is 'The limits of escalier.yaml as they were last applied. A change holds at once, for running queries also.';
comment on column budgets.scope_kind is 'task: all queries of a task, their audits aside. tenant: all queries of a tenant, over all tasks, their audits aside. audit: all audits of a task.';
comment on column budgets.scope is 'The task or the tenant; for tenants * stands for each that has no row of its own; for audits the task.';
comment on column budgets.period is 'day or month, in UTC.';
comment on column budgets.limit_usd is 'The most that the attempts opened in one period may cost, in USD.';
comment on column budgets.updated_at is 'When the limit last changed.';
comment on table certificate_sightings is 'What was first seen when under a certificate: the names that providers report of their models, and the hashes of prompt templates. A later one ends the certificate.';
comment on column certificate_sightings.task is 'The task.';
comment on column certificate_sightings.policy_sha256 is 'SHA-256 of the learned policy that the certificate was given for (policy.learned.policySha256).';
comment on column certificate_sightings.kind is 'reported-model, or prompt-template: the tag prompt_template of queries.';
comment on column certificate_sightings.subject is 'The model by its name in the settings; empty for prompt templates.';
comment on column certificate_sightings.value is 'The name that the provider reported, or the template''s hash.';
comment on column certificate_sightings.first_seen_at is 'When it was first seen.';
comment on table certificate_states is 'What has become of the certificates of policy versions. The newest row of a version holds. Appended, never edited.';
comment on column certificate_states.state_id is 'Ascends with time within a version.';
comment on column certificate_states.task is 'The task.';
comment on column certificate_states.policy_version is 'The policy version that carries the certificate.';
comment on column certificate_states.state is 'valid; suspect: an alarm says that it does not hold; expired: it is about something that is no more.';
comment on column certificate_states.reason is 'Why, in words.';
comment on column certificate_states.since is 'From this instant.';
comment on view double_billing is 'What was paid beside the answers, and why, by UTC day of the query''s start: spend_by_day without accepted, fallback, audit, open and pending. Filter on day.';
comment on column double_billing.day is 'UTC day on which the query started: an attempt counts with its query.';
comment on column double_billing.task is 'The task.';
comment on column double_billing.policy_version is 'The policy version that the query is pinned to.';
comment on column double_billing.reason is 'escalation (discarded, corroborated), retry (retried, failed), orphan (orphaned), or the class itself: scoring, routing, cancelled, unanswered, duplicate.';
comment on column double_billing.spend_class is 'What the money went into: see attempt_spend.spend_class.';
comment on column double_billing.attempts is 'How many.';
comment on column double_billing.without_price is 'Of those, how many have no known price.';
comment on column double_billing.unbounded is 'Of those, how many nothing bounds from above, those without a price among them.';
comment on column double_billing.known_usd is 'Sum of the costs that are known, in USD.';
comment on column double_billing.low_usd is 'The least that they can have cost together, in USD.';
comment on column double_billing.high_usd is 'Sum of the upper bounds that are known, in USD: a bound of the whole only where unbounded is 0.';
comment on function ensure_ledger_partitions(months_ahead integer) is 'Makes the monthly partitions from last month to so many months ahead; returns how many were missing.';
comment on table escalier_migration_hashes is 'SHA-256 of each applied migration file, so that an edited one is noticed.';
comment on column escalier_migration_hashes.name is 'The file''s name without .sql.';
comment on column escalier_migration_hashes.sha256 is 'Of the file''s bytes when it was applied.';
comment on function input_bucket_edges() is 'Input tokens above which a vendor may charge another price, ascending: a bucket is more than one edge and at most the next.';
comment on table labels is 'Whether an attempt''s answer is right, and who says so. A source has one label per attempt. Partitioned by month on query_started_at (UTC).';
comment on column labels.query_started_at is 'started_at of the query: the partition key.';
comment on column labels.query_id is 'The query.';
comment on column labels.attempt_id is 'The attempt that gave the answer.';
comment on column labels.source is 'Who says so, by name: reference (a known answer), recorded-set, or a name of the caller''s.';
comment on column labels.correct is 'Whether the answer is right.';
comment on column labels.labelled_at is 'When the label was given.';
comment on column labels.source_kind is 'What kind of source it is: person (somebody who looked at it), reference (a known answer), caller (feedback of the service that asked).';
comment on column labels.grade is 'How good the answer is, 0 to 1, where the source gave a grade.';
comment on column labels.corrected is 'Whether the source gave the right answer, from which this label was found. Its text is among the query''s texts, as far as they are retained.';
comment on function mark_report_days(max_days integer) is 'Marks so many days for sealing, oldest first: over, and without running queries and open attempts, or over for more than 3 days. Returns how many.';
comment on table open_texts is 'Prompts and responses of running queries, and of those whose audit has not ended. Deleted in the transaction that ends the query, or its audit. Not partitioned.';
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
comment on table policy_changes is 'Every change of what new queries of a task are pinned to: who, when, from what to what, why. Appended, never edited.';
comment on column policy_changes.change_id is 'Ascends with time within a task.';
comment on column policy_changes.task is 'The task.';
comment on column policy_changes.changed_at is 'When.';
comment on column policy_changes.changed_by is 'Who ran the command, as user@host; watch where an alarm did; null where that is not known.';
comment on column policy_changes.action is 'apply: from the settings. promote: a learned policy became current. canary: a version began to take a share of new queries, or another share. finish-canary: the canary became current. stop-canary: it ended without that. rollback: an earlier version became current again, or a stopped one goes on. fallback: after an alarm the baseline alone serves. stop: after an alarm new queries are refused.';
comment on column policy_changes.from_version is 'The current version before; null for a task''s first.';
comment on column policy_changes.to_version is 'The current version after; the same as before where only a canary changed.';
comment on column policy_changes.canary_version is 'The canary after the change; null for none.';
comment on column policy_changes.canary_share is 'Its share of new queries, between 0 and 1.';
comment on column policy_changes.reason is 'Why, in the words of whoever changed it.';
comment on view policy_periods is 'Which version of a task''s policy was current when, and which was its canary: a row for each stretch of time between two changes.';
comment on column policy_periods.task is 'The task.';
comment on column policy_periods.version is 'The version that new queries took.';
comment on column policy_periods.canary_version is 'The version that a share of them took instead; null for none.';
comment on column policy_periods.canary_share is 'That share, between 0 and 1.';
comment on column policy_periods.since is 'From this instant.';
comment on column policy_periods.until is 'To this instant, exclusive; null for now.';
comment on column policy_periods.action is 'The change that it began with: see policy_changes.action.';
comment on column policy_periods.changed_by is 'Who made that change.';
comment on column policy_periods.reason is 'Why.';
comment on table price_books is 'Which prices were known of a model, from when. Appended when the list changes, never edited: the book as of an instant is each model''s latest entry by then.';
comment on column price_books.provider is 'The provider''s name in the settings.';
comment on column price_books.model_id is 'The provider''s id of the model.';
comment on column price_books.known_from is 'When this ledger first saw the list.';
comment on column price_books.price_ids is 'Rows in prices, in the order in which they apply: the last one that holds at an instant is the price. Empty where the model has no known price.';
comment on column price_books.source is 'Where the latest of its rows comes from; null where it has none.';
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
comment on column prices.valid_until is 'Holds until this instant, exclusive; null holds without end.';
comment on column prices.service_tier is 'The vendor''s service tier that it is the price of (flex, batch, priority); null for the default tier.';
comment on table proposals is 'What learning a task anew from its audits came to: a policy that held on queries which it was not learned from, or why none is proposed. The same evidence makes one row.';
comment on column proposals.proposal_id is 'Ascends with time.';
comment on column proposals.task is 'The task.';
comment on column proposals.input_sha256 is 'SHA-256 of the audits and labels, the version that served and what was learned for.';
comment on column proposals.created_at is 'When.';
comment on column proposals.current_version is 'The policy version that served, which the learned policy was held against.';
comment on column proposals.decision is 'proposed: it held, and waits for a person. promoted: it became a version of the task''s policy. refused: see reason.';
comment on column proposals.reason is 'Why, in words, with the figures.';
comment on column proposals.evidence is 'ProposalEvidence of core/proposal.ts: how many audits, judged by whom, and the comparison on the queries that were held out.';
comment on column proposals.policy is 'The learned policy, as policy.json; null where nothing was learned.';
comment on column proposals.scorer_sha256 is 'Its scorer; null where nothing was learned.';
comment on column proposals.promoted_version is 'The policy version that it became; null where it was not promoted.';
comment on column proposals.promoted_at is 'When it became that; null where it did not.';
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
comment on column queries.run_id is 'Temporal run id of the latest run that planned the query, asked for a request of it, or ended it.';
comment on column queries.ended_at is 'When it ended.';
comment on column queries.audit_probability is 'Chance, above 0 and at most 1, with which the query was to be audited, set when it was planned; null where its task has no audits. Whether it was chosen says a row in audits.';
comment on column queries.cancel_requested_run_id is 'Temporal run id of the run that a client has asked to stop: its open request is aborted, and it makes no other. Null where nobody asked, or only Temporal was told.';
comment on view queries_by_day is 'Every query, summed by UTC day of its start and by how it ended. Sealed days come from report_queries, the others from the base tables: the same rows either way. Filter on day.';
comment on column queries_by_day.day is 'UTC day on which the query started.';
comment on column queries_by_day.task is 'The task.';
comment on column queries_by_day.policy_version is 'The policy version that the query is pinned to.';
comment on column queries_by_day.status is 'running or ended.';
comment on column queries_by_day.outcome is 'How it ended; null while it runs: see queries.outcome.';
comment on column queries_by_day.queries is 'How many.';
comment on column queries_by_day.served is 'Of those, how many have an answer.';
comment on column queries_by_day.labelled is 'Of those with an answer, how many have a label of it.';
comment on column queries_by_day.correct is 'Of those with a label, how many are right by the newest one.';
comment on function queries_of_day(of_day date) is 'Rows of queries_by_day for one day, from the base tables.';
comment on table query_keys is 'Idempotency: one row per workflow id, inserted before anything else, so that a key is one query in every run of it.';
comment on column query_keys.namespace is 'Temporal namespace.';
comment on column query_keys.workflow_id is 'Temporal workflow id, which is the caller''s idempotency key.';
comment on column query_keys.query_id is 'The query that the key stands for.';
comment on column query_keys.started_at is 'When the query first started: the partition key of queries and attempts.';
comment on column query_keys.request_sha256 is 'SHA-256 of the request''s canonical JSON: the same key with another request is refused.';
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
comment on table report_days is 'Days that are sealed, or about to be. A day that is ready is read from the rollups (report_spend, report_queries, report_stages, report_baselines), every other day from the base tables. A change to a day''s queries, attempts or labels takes its row away.';
comment on column report_days.day is 'UTC day on which the queries started.';
comment on column report_days.ready is 'Whether the rollups hold the day. False: marked, so that changes are noticed, and not summed up yet.';
comment on column report_days.watched_from is 'A transaction that began to write after the mark was committed: no younger one changes the day without taking the mark away. The day is summed up once all older ones have ended. Null until the first look after the mark.';
comment on column report_days.sealed_at is 'When it became ready.';
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
comment on table scorers is 'What learned scorers score with, by content: immutable, read once by each worker. A policy names its own by scorer.options.sha256.';
comment on column scorers.sha256 is 'SHA-256 of the artifact''s canonical JSON.';
comment on column scorers.task is 'The task that it was first promoted for.';
comment on column scorers.content is 'The artifact''s canonical JSON in UTF-8, compressed with gzip.';
comment on column scorers.size_bytes is 'Bytes of the canonical JSON.';
comment on column scorers.created_at is 'When it was stored.';
comment on function seal_report_day(of_day date) is 'Sums a marked day up into the rollups; in a repeatable-read transaction. False where the day is not marked, or a transaction that may have escaped the mark still writes: try again later. A serialization failure: the day has changed meanwhile.';
comment on table shift_looks is 'A look, once a day, at whether a current policy''s queries of the last 7 days differ from those of the 28 before.';
comment on column shift_looks.task is 'The task.';
comment on column shift_looks.policy_version is 'The policy version that was current.';
comment on column shift_looks.day is 'UTC day of the look.';
comment on column shift_looks.confidence_p_value is 'p-value that the confidences of both are of one distribution (Kolmogorov and Smirnov); null with fewer than 100 of either.';
comment on column shift_looks.acceptance_p_value is 'p-value that the share of accepted answers is the same (two-sided z-test); null with fewer than 100 queries of either.';
comment on view spend_by_day is 'Every attempt, summed by UTC day of its query''s start and by what its money went into. Sealed days come from report_spend, the others from the base tables: the same rows either way. Filter on day.';
comment on column spend_by_day.day is 'UTC day on which the query started: an attempt counts with its query.';
comment on column spend_by_day.task is 'The task.';
comment on column spend_by_day.policy_version is 'The policy version that the query is pinned to.';
comment on column spend_by_day.purpose is 'Why it was made: serve, score (a judge), route, audit, embed.';
comment on column spend_by_day.stage is 'Place in the chain, from 0; for a judge, the stage that it judged.';
comment on column spend_by_day.provider is 'The provider''s name in the settings.';
comment on column spend_by_day.model is 'The model''s name in the settings.';
comment on column spend_by_day.spend_class is 'What the money went into: see attempt_spend.spend_class.';
comment on column spend_by_day.cost_source is 'provider, catalogue, estimate (bounds only) or unknown (no price): see attempts.cost_source.';
comment on column spend_by_day.attempts is 'How many.';
comment on column spend_by_day.without_price is 'Of those, how many have no known price.';
comment on column spend_by_day.unbounded is 'Of those, how many nothing bounds from above, those without a price among them.';
comment on column spend_by_day.known_usd is 'Sum of the costs that are known, in USD.';
comment on column spend_by_day.low_usd is 'The least that they can have cost together, in USD.';
comment on column spend_by_day.high_usd is 'Sum of the upper bounds that are known, in USD: a bound of the whole only where unbounded is 0.';
comment on function spend_of_attempts(since timestamp with time zone, until timestamp with time zone) is 'Attempts of queries that started in the interval (since inclusive, until exclusive), each with its spend class: see attempt_spend.';
comment on function spend_of_day(of_day date) is 'Rows of spend_by_day for one day, from the base tables.';
comment on view stages_by_day is 'How far queries climbed and what each stage cost, by UTC day of the query''s start. Sealed days come from report_stages, the others from the base tables: the same rows either way. Filter on day.';
comment on column stages_by_day.day is 'UTC day on which the query started.';
comment on column stages_by_day.task is 'The task.';
comment on column stages_by_day.policy_version is 'The policy version that the query is pinned to.';
comment on column stages_by_day.stage is 'Place in the chain, from 0.';
comment on column stages_by_day.model is 'The stage''s model, by its name in the settings.';
comment on column stages_by_day.reached is 'Queries, ended or running, that made a serve attempt here, whatever became of it.';
comment on column stages_by_day.stopped is 'Of ended_here, those that the stop rule stopped: their outcome is accepted.';
comment on column stages_by_day.ended_here is 'Ended queries that made no serve attempt at a later stage, whatever they ended with and whichever answer they served.';
comment on column stages_by_day.went_on is 'Ended queries that made a serve attempt at a later stage. Those that are neither ended_here nor went_on still run.';
comment on column stages_by_day.serve_low_usd is 'The least that serve attempts here can have cost, retries, failures and orphans too, in USD.';
comment on column stages_by_day.serve_high_usd is 'Sum of their known upper bounds, in USD: a bound only where serve_unbounded is 0.';
comment on column stages_by_day.serve_unbounded is 'How many of them nothing bounds from above.';
comment on column stages_by_day.scoring_low_usd is 'The least that judges of this stage can have cost, in USD.';
comment on column stages_by_day.scoring_high_usd is 'Sum of their known upper bounds, in USD: a bound only where scoring_unbounded is 0.';
comment on column stages_by_day.scoring_unbounded is 'How many of their attempts nothing bounds from above.';
comment on column stages_by_day.to_go_low_usd is 'The least that the queries that went on can have cost after this stage (serve and score attempts of later stages), in USD.';
comment on column stages_by_day.to_go_high_usd is 'Sum of the known upper bounds of that, in USD: a bound only where to_go_unbounded is 0.';
comment on column stages_by_day.to_go_unbounded is 'How many of those attempts nothing bounds from above.';
comment on function stages_of_day(of_day date) is 'Rows of stages_by_day for one day, from the base tables.';
comment on table tasks is 'Named kinds of query, each with the policy version that new queries take.';
comment on column tasks.name is 'The task, as escalier.yaml names it.';
comment on column tasks.current_version is 'The version in policies that new queries are pinned to, but for those of a canary.';
comment on column tasks.updated_at is 'When the current version or the canary last changed.';
comment on column tasks.canary_version is 'The version that a share of new queries is pinned to; null where no canary runs.';
comment on column tasks.canary_share is 'Share of new queries that take canary_version, chosen by a hash of the query id, between 0 and 1.';
comment on column tasks.stopped_reason is 'Why new queries are refused, in words; null where they are not. Any change of the task''s policy ends it.';
comment on table texts is 'Prompts and responses of ended queries of tasks with retention full. Partitioned by month on query_started_at (UTC).';
comment on column texts.query_started_at is 'started_at of the query: the partition key.';
comment on column texts.query_id is 'The query.';
comment on column texts.item is 'request, the attempt id of a response, or correction/ and the name of a source that gave the right answer.';
comment on column texts.content is 'JSON in UTF-8 (convert_from(content, ''UTF8'')::jsonb), encrypted when sealed.';
comment on column texts.sealed is 'Whether content is encrypted (AES-256-GCM) with the worker''s payload key.';
comment on function unseal_report_days() is 'Trigger: the days of the changed rows are read from the base tables again, until they are sealed anew.';
comment on function unsealed_report_days() is 'UTC days from the first to the last that the base tables hold, without those that are sealed.';
comment on function utc_day_start(day date) is 'The instant at which a UTC day starts.';
comment on function watch_report_days() is 'The step after mark_report_days, in a transaction of its own: says from when on every change to a marked day is noticed. Returns how many days it was said of.';
comment on table watches is 'Evidence, from audits, that a policy version''s loss is above what was promised: an e-process for each slice.';
comment on column watches.task is 'The task.';
comment on column watches.policy_version is 'The policy version.';
comment on column watches.slice is 'all, or a tag of the caller''s as tag=value.';
comment on column watches.state is 'SliceWatch of core/watch.ts: place, e-process, sums, judges, and when the alarm was raised.';
comment on column watches.updated_at is 'When the last audit entered it.';
