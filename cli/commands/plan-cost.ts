import {
  breakEvenAcceptance,
  planCascade,
  planSplit,
  type CostPlan,
  type PlannedStage,
  type PlannedTraffic,
} from '../../core/cost-plan.ts';
import { costSensitivity, type Sensitivity } from '../../core/cost-sensitivity.ts';
import { displayUsd, formatUsd, type Picodollars } from '../../core/money.ts';
import { observedTraffic } from '../../ledger/observed-traffic.ts';
import { currentPolicy, taskNames } from '../../ledger/policies.ts';
import { messageOf, type Context } from '../context.ts';
import { parseModels, parseSplit } from '../cost/parse.ts';
import { trafficFromLedger, trafficFromOptions, type Planned, type TrafficOptions } from '../cost/traffic.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { percent, table } from '../output.ts';
import { dayBefore, utcDay } from '../range-option.ts';

export interface PlanCostOptions extends TrafficOptions {
  readonly split?: string;
  /** A task. */
  readonly fromLedger?: string;
  readonly since?: string;
}

interface Comparison {
  readonly what: string;
  readonly total: Picodollars;
}

/** What a cascade would cost in a month, beside each of its models alone and beside a split before the call. */
export async function planCostCommand(context: Context, options: PlanCostOptions): Promise<void> {
  try {
    const { fromLedger: task } = options;
    const planned =
      task === undefined ? trafficFromOptions(options) : await observedPlan(context, task, options);
    show(context, planned, options);
  } catch (error) {
    throw error instanceof RangeError ? new CliError(messageOf(error), EXIT.usage, error) : error;
  }
}

async function observedPlan(context: Context, task: string, options: PlanCostOptions): Promise<Planned> {
  const DAY_MS = 24 * 60 * 60 * 1000;
  const since =
    options.since === undefined ? dayBefore(new Date(), 30 * DAY_MS) : utcDay(options.since, '--since');
  return withDatabase(context, async (pool) => {
    const current = await currentPolicy(pool, task);
    if (current === null) {
      const known = await taskNames(pool);
      throw new RangeError(
        `--from-ledger ${task}: no such task; there are: ${known.join(', ') || 'none yet'}`,
      );
    }
    const observed = await observedTraffic(pool, { task, since, policyVersion: current.version });
    context.say(
      `From ${observed.queries} ended queries of task ${task}, policy version ${observed.policyVersion}, since ${since}.`,
    );
    return trafficFromLedger(observed, options);
  });
}

function show(context: Context, { traffic, chain }: Planned, options: PlanCostOptions): void {
  const models = parseModels(options.model);
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
  if (context.json) context.out(JSON.stringify(asJson(traffic, chain, plan, comparisons)));
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
          'A split before the call assumes a router that is never wrong and costs nothing, which no router is. A cascade pays for finding out.',
        ]
      : []),
    '',
    sensitivity(traffic, chain, plan.total),
  ].join('\n');
}

/** What the total becomes when an assumption is off. */
function sensitivity(traffic: PlannedTraffic, chain: readonly PlannedStage[], total: Picodollars): string {
  const way = (changed: Sensitivity['less']): string[] =>
    changed === null
      ? ['', '', '']
      : [changed.what, displayUsd(changed.total), relative(changed.total, total)];
  return table(
    ['if this is off', 'less', 'then', '', 'more', 'then', ''],
    costSensitivity(traffic, chain).map(({ assumption, less, more }) => [
      assumption,
      ...way(less),
      ...way(more),
    ]),
  );
}

function relative(changed: Picodollars, total: Picodollars): string {
  if (total === 0n) return '';
  const share = Number(changed - total) / Number(total);
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

function against(cascade: Picodollars, other: Picodollars): string {
  if (cascade === other) return '(the same)';
  const difference = cascade < other ? other - cascade : cascade - other;
  return `(the cascade ${cascade < other ? 'saves' : 'costs'} ${displayUsd(difference)}${cascade < other ? '' : ' more'})`;
}

function percentExactly(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

function asJson(
  traffic: PlannedTraffic,
  chain: readonly PlannedStage[],
  plan: CostPlan,
  comparisons: readonly Comparison[],
): object {
  const way = (changed: Sensitivity['less']): object | null =>
    changed && { what: changed.what, total_usd: formatUsd(changed.total) };
  return {
    assumptions: {
      requests: traffic.requests,
      input_tokens: traffic.inputTokens,
      output_tokens: traffic.outputTokens,
      cached_share: traffic.cachedShare,
      retry_rate: traffic.retryRate,
      escalated_length: traffic.escalatedLength,
      scorer_usd: traffic.scorerUsd,
    },
    total_usd: formatUsd(plan.total),
    paid_twice_usd: formatUsd(plan.paidTwice),
    blended_usd_per_mtok: formatUsd(plan.blendedPerMtok),
    stages: plan.stages.map(({ model, reached, cost, scoring }, index) => ({
      model,
      acceptance: chain[index]?.acceptance,
      reached: Number(reached.toFixed(9)),
      cost_usd: formatUsd(cost),
      scoring_usd: formatUsd(scoring),
    })),
    break_even_acceptance: breakEvens(traffic, chain),
    comparisons: comparisons.map(({ what, total }) => ({ what, total_usd: formatUsd(total) })),
    sensitivity: costSensitivity(traffic, chain).map(({ assumption, less, more }) => ({
      assumption,
      less: way(less),
      more: way(more),
    })),
  };
}
