-- Policies that were learned anew from a task's own traffic, and what became of them.

create table proposals (
  proposal_id bigint generated always as identity primary key,
  task text not null references tasks (name),
  input_sha256 text not null check (input_sha256 ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default now(),
  current_version integer not null,
  decision text not null check (decision in ('proposed', 'promoted', 'refused')),
  reason text not null,
  evidence jsonb not null,
  policy jsonb,
  scorer_sha256 text references scorers (sha256),
  promoted_version integer,
  promoted_at timestamptz,
  unique (task, input_sha256),
  check ((policy is null) = (scorer_sha256 is null)),
  check (decision = 'refused' or policy is not null),
  check ((decision = 'promoted') = (promoted_version is not null))
);
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
