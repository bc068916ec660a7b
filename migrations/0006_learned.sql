-- Learned scorers by content, canaries of new policy versions, and which version was current when.

create table scorers (
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  task text not null,
  content bytea not null,
  size_bytes bigint not null check (size_bytes > 0),
  created_at timestamptz not null default now()
);
-- It is compressed already.
alter table scorers alter column content set storage external;
comment on table scorers is 'What learned scorers score with, by content: immutable, read once by each worker. A policy names its own by scorer.options.sha256.';
comment on column scorers.sha256 is 'SHA-256 of the artifact''s canonical JSON.';
comment on column scorers.task is 'The task that it was first promoted for.';
comment on column scorers.content is 'The artifact''s canonical JSON in UTF-8, compressed with gzip.';
comment on column scorers.size_bytes is 'Bytes of the canonical JSON.';
comment on column scorers.created_at is 'When it was stored.';

alter table tasks
  add column canary_version integer,
  add column canary_share double precision check (canary_share > 0 and canary_share < 1),
  add check ((canary_version is null) = (canary_share is null)),
  add check (canary_version <> current_version);
comment on column tasks.current_version is 'The version in policies that new queries are pinned to, but for those of a canary.';
comment on column tasks.canary_version is 'The version that a share of new queries is pinned to; null where no canary runs.';
comment on column tasks.canary_share is 'Share of new queries that take canary_version, chosen by a hash of the query id, between 0 and 1.';
comment on column tasks.updated_at is 'When the current version or the canary last changed.';

create table policy_changes (
  change_id bigint generated always as identity primary key,
  task text not null references tasks (name),
  changed_at timestamptz not null default clock_timestamp(),
  changed_by text,
  action text not null check (action in ('apply', 'promote', 'canary', 'finish-canary', 'stop-canary', 'rollback')),
  from_version integer,
  to_version integer not null,
  canary_version integer,
  canary_share double precision,
  reason text
);
create index policy_changes_by_task on policy_changes (task, change_id);
comment on table policy_changes is 'Every change of what new queries of a task are pinned to: who, when, from what to what, why. Appended, never edited.';
comment on column policy_changes.change_id is 'Ascends with time within a task.';
comment on column policy_changes.task is 'The task.';
comment on column policy_changes.changed_at is 'When.';
comment on column policy_changes.changed_by is 'Who ran the command, as user@host; null where that is not known.';
comment on column policy_changes.action is 'apply: from the settings. promote: a learned policy became current. canary: a version began to take a share of new queries, or another share. finish-canary: the canary became current. stop-canary: it ended without that. rollback: an earlier version became current again.';
comment on column policy_changes.from_version is 'The current version before; null for a task''s first.';
comment on column policy_changes.to_version is 'The current version after; the same as before where only a canary changed.';
comment on column policy_changes.canary_version is 'The canary after the change; null for none.';
comment on column policy_changes.canary_share is 'Its share of new queries, between 0 and 1.';
comment on column policy_changes.reason is 'Why, in the words of whoever changed it.';

-- Until now every version became current when it was stored.
insert into policy_changes (task, changed_at, action, from_version, to_version)
select task, created_at, 'apply', lag(version) over (partition by task order by version), version
from policies order by task, version;

create view policy_periods as
select task, to_version as version, canary_version, canary_share, changed_at as since,
  lead(changed_at) over (partition by task order by change_id) as until, action, changed_by, reason
from policy_changes;
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
