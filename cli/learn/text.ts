import type { LearnedFigures } from '../../learning/figures.ts';
import { TOO_MUCH_DISAGREEMENT } from '../../learning/label-disagreement.ts';
import type { ResplitSummary } from '../../learning/resplits.ts';
import { percent, table } from '../output.ts';
import type { Wanted } from './goal.ts';
import type { LearnResult } from './result.ts';

/** The goal in words. */
export function goalText(wanted: Wanted): string {
  if (wanted.type === 'claim') {
    const { loss, alpha, delta } = wanted.claim;
    return `${loss} of at most ${percent(alpha)}, with ${percent(1 - delta)} confidence`;
  }
  const { goal } = wanted;
  if (goal.type === 'budget')
    return `the most accurate at a mean cost of at most ${percent(goal.share)} of the reference’s`;
  return goal.target === 'best'
    ? 'the cheapest that is as accurate as the best single model'
    : `the cheapest that is right in ${percent(goal.target)}`;
}

/** What was learned, for people; `--json` has the same figures. */
export function showLearned(result: LearnResult): string {
  const { chain, thresholds, train, test, promised } = result;
  const columns: readonly (readonly [string, LearnedFigures])[] = [
    ['train, cross-fitted', train],
    ...(test === null ? [] : [['test', test] as const]),
  ];
  const row = (name: string, of: (figures: LearnedFigures) => string): string[] => [
    name,
    ...columns.map(([, figures]) => of(figures)),
  ];
  const share = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
  return [
    `Task ${result.task}: ${result.goal}.
${result.policies_compared} policies were compared. The reference is ${result.reference}, the most accurate single model on train.`,
    result.recommendation === 'single-model'
      ? `No cascade beats calling ${chain[0] ?? ''} alone: that is what is recommended.`
      : `Chain ${chain.join(' → ')}, rule ${result.rule}, thresholds ${thresholds.map((value) => value.toFixed(3)).join(', ')}.`,
    table(
      ['', ...columns.map(([name]) => name)],
      [
        row('queries', ({ queries }) => String(queries)),
        row(
          'accuracy',
          ({ accuracy, accuracy_interval: [low, high] }) =>
            `${percent(accuracy)} (${percent(low)} to ${percent(high)})`,
        ),
        row('the reference', ({ reference_accuracy }) => percent(reference_accuracy)),
        row('cost per query', ({ cost_usd_per_query }) => `$${cost_usd_per_query.toPrecision(4)}`),
        row('of the reference’s cost', ({ cost_share }) => percent(cost_share)),
        row('reached each stage', ({ escalation }) => escalation.map(percent).join(', ')),
        row('paid twice', ({ paid_twice_share }) => percent(paid_twice_share)),
        row('of it discarded', ({ discarded_share }) => percent(discarded_share)),
        row('AUROC, own score', ({ auroc }) => share(auroc)),
        row('AUROC with one other response', ({ auroc_agreement }) => share(auroc_agreement)),
        row('calibration error, own score', ({ ece }) => share(ece)),
        row(
          'calibration error, answers',
          ({ ece_answer, ece_answer_if_perfect }) =>
            `${share(ece_answer)} (perfect would show ${share(ece_answer_if_perfect)})`,
        ),
      ],
    ),
    `Promised on the selection data: ${percent(promised.accuracy)} right at ${percent(promised.cost_share)} of the cost.${test === null ? '' : ` Delivered on test: ${percent(test.accuracy)} at ${percent(test.cost_share)}.`}`,
    disagreement(result),
    ...result.left_out.map(({ what, why }) => `Left out: ${what}: ${why}.`),
    ...(result.certification === null ? [] : [result.certification.statement]),
  ].join('\n\n');
}

function disagreement({ label_disagreement: { share, differing, pairs } }: LearnResult): string {
  const said = `Responses with equal answers differ in their labels in ${percent(share)} of ${pairs} pairs (${differing})`;
  return share > TOO_MUCH_DISAGREEMENT
    ? `Warning: ${said.charAt(0).toLowerCase()}${said.slice(1)}: check the answer extractor, or the labels.`
    : `${said}.`;
}

export function showResplits(task: string, summary: ResplitSummary): string {
  const [low, high] = summary.accuracy_interval;
  const points = (value: number): string => `${value >= 0 ? '+' : ''}${(100 * value).toFixed(2)}`;
  return `Task ${task}, ${summary.splits} random halves, learned on one and measured on the other:
difference to the half's best single model ${points(summary.accuracy_difference)} points (95%: ${points(low)} to ${points(high)}), paired
at ${percent(summary.cost_share)} of its cost (at most ${percent(summary.largest_cost_share)})`;
}
