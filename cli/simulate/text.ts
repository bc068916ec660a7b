import type { Estimate } from '../../learning/bootstrap.ts';
import type { Comparison } from '../../learning/compare.ts';
import type { Evaluation } from '../../learning/evaluate.ts';
import { displayUsd, parseUsd } from '../../core/money.ts';
import { leftOutSentences } from '../left-out-text.ts';
import { table } from '../output.ts';

export interface Simulation extends Evaluation {
  readonly task: string;
  readonly chain: readonly string[];
  readonly thresholds: readonly number[];
}

/** A simulation for people; `--json` has the same figures. */
export function showSimulation(simulation: Simulation): string {
  const { task, chain, queries, trainQueries, policy } = simulation;
  const parts = [
    `Task ${task}: ${queries} queries up the chain ${chain.join(' → ')}
Figures stand with the interval that 95% of 1,000 resamples of the queries fall into.`,
    ...leftOutSentences(simulation),
    table(
      ['', ''],
      [
        ['accuracy', percentIn(policy.accuracy)],
        ['cost per query', usdIn(policy.cost)],
        ['  median', usdIn(policy.p50)],
        ['  95th percentile', usdIn(policy.p95)],
        ['  99th percentile', usdIn(policy.p99)],
        ['cost in all', displayUsd(parseUsd(policy.totalUsd))],
        ['paid twice', `${percentIn(policy.paidTwice)} of the cost`],
        [`dearer than ${chain.at(-1) ?? ''} alone`, `${percentIn(policy.dearerThanLast)} of the queries`],
      ],
    ),
    table(
      ['stage', 'model', 'threshold', 'reached by', 'of those went on'],
      policy.escalation.map(({ stage, model, reached, wentOn }) => [
        String(stage + 1),
        model,
        thresholdText(simulation.thresholds[stage]),
        percentIn(reached),
        stage === chain.length - 1 ? '' : percentIn(wentOn),
      ]),
    ),
    table(
      ['spent on responses that were', 'responses', 'cost', 'share'],
      policy.spend.map(({ spendClass, responses, totalUsd, share }) => [
        spendClass,
        String(responses),
        displayUsd(parseUsd(totalUsd)),
        percentIn(share),
      ]),
    ),
    table(
      ['against', '', 'accuracy', 'cost per query', 'the policy: accuracy', 'cost, of its'],
      ordered(simulation.comparisons).map((other) => [
        other.name,
        other.detail ?? '',
        percentIn(other.accuracy),
        usdIn(other.cost),
        pointsIn(other.accuracyDifference),
        percentIn(other.costShare),
      ]),
    ),
    trainQueries === null
      ? 'There were no other queries to choose on: the mixture knows the labels that it is measured on, which flatters it; the router is cross-fitted.'
      : `The mixture and the router were chosen on ${trainQueries} other queries. They spend what the policy spends.`,
  ];
  return parts.join('\n\n');
}

/** To three digits, without zeros at the end: a learned one has as many as a double holds. */
function thresholdText(threshold: number | undefined): string {
  return threshold === undefined ? '' : String(Number(threshold.toFixed(3)));
}

/** Single models from the cheapest up, the others as they come. */
function ordered(comparisons: readonly Comparison[]): Comparison[] {
  const single = ({ name }: Comparison): boolean => name === 'single model';
  return [
    ...comparisons.filter(single).sort((a, b) => a.cost.value - b.cost.value),
    ...comparisons.filter((other) => !single(other)),
  ];
}

function percentIn({ value, low, high }: Estimate): string {
  const at = (share: number): string => (Number.isNaN(share) ? '–' : (share * 100).toFixed(1));
  return Number.isNaN(value) ? '–' : `${at(value)}% (${at(low)} to ${at(high)})`;
}

function pointsIn({ value, low, high }: Estimate): string {
  const at = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)}`;
  return `${at(value)} (${at(low)} to ${at(high)}) points`;
}

function usdIn({ value, low, high }: Estimate): string {
  const at = (usd: number): string => Number(usd.toPrecision(3)).toString();
  return `$${at(value)} (${at(low)} to ${at(high)})`;
}
