-- What the sweeper looks for, and what its verdicts mean.

create index queries_running on queries (started_at, query_id) where status = 'running';
create index attempts_unsettled on attempts (closed_at) where cost_usd is null and response_id is not null;

comment on column queries.run_id is 'Temporal run id of the latest run that planned the query, asked for a request of it, or ended it.';
comment on column attempts.status is 'started (open), succeeded (a usable response), failed, cancelled, or orphaned (its process was lost: a later try replaced it, or it was still open when it had expired).';
comment on column attempts.verdict is 'accepted: its text was served. corroborated: a later response with the same answer. rejected: nobody used it, since another answer was served, or since it came too late. Null for judges, and where nothing was served.';
comment on column attempts.cost_source is 'provider: the vendor''s own figure, sent with the response or told afterwards. catalogue: usage at the price in price_id. estimate: bounds only, or certainly not billed. unknown: no price.';
comment on column attempt_spend.spend_class is 'The first that holds. audit, scoring, routing (route and embed): by purpose. open: its request may still run. orphaned: its process was lost, or a later try replaced it. cancelled. retried: failed, and its stage was tried again. failed: otherwise. pending: its query still runs. unanswered: its query ended without an answer. accepted: served, at its threshold or above. fallback: served below its threshold, or unscored. corroborated: gave the served answer again. discarded: not served, also where it came too late. duplicate: none of these; always zero.';
