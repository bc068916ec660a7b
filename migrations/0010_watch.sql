-- The watch over quality: evidence per slice, alarms, and what has become of certificates.

alter table audits add column watched_at timestamptz;
comment on column audits.watched_at is 'When the audit entered the evidence of its policy version''s watch; null before.';
create index audits_unwatched on audits (task, policy_version)
  where watched_at is null and status in ('compared', 'incomparable');

alter table tasks add column stopped_reason text;
comment on column tasks.stopped_reason is 'Why new queries are refused, in words; null where they are not. Any change of the task''s policy ends it.';

alter table policy_changes drop constraint policy_changes_action_check;
alter table policy_changes add constraint policy_changes_action_check
  check (action in ('apply', 'promote', 'canary', 'finish-canary', 'stop-canary', 'rollback', 'fallback', 'stop'));
comment on column policy_changes.action is 'apply: from the settings. promote: a learned policy became current. canary: a version began to take a share of new queries, or another share. finish-canary: the canary became current. stop-canary: it ended without that. rollback: an earlier version became current again, or a stopped one goes on. fallback: after an alarm the baseline alone serves. stop: after an alarm new queries are refused.';
comment on column policy_changes.changed_by is 'Who ran the command, as user@host; watch where an alarm did; null where that is not known.';

create table watches (
  task text not null references tasks (name),
  policy_version integer not null,
  slice text not null,
  state jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (task, policy_version, slice)
);
comment on table watches is 'Evidence, from audits, that a policy version''s loss is above what was promised: an e-process for each slice.';
comment on column watches.task is 'The task.';
comment on column watches.policy_version is 'The policy version.';
comment on column watches.slice is 'all, or a tag of the caller''s as tag=value.';
comment on column watches.state is 'SliceWatch of core/watch.ts: place, e-process, sums, judges, and when the alarm was raised.';
comment on column watches.updated_at is 'When the last audit entered it.';

create table alarms (
  alarm_id bigint generated always as identity primary key,
  task text not null references tasks (name),
  policy_version integer not null,
  slice text not null,
  raised_at timestamptz not null default now(),
  audit_ended_at timestamptz not null,
  audits integer not null,
  loss text not null check (loss in ('regret', 'harm', 'selective')),
  mean_loss double precision not null,
  alpha double precision not null,
  p_value double precision not null,
  level double precision not null,
  judges jsonb not null,
  action text not null check (action in ('keep', 'baseline', 'stop', 'stop-canary')),
  told_at timestamptz,
  unique (task, policy_version, slice)
);
create index alarms_untold on alarms (alarm_id) where told_at is null;
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

create table certificate_states (
  state_id bigint generated always as identity primary key,
  task text not null references tasks (name),
  policy_version integer not null,
  state text not null check (state in ('valid', 'suspect', 'expired')),
  reason text not null,
  since timestamptz not null default now()
);
create index certificate_states_by_version on certificate_states (task, policy_version, state_id);
comment on table certificate_states is 'What has become of the certificates of policy versions. The newest row of a version holds. Appended, never edited.';
comment on column certificate_states.state_id is 'Ascends with time within a version.';
comment on column certificate_states.task is 'The task.';
comment on column certificate_states.policy_version is 'The policy version that carries the certificate.';
comment on column certificate_states.state is 'valid; suspect: an alarm says that it does not hold; expired: it is about something that is no more.';
comment on column certificate_states.reason is 'Why, in words.';
comment on column certificate_states.since is 'From this instant.';

create table certificate_sightings (
  task text not null references tasks (name),
  policy_sha256 text not null,
  kind text not null check (kind in ('reported-model', 'prompt-template')),
  subject text not null,
  value text not null,
  first_seen_at timestamptz not null default now(),
  primary key (task, policy_sha256, kind, subject, value)
);
comment on table certificate_sightings is 'What was first seen when under a certificate: the names that providers report of their models, and the hashes of prompt templates. A later one ends the certificate.';
comment on column certificate_sightings.task is 'The task.';
comment on column certificate_sightings.policy_sha256 is 'SHA-256 of the learned policy that the certificate was given for (policy.learned.policySha256).';
comment on column certificate_sightings.kind is 'reported-model, or prompt-template: the tag prompt_template of queries.';
comment on column certificate_sightings.subject is 'The model by its name in the settings; empty for prompt templates.';
comment on column certificate_sightings.value is 'The name that the provider reported, or the template''s hash.';
comment on column certificate_sightings.first_seen_at is 'When it was first seen.';

create table shift_looks (
  task text not null references tasks (name),
  policy_version integer not null,
  day date not null,
  confidence_p_value double precision,
  acceptance_p_value double precision,
  primary key (task, policy_version, day)
);
comment on table shift_looks is 'A look, once a day, at whether a current policy''s queries of the last 7 days differ from those of the 28 before.';
comment on column shift_looks.task is 'The task.';
comment on column shift_looks.policy_version is 'The policy version that was current.';
comment on column shift_looks.day is 'UTC day of the look.';
comment on column shift_looks.confidence_p_value is 'p-value that the confidences of both are of one distribution (Kolmogorov and Smirnov); null with fewer than 100 of either.';
comment on column shift_looks.acceptance_p_value is 'p-value that the share of accepted answers is the same (two-sided z-test); null with fewer than 100 queries of either.';
