import type { ResplitSummary } from '../../learning/resplits.ts';
import { percent, table } from '../output.ts';
import type { Wanted } from './goal.ts';
import type { LearnResult } from './result.ts';
import {
  answerSentence,
  chosenSentence,
  comparedSentence,
  disagreementSentence,
  evidenceSentence,
  forecastSentence,
  mixtureSentence,
  modelRows,
  pathRows,
  points,
  policyRows,
  promisedSentence,
  rightAnswersSentence,
  spendRows,
  type Rows,
} from './words.ts';

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

/** What was learned, for people; `--json` has the same figures, and the page. */
export function showLearned(result: LearnResult): string {
  const { certification } = result;
  const drawn = ({ head, rows }: Rows): string => table(head, rows);
  return [
    `Task ${result.task}: ${result.goal}.\n${answerSentence(result)}\n${comparedSentence(result)}`,
    [chosenSentence(result), evidenceSentence(result)].filter((line) => line !== null).join('\n'),
    drawn(policyRows(result)),
    promisedSentence(result),
    drawn(modelRows(result)),
    mixtureSentence(result),
    `Where the money goes, in shares of all of it:\n${drawn(spendRows(result))}`,
    `${disagreementSentence(result)}\n${rightAnswersSentence(result)}`,
    ...result.left_out.map(({ what, why }) => `Left out: ${what}: ${why}.`),
    ...(certification === null
      ? []
      : [forecastSentence(certification), drawn(pathRows(certification)), certification.statement]),
  ].join('\n\n');
}

export function showResplits(task: string, summary: ResplitSummary): string {
  const [low, high] = summary.accuracy_interval;
  const { failed } = summary;
  const without = failed.map(({ split, why }) => `\nNo policy from half ${split}: ${why}`).join('');
  return `Task ${task}, ${summary.splits} random halves, learned on one and measured on the other:
difference to the half's best single model ${points(summary.accuracy_difference)} points (${points(low)} to ${points(high)}), paired
(95% by the spread between halves of this set: how far another set's would be is not in it)
at ${percent(summary.cost_share)} of its cost (at most ${percent(summary.largest_cost_share)})${without}`;
}
