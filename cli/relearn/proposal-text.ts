import type { HeldOutComparison, Proposal } from '../../core/proposal.ts';
import { percent, table } from '../output.ts';
import { points, usd } from '../learn/words.ts';

/** A proposal for people: what was decided and why, the evidence, and what to do. */
export function showProposal(proposal: Proposal): string {
  const { proposalId, task, createdAt, decision, reason, evidence, currentVersion } = proposal;
  const { traffic, heldOut } = evidence;
  return [
    `Proposal ${proposalId} of task ${task}, ${createdAt.toISOString().slice(0, 16)}Z: ${decision}, against version ${currentVersion}.`,
    `  Why: ${reason}.`,
    `  From ${traffic.audited} audits, ${traffic.judged} judged, ${traffic.used} used (${judgesText(traffic.judges)}).`,
    ...(heldOut === null ? [] : [indented(comparisonText(heldOut))]),
    ...nextStep(proposal),
  ].join('\n');
}

function comparisonText(heldOut: HeldOutComparison): string {
  const { current, learned, accuracyDifference, costDifference, queries, learnedFrom, judges } = heldOut;
  const row = (name: string, { chain, accuracy, costUsd }: HeldOutComparison['current']) => [
    ...[name, chain.join(' → '), percent(accuracy), usd(costUsd)],
  ];
  const span = (of: { low: number; high: number }, text: (value: number) => string): string =>
    `${text(of.low)} to ${text(of.high)}`;
  return [
    `Learned from ${learnedFrom} queries, compared on ${queries} others (${judgesText(judges)}):`,
    table(
      ['policy', 'chain', 'accuracy', 'cost per query'],
      [row('current', current), row('learned', learned)],
    ),
    `Difference, 95%: accuracy ${span(accuracyDifference, points)} points, cost ${span(costDifference, usd)}.`,
  ].join('\n');
}

/** `as judged by last-stage in 210, person in 90`. */
function judgesText(judges: Readonly<Record<string, number>>): string {
  const said = Object.entries(judges)
    .sort(([, a], [, b]) => b - a)
    .map(([judge, count]) => `${judge} in ${count}`);
  return said.length === 0 ? 'judged by nobody' : `as judged by ${said.join(', ')}`;
}

function nextStep({ proposalId, task, decision, promotedVersion }: Proposal): string[] {
  switch (decision) {
    case 'proposed':
      return [`  Into service: escalier promote --proposal ${proposalId} --canary 10%`];
    case 'promoted':
      return [`  It is version ${promotedVersion ?? ''}: escalier canary --task ${task}`];
    case 'refused':
      return [];
  }
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
