-- Quality: audits of served answers, and labels that say who judged, and how.

alter table queries add column audit_probability double precision
  check (audit_probability > 0 and audit_probability <= 1);
comment on column queries.audit_probability is 'Chance, above 0 and at most 1, with which the query was to be audited, set when it was planned; null where its task has no audits. Whether it was chosen says a row in audits.';

alter table attempts add column agrees_with_baseline boolean;
comment on column attempts.agrees_with_baseline is 'Of an audited query: whether its extracted answer equals that of the last stage. Null otherwise, and where the two cannot be compared.';

create table audits (
  query_started_at timestamptz not null,
  query_id uuid not null,
  task text not null,
  policy_version integer not null,
  inclusion_probability double precision not null check (inclusion_probability > 0 and inclusion_probability <= 1),
  status text not null default 'planned'
    check (status in ('planned', 'due', 'running', 'compared', 'incomparable', 'skipped')),
  baseline_model text not null,
  baseline_stage integer not null check (baseline_stage >= 0),
  baseline_attempt_id uuid,
  served_agrees boolean,
  message text,
  planned_at timestamptz not null default now(),
  began_at timestamptz,
  ended_at timestamptz,
  check ((status = 'compared') = (served_agrees is not null)),
  primary key (query_started_at, query_id)
) partition by range (query_started_at);
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
create index audits_by_task on audits (task, query_started_at);
create index audits_open on audits (planned_at) where status in ('due', 'running');

alter table labels add column source_kind text not null default 'caller'
  check (source_kind in ('person', 'reference', 'caller'));
alter table labels add column grade double precision check (grade between 0 and 1);
alter table labels add column corrected boolean not null default false;
update labels set source_kind = 'reference' where source in ('reference', 'recorded-set');
comment on table labels is 'Whether an attempt''s answer is right, and who says so. A source has one label per attempt. Partitioned by month on query_started_at (UTC).';
comment on column labels.source is 'Who says so, by name: reference (a known answer), recorded-set, or a name of the caller''s.';
comment on column labels.source_kind is 'What kind of source it is: person (somebody who looked at it), reference (a known answer), caller (feedback of the service that asked).';
comment on column labels.grade is 'How good the answer is, 0 to 1, where the source gave a grade.';
comment on column labels.corrected is 'Whether the source gave the right answer, from which this label was found. Its text is among the query''s texts, as far as they are retained.';

comment on column texts.item is 'request, the attempt id of a response, or correction/ and the name of a source that gave the right answer.';
comment on table open_texts is 'Prompts and responses of running queries, and of those whose audit has not ended. Deleted in the transaction that ends the query, or its audit. Not partitioned.';

create or replace function ensure_ledger_partitions(months_ahead integer default 3) returns integer
language plpgsql as $$
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
end $$;

-- Audits have budgets of their own, so that they never take what serving may spend.
alter table budgets drop constraint budgets_scope_kind_check;
alter table budgets add constraint budgets_scope_kind_check check (scope_kind in ('task', 'tenant', 'audit'));
alter table budget_periods drop constraint budget_periods_scope_kind_check;
alter table budget_periods add constraint budget_periods_scope_kind_check check (scope_kind in ('task', 'tenant', 'audit'));
comment on column budgets.scope_kind is 'task: all queries of a task, their audits aside. tenant: all queries of a tenant, over all tasks, their audits aside. audit: all audits of a task.';
comment on column budget_periods.scope_kind is 'task, tenant or audit: see budgets.scope_kind.';
comment on column budgets.scope is 'The task or the tenant; for tenants * stands for each that has no row of its own; for audits the task.';

-- What a query's answers are held against, best word first: a person's, a known answer's, the caller's. The newest of a kind counts.
create view answer_labels as
select distinct on (query_started_at, attempt_id)
  query_started_at, query_id, attempt_id, correct, source, source_kind, grade, labelled_at
from labels
order by query_started_at, attempt_id,
  case source_kind when 'person' then 0 when 'reference' then 1 else 2 end, labelled_at desc, source;
comment on view answer_labels is 'The label that counts of each labelled attempt: a person''s before a known answer''s before the caller''s, the newest of a kind. Filter on query_started_at.';
comment on column answer_labels.query_started_at is 'started_at of the query: the partition key.';
comment on column answer_labels.query_id is 'The query.';
comment on column answer_labels.attempt_id is 'The attempt that gave the answer.';
comment on column answer_labels.correct is 'Whether the answer is right.';
comment on column answer_labels.source is 'Who says so, by name.';
comment on column answer_labels.source_kind is 'person, reference or caller.';
comment on column answer_labels.grade is 'How good the answer is, 0 to 1, where the source gave a grade.';
comment on column answer_labels.labelled_at is 'When the label was given.';

create view audited_answers as
select a.query_id, a.query_started_at, a.task, a.policy_version, q.tenant, q.tags, a.inclusion_probability, a.status,
  q.outcome, q.confidence, q.threshold, q.served_model, q.served_stage, q.served_attempt_id, a.baseline_model,
  a.baseline_attempt_id, a.served_agrees, s.correct as served_label, b.correct as baseline_label,
  coalesce(s.correct, a.served_agrees) as served_correct,
  case
    when s.correct is null then case when a.served_agrees is not null then true end
    when b.correct is not null then b.correct
    when a.served_agrees then s.correct
    when not a.served_agrees and s.correct then false
  end as baseline_correct,
  coalesce(s.source_kind, case when a.served_agrees is not null then 'last-stage' end) as judged_by,
  coalesce(s.source, case when a.served_agrees is not null then a.baseline_model end) as judge,
  a.ended_at
from audits a
join queries q on q.started_at = a.query_started_at and q.query_id = a.query_id
left join answer_labels s on s.query_started_at = a.query_started_at and s.attempt_id = q.served_attempt_id
left join answer_labels b on b.query_started_at = a.query_started_at and b.attempt_id = a.baseline_attempt_id
where a.status in ('compared', 'incomparable');
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
