import type pg from 'pg';
import type { CascadeAnswer } from '../../client/index.ts';
import { displayUsd, formatUsd } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import { costOf } from '../../core/price.ts';
import type { SimulatedQuery } from '../../learning/simulate.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import { recordedUsage } from '../../recorded/usage.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import type { Context } from '../context.ts';
import { percent } from '../output.ts';
import { fullReports } from '../report/full-report.ts';
import { showReport } from '../report/text.ts';

export interface DemoResult {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly uiUrl: string | null;
  readonly set: RecordedSet;
  readonly policy: Policy;
  readonly queries: readonly RecordedQuery[];
  readonly answers: ReadonlyMap<string, CascadeAnswer>;
  readonly predicted: readonly SimulatedQuery[];
  readonly seconds: number;
  readonly differences: readonly string[];
  /** Picodollars; null where the ledger does not know. */
  readonly ledger: bigint | null;
  readonly meter: bigint;
  readonly requests: number;
}

/** The end of the demo: the report, what the recorded set adds to it, the checks, and where to look next. */
export async function showDemo(context: Context, pool: pg.Pool, result: DemoResult): Promise<void> {
  const { policy, seconds, differences, ledger, meter } = result;
  const last = lastStageAlone(result);
  if (context.json) {
    context.out(
      JSON.stringify({
        task: policy.task,
        chain: policy.chain.map(({ model }) => model),
        queries: result.queries.length,
        seconds,
        accuracy: accuracyOf(result),
        cost_usd: ledger === null ? null : formatUsd(ledger),
        meter_usd: formatUsd(meter),
        requests: result.requests,
        escalated: result.predicted.filter(({ calls }) => calls > 1).length,
        last_stage_alone: { model: last.model, accuracy: last.accuracy, cost_usd: formatUsd(last.cost) },
        equals_simulator: differences.length === 0,
        differences,
      }),
    );
    return;
  }
  const [report] = await fullReports(pool, { task: policy.task });
  if (report !== undefined) context.out(`\n${showReport(report)}`);
  context.out(`
The recorded set also knows what ${last.model} alone would have done: ${percent(last.accuracy)} right for ${displayUsd(last.cost)}.
The cascade: ${percent(accuracyOf(result))} right for ${displayUsd(ledger)}, ${percent(Number(ledger) / Number(last.cost))} of that cost.

Checks
  ${differences.length === 0 ? 'ok' : 'NO'}  every answer, confidence and cost equals the simulator's, query by query${differences.length === 0 ? '' : `: ${differences.length} differences`}
  ${ledger === meter ? 'ok' : 'NO'}  the ledger's total equals the vendor's meter: $${ledger === null ? 'unknown' : formatUsd(ledger)} and $${formatUsd(meter)} for ${result.requests} requests
  ${result.queries.length} queries in ${seconds.toFixed(1)} s

Look around
  Temporal UI   ${result.uiUrl ?? ''}/namespaces/default/workflows
  Postgres      ${result.databaseUrl}
                select model, status, verdict, confidence, cost_usd from attempts order by started_at limit 20;`);
}

function accuracyOf({ predicted }: DemoResult): number {
  return share(predicted.map(({ correct }) => correct === true));
}

/** What the recorded responses of the last stage's model cost, and how many of them are right. */
function lastStageAlone({ set, policy, queries }: DemoResult): {
  model: string;
  accuracy: number;
  cost: bigint;
} {
  const model = policy.chain.at(-1)?.model ?? '';
  const recorded = set.models[model];
  if (recorded === undefined) throw new Error(`models.json does not name ${model}`);
  const { rates } = recordedPrices(recorded)[0];
  const responses = queries.map(({ id }) => set.responses.get(model)?.get(id));
  const cost = responses.reduce(
    (sum, response) => (response === undefined ? sum : sum + costOf(recordedUsage(response), rates)),
    0n,
  );
  return { model, cost, accuracy: share(responses.map((response) => response?.correct === 1)) };
}

function share(hits: readonly boolean[]): number {
  return hits.filter(Boolean).length / Math.max(1, hits.length);
}
