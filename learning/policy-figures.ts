import { formatUsd, type DecimalUsd } from '../core/money.ts';
import { usdOf } from '../core/usd.ts';
import {
  bootstrapMean,
  bootstrapQuantile,
  bootstrapRatio,
  bootstrapShare,
  type Estimate,
} from './bootstrap.ts';
import type { SimulatedClass, SimulatedPolicy, SimulatedQuery } from './simulate.ts';

/** What a policy did on the queries that it was simulated on. */
export interface PolicyFigures {
  /** Exact, of all queries together. */
  readonly totalUsd: DecimalUsd;
  /** Mean per query, in USD. */
  readonly cost: Estimate;
  readonly accuracy: Estimate;
  /** Quantiles of a query's cost, in USD. */
  readonly p50: Estimate;
  readonly p95: Estimate;
  readonly p99: Estimate;
  /** Share of the queries that cost more than the last stage's model alone would have. */
  readonly dearerThanLast: Estimate;
  readonly escalation: readonly StageFigures[];
  /** Every response that was bought, in one class each; classes without any are left out. */
  readonly spend: readonly ClassFigures[];
  /** Share of the spend that bought no served answer: discarded and corroborated responses. */
  readonly paidTwice: Estimate;
  /** Share of the spend on responses that differ from the served answer. */
  readonly discarded: Estimate;
}

export interface StageFigures {
  readonly stage: number;
  readonly model: string;
  /** Share of all queries. */
  readonly reached: Estimate;
  /** Share of those that reached it. */
  readonly wentOn: Estimate;
}

export interface ClassFigures {
  /** `scoring` is what judges were paid, `routing` what embedders were: as the ledger's view `attempt_spend` has it. */
  readonly spendClass: SimulatedClass | 'scoring' | 'routing';
  /** Those that were bought; for a judge or an embedder those that they were asked about. */
  readonly responses: number;
  readonly totalUsd: DecimalUsd;
  /** Of all spend. */
  readonly share: Estimate;
}

const CLASSES: readonly SimulatedClass[] = [
  'accepted',
  'fallback',
  'corroborated',
  'discarded',
  'unanswered',
];

/** @param lastAlone what the last stage's model alone costs on each of the runs' queries, in USD. */
export function policyFigures(
  policy: SimulatedPolicy,
  runs: readonly SimulatedQuery[],
  lastAlone: readonly number[],
  seed: number,
): PolicyFigures {
  const cost = runs.map((run) => usdOf(run.cost));
  const spentOn = (classes: readonly SimulatedClass[]): number[] =>
    runs.map(({ bought }) =>
      usdOf(sum(bought.filter(({ spendClass }) => classes.includes(spendClass)).map((call) => call.cost))),
    );
  const share = (classes: readonly SimulatedClass[]): Estimate =>
    bootstrapRatio(spentOn(classes), cost, seed);
  const calls = runs.flatMap(({ bought }) => bought);
  return {
    totalUsd: formatUsd(sum(runs.map((run) => run.cost))),
    cost: bootstrapMean(cost, seed),
    accuracy: bootstrapShare(
      runs.map(({ correct }) => (correct === true ? 1 : 0)),
      seed,
    ),
    p50: bootstrapQuantile(cost, 0.5, seed),
    p95: bootstrapQuantile(cost, 0.95, seed),
    p99: bootstrapQuantile(cost, 0.99, seed),
    dearerThanLast: bootstrapShare(
      cost.map((own, at) => (own > (lastAlone[at] ?? 0) ? 1 : 0)),
      seed,
    ),
    escalation: policy.stages.map(({ model }, stage) => {
      const reached = runs.map((run) => (run.calls > stage ? 1 : 0));
      return {
        ...{ stage, model },
        reached: bootstrapMean(reached, seed),
        wentOn: bootstrapRatio(
          runs.map((run) => (run.calls > stage + 1 ? 1 : 0)),
          reached,
          seed,
        ),
      };
    }),
    spend: [
      ...CLASSES.flatMap((spendClass): ClassFigures[] => {
        const own = calls.filter((call) => call.spendClass === spendClass);
        if (own.length === 0) return [];
        return [
          {
            ...{ spendClass, responses: own.length, share: share([spendClass]) },
            totalUsd: formatUsd(sum(own.map((call) => call.cost))),
          },
        ];
      }),
      ...scoringFigures(runs, cost, calls.length, seed),
    ],
    paidTwice: share(['corroborated', 'discarded']),
    discarded: share(['discarded']),
  };
}

function scoringFigures(
  runs: readonly SimulatedQuery[],
  cost: readonly number[],
  responses: number,
  seed: number,
): ClassFigures[] {
  return (
    [
      ['scoring', 'judging'],
      ['routing', 'embedding'],
    ] as const
  ).flatMap(([spendClass, what]) => {
    const spent = runs.map(({ scoring = [] }) => sum(scoring.map((stage) => stage[what])));
    const total = sum(spent);
    if (total === 0n) return [];
    const share = bootstrapRatio(spent.map(usdOf), cost, seed);
    return [{ ...{ spendClass, responses, share }, totalUsd: formatUsd(total) }];
  });
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
