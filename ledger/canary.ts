import type pg from 'pg';
import type { CanaryPeriod, CanaryQuery } from '../core/canary-report.ts';
import { parseUsd, type DecimalUsd, type Picodollars } from '../core/money.ts';
import type { Queryable } from './database.ts';
import { policyVersion } from './policies.ts';
import { onSnapshot } from './report/snapshot.ts';

/** A canary, running or ended, as the ledger has it. */
export interface CanaryRecord extends CanaryPeriod {
  readonly asOf: Date;
  /** Null where nothing that was known before the canary began bounds the cost of a query. */
  readonly costCap: Picodollars | null;
  /** Of both arms, in the order in which they started. */
  readonly queries: readonly CanaryQuery[];
}

/**
 * A task's latest canary with its queries, in one snapshot; null for a task that never had one. Another share, or another
 * current version, begins another canary: the arms of different splits are not mixed.
 */
export async function canaryRecord(pool: pg.Pool, task: string): Promise<CanaryRecord | null> {
  return onSnapshot(pool, async (db, asOf) => {
    const period = await latestCanary(db, task);
    if (period === null) return null;
    return {
      ...period,
      asOf,
      costCap: await costCap(db, period),
      queries: await queriesOf(db, period),
    };
  });
}

async function latestCanary(db: Queryable, task: string): Promise<CanaryPeriod | null> {
  const { rows } = await db.query<CanaryPeriod>({
    name: 'latest-canary',
    text: `select task, version as "currentVersion", canary_version as "canaryVersion", canary_share as share, since, until
           from policy_periods where task = $1 and canary_version is not null order by since desc limit 1`,
    values: [task],
  });
  return rows[0] ?? null;
}

/**
 * The most that a query counts with. It must not depend on what the queries of the canary cost: it is the limit of both
 * policies, where both have one, else twice what the dearest query of the task's week before the canary cost at most.
 */
async function costCap(db: Queryable, period: CanaryPeriod): Promise<Picodollars | null> {
  const policies = await Promise.all(
    [period.currentVersion, period.canaryVersion].map((version) => policyVersion(db, period.task, version)),
  );
  const limits = policies.map(({ limits: { maxCostUsd } }) =>
    maxCostUsd === null ? null : parseUsd(maxCostUsd),
  );
  if (limits.every((limit) => limit !== null)) return limits.reduce((a, b) => (a > b ? a : b));
  const { rows } = await db.query<{ most: DecimalUsd | null }>({
    name: 'dearest-query-before',
    text: `select max(cost)::text as most from (
             select sum(coalesce(cost_high_usd, cost_low_usd)) as cost from attempts
             where task = $1 and query_started_at >= $2::timestamptz - interval '7 days' and query_started_at < $2
             group by query_started_at, query_id) q`,
    values: [period.task, period.since],
  });
  const most = rows[0]?.most ?? null;
  return most === null || parseUsd(most) === 0n ? null : 2n * parseUsd(most);
}

type Row = Omit<CanaryQuery, 'cost'> & { readonly low: DecimalUsd; readonly high: DecimalUsd | null };

async function queriesOf(db: Queryable, period: CanaryPeriod): Promise<CanaryQuery[]> {
  const { rows } = await db.query<Row>({
    name: 'canary-queries',
    text: `
      select q.policy_version = $5 as canary, q.outcome, a.low::text, a.high::text, a.escalated,
        l.correct, l.labelled_at as "labelledAt"
      from queries q
      cross join lateral (
        select coalesce(sum(cost_low_usd), 0) as low,
          case when count(*) = count(cost_high_usd) then coalesce(sum(cost_high_usd), 0) end as high,
          coalesce(max(stage) filter (where purpose = 'serve'), 0) > 0 as escalated
        from attempts where query_started_at = q.started_at and query_id = q.query_id
      ) a
      -- Its place is the first label's, its value the newest's, as in queries_by_day.
      cross join lateral (
        select (array_agg(correct order by labelled_at desc, source))[1] as correct, min(labelled_at) as labelled_at
        from labels where query_started_at = q.started_at and attempt_id = q.served_attempt_id
      ) l
      where q.task = $1 and q.started_at >= $2 and q.started_at < coalesce($3::timestamptz, 'infinity')
        and q.policy_version in ($4, $5)
      order by q.started_at, q.query_id`,
    values: [period.task, period.since, period.until, period.currentVersion, period.canaryVersion],
  });
  return rows.map(({ low, high, ...row }) => ({
    ...row,
    cost: { low: parseUsd(low), high: high === null ? null : parseUsd(high) },
  }));
}
