import type pg from 'pg';
import { simulateQuery, type SimulatedQuery } from '../../learning/simulate.ts';
import { formatUsd, parseUsd } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import type { CascadeAnswer } from '../../core/result.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { simulatedPolicy } from '../simulated-policy.ts';

/** What the simulator says of each query. */
export async function simulateAll(
  set: RecordedSet,
  policy: Policy,
  queries: readonly RecordedQuery[],
): Promise<SimulatedQuery[]> {
  const plan = simulatedPolicy(set, policy);
  const results: SimulatedQuery[] = [];
  for (const query of queries) {
    results.push(await simulateQuery(plan, query, (model) => set.responses.get(model)?.get(query.id)));
  }
  return results;
}

/** In what an answer that was served differs from what the simulator predicted: empty where they are the same. */
export function differences(answer: CascadeAnswer | undefined, predicted: SimulatedQuery): string[] {
  const served = {
    outcome: answer?.outcome ?? null,
    stage: answer?.stage ?? null,
    confidence: answer?.confidence ?? null,
    calls: answer?.attempts.length ?? null,
    costUsd: answer?.costUsd ?? null,
  };
  const expected = {
    outcome: predicted.outcome,
    stage: predicted.servedStage,
    confidence: predicted.confidence,
    calls: predicted.calls,
    costUsd: formatUsd(predicted.cost),
  };
  return (Object.keys(expected) as (keyof typeof expected)[])
    .filter((key) => served[key] !== expected[key])
    .map(
      (key) => `${predicted.id}: ${key} ${served[key] ?? 'nothing'}, simulated ${expected[key] ?? 'nothing'}`,
    );
}

/** The ledger's total cost of one task, exactly; null where an attempt's cost is not known. */
export async function ledgerTotal(pool: pg.Pool, task: string): Promise<bigint | null> {
  const { rows } = await pool.query<{ total: string | null; unknown: string }>(
    `select coalesce(sum(cost_usd), 0)::text as total, count(*) filter (where cost_usd is null) as unknown
     from attempts where task = $1`,
    [task],
  );
  const row = rows[0];
  return row === undefined || row.unknown !== '0' ? null : parseUsd(row.total ?? '0');
}
