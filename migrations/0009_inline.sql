-- A cancel that reaches requests which Temporal cannot: those within a workflow's own task.

alter table queries add column cancel_requested_run_id text;
comment on column queries.cancel_requested_run_id is 'Temporal run id of the run that a client has asked to stop: its open request is aborted, and it makes no other. Null where nobody asked, or only Temporal was told.';

create index queries_cancel_requested on queries (cancel_requested_run_id)
  where status = 'running' and cancel_requested_run_id is not null;
