import { displaySpend } from '../../core/spend.ts';
import type { UnknownReason } from '../../learning/what-if/evidence.ts';
import type { AsItWas, WhatIfTally } from '../../learning/what-if/tally.ts';
import { percent, table } from '../output.ts';

const BECAUSE: Readonly<Record<UnknownReason, string>> = {
  'another-chain': 'it would call a model that was not called at that place',
  'another-scorer': 'another scorer decided, and the texts are not kept',
  'other-candidates': 'another candidate’s confidence would decide, which the ledger does not keep',
  'cannot-score': 'the scorer asks a model, or failed on the text',
  'scorer-changed': 'the scorer does not say now what it said then',
};

/** Each class by itself: there is no line of totals, because nothing true could stand in it. */
export function showWhatIf(task: string, { exact, bounded, unknown }: WhatIfTally): string {
  const queries = exact.then.queries + bounded.then.queries + unknown.then.queries;
  if (queries === 0) return `Task ${task}: no query has ended in this range.`;
  const was = ({ queries: own, cost, labelled, correct }: AsItWas): string[] => [
    String(own),
    displaySpend(cost),
    rightOf(labelled, correct),
  ];
  const rows = [
    ['exact', ...was(exact.then), displaySpend(exact.cost), rightOf(exact.labelled, exact.correct)],
    ['bounded', ...was(bounded.then), displaySpend(bounded.cost), 'not known'],
    ['unknown', ...was(unknown.then), 'not known', 'not known'],
  ];
  const reasons = Object.entries(unknown.reasons) as [UnknownReason, number][];
  return [
    `Task ${task}: ${queries} ended queries, decided again`,
    table(['', 'queries', 'cost then', 'right then', 'cost now', 'right now'], rows),
    `Of the exact ones ${exact.servedOtherwise} would have served another response.`,
    ...reasons.map(([reason, count]) => `Unknown for ${count}: ${BECAUSE[reason]}.`),
  ].join('\n\n');
}

function rightOf(labelled: number, correct: number): string {
  return labelled === 0 ? 'not measured' : `${percent(correct / labelled)} of ${labelled} labelled`;
}
