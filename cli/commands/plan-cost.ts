import {
  breakEvenAcceptance,
  planCascade,
  planSplit,
  type CostPlan,
  type PlannedStage,
  type PlannedTraffic,
} from '../../core/cost-plan.ts';
import { displayUsd, formatUsd, type Picodollars } from '../../core/money.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { percent, table } from '../output.ts';
import { messageOf } from '../context.ts';
import { parseChain, parseModels, parseSplit } from '../cost/parse.ts';

export interface PlanCostOptions {
  readonly requests: number;
  readonly input: number;
  readonly output: number;
  readonly chain: string;
  readonly split?: string;
  readonly model: readonly string[];
  readonly scorerUsd: string;
  readonly cached: number;
  readonly retries: number;
  readonly length: number;
}

interface Comparison {
  readonly what: string;
  readonly total: Picodollars;
}

/** What a cascade would cost in a month, beside each of its models alone and beside a split before the call. */
export function planCostCommand(context: Context, options: PlanCostOptions): Promise<void> {
  try {
    show(context, options);
  } catch (error) {
    throw error instanceof RangeError ? new CliError(messageOf(error), EXIT.usage, error) : error;
  }
  return Promise.resolve();
}

function show(context: Context, options: PlanCostOptions): void {
  const models = parseModels(options.model);
  const chain = parseChain(options.chain, models);
  const traffic: PlannedTraffic = {
    requests: options.requests,
    inputTokens: options.input,
    outputTokens: options.output,
    cachedShare: options.cached,
    retryRate: options.retries,
    escalatedLength: options.length,
    scorerUsd: options.scorerUsd,
  };
  const plan = planCascade(traffic, chain);
  const comparisons: Comparison[] = [
    ...chain.map(({ model, rates }) => ({
      what: `all ${model}`,
      total: planSplit(traffic, [{ rates, share: 1 }]),
    })),
    ...(options.split === undefined
      ? []
      : [{ what: `split ${options.split}`, total: planSplit(traffic, parseSplit(options.split, models)) }]),
  ];
  if (context.json) context.out(JSON.stringify(asJson(plan, comparisons, breakEvens(traffic, chain))));
  else context.out(asText(traffic, chain, plan, comparisons));
}

/** Of each stage before the next one. */
function breakEvens(
  traffic: PlannedTraffic,
  chain: readonly PlannedStage[],
): { model: string; rate: number }[] {
  return chain.slice(0, -1).map((stage, index) => {
    const next = chain[index + 1] as PlannedStage;
    return { model: stage.model, rate: breakEvenAcceptance(traffic, stage.rates, next.rates) };
  });
}

function asText(
  traffic: PlannedTraffic,
  chain: readonly PlannedStage[],
  plan: CostPlan,
  comparisons: readonly Comparison[],
): string {
  const split = comparisons.some(({ what }) => what.startsWith('split'));
  const even = breakEvens(traffic, chain);
  return [
    table(
      ['stage', 'model', 'reached', 'accepts', 'pays from', 'cost', 'scoring'],
      plan.stages.map(({ model, reached, cost, scoring }, index) => [
        String(index + 1),
        model,
        percent(reached),
        index === chain.length - 1 ? '' : percent(chain[index]?.acceptance ?? 1),
        even[index] === undefined ? '' : percentExactly(even[index].rate),
        displayUsd(cost),
        displayUsd(scoring),
      ]),
    ),
    '',
    table(
      [],
      [
        ['the cascade', displayUsd(plan.total)],
        [
          '  of it paid twice',
          `${displayUsd(plan.paidTwice)} (${percent(Number(plan.paidTwice) / Number(plan.total))})`,
        ],
        ['  blended', `${displayUsd(plan.blendedPerMtok)} per million tokens`],
        ...comparisons.map(({ what, total }) => [what, `${displayUsd(total)} ${against(plan.total, total)}`]),
      ],
    ),
    ...(split
      ? [
          '',
          'A split before the call assumes a router that is never wrong and costs nothing. A cascade pays for finding out.',
        ]
      : []),
    ...(chain.length < 2 ? [] : ['', sensitivity(traffic, chain)]),
  ].join('\n');
}

/** The total when the first stage accepts more or fewer queries than was thought. */
function sensitivity(traffic: PlannedTraffic, chain: readonly PlannedStage[]): string {
  const [first, ...rest] = chain as [PlannedStage, ...PlannedStage[]];
  const rates = [-0.2, -0.1, 0, 0.1, 0.2]
    .map((shift) => first.acceptance + shift)
    .filter((acceptance) => acceptance >= 0 && acceptance <= 1);
  return table(
    [`if ${first.model} accepts`, ...rates.map((rate) => percent(rate))],
    [
      [
        'the cascade costs',
        ...rates.map((acceptance) =>
          displayUsd(planCascade(traffic, [{ ...first, acceptance }, ...rest]).total),
        ),
      ],
    ],
  );
}

function against(cascade: Picodollars, other: Picodollars): string {
  if (cascade === other) return '(the same)';
  const difference = cascade < other ? other - cascade : cascade - other;
  return `(the cascade ${cascade < other ? 'saves' : 'costs'} ${displayUsd(difference)}${cascade < other ? '' : ' more'})`;
}

function percentExactly(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

function asJson(plan: CostPlan, comparisons: readonly Comparison[], even: readonly object[]): object {
  return {
    total_usd: formatUsd(plan.total),
    paid_twice_usd: formatUsd(plan.paidTwice),
    blended_usd_per_mtok: formatUsd(plan.blendedPerMtok),
    stages: plan.stages.map(({ model, reached, cost, scoring }) => ({
      model,
      reached: Number(reached.toFixed(9)),
      cost_usd: formatUsd(cost),
      scoring_usd: formatUsd(scoring),
    })),
    break_even_acceptance: even,
    comparisons: comparisons.map(({ what, total }) => ({ what, total_usd: formatUsd(total) })),
  };
}
