-- Budgets per task and per tenant, by UTC day and UTC month: what may be committed, and what is.

create table budgets (
  scope_kind text not null check (scope_kind in ('task', 'tenant')),
  scope text not null,
  period text not null check (period in ('day', 'month')),
  limit_usd numeric(24, 12) not null check (limit_usd >= 0),
  updated_at timestamptz not null default now(),
  primary key (scope_kind, scope, period)
);
comment on table budgets is 'The limits of escalier.yaml as they were last applied. A change holds at once, for running queries also.';
comment on column budgets.scope_kind is 'task: all queries of a task. tenant: all queries of a tenant, over all tasks.';
comment on column budgets.scope is 'The task or the tenant; for tenants * stands for each that has no row of its own.';
comment on column budgets.period is 'day or month, in UTC.';
comment on column budgets.limit_usd is 'The most that the attempts opened in one period may cost, in USD.';
comment on column budgets.updated_at is 'When the limit last changed.';

-- Keys sort by their bytes: every transaction locks its rows in that order, on every server alike.
create table budget_periods (
  budget_key text collate "C" primary key,
  scope_kind text not null check (scope_kind in ('task', 'tenant')),
  scope text not null,
  period text not null check (period in ('day', 'month')),
  period_start date not null,
  limit_usd numeric(24, 12) not null check (limit_usd >= 0),
  committed_usd numeric(24, 12) not null default 0 check (committed_usd >= 0),
  open_usd numeric(24, 12) not null default 0 check (open_usd >= 0 and open_usd <= committed_usd),
  reservations bigint not null default 0 check (reservations >= 0),
  denials bigint not null default 0 check (denials >= 0)
);
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

alter table attempts add column budget_keys text[];
comment on column attempts.budget_keys is 'The rows of budget_periods that it is reserved in; null where no budget applied when it was opened.';
