import { percent, table } from '../output.ts';
import type { Cluster, Escalated, GroupFigures } from '../../learning/hard-queries.ts';

/** What became of the hard queries on their way into a file for fine-tuning. */
export interface FinetuneTally {
  readonly written: number;
  /** By what says that their answer is right. */
  readonly by: Readonly<Record<string, number>>;
  readonly withoutRightAnswer: number;
}

export interface EscalatedTold extends Escalated {
  readonly task: string;
  /** Queries of the range whose texts are gone. */
  readonly withoutTexts: number;
  readonly finetune: FinetuneTally | null;
}

const LONGEST_EXAMPLE = 160;

/** What the first stage fails on, for people. */
export function showEscalated(told: EscalatedTold): string {
  const { task, all, trusted, clusters, withoutTexts, finetune } = told;
  const failed = trusted
    ? `the first stage was not trusted with ${all.hard} of ${all.queries} queries, or had them wrong.`
    : `the first stage never serves alone, and had ${all.hard} of ${all.queries} queries wrong, as far as is known.`;
  const row = (name: string, own: GroupFigures, cluster: Cluster | null): string[] => [
    ...[name, String(own.hard), String(own.queries), percent(own.escalationRate), accuracyText(own)],
    cluster === null ? '' : cluster.terms.join(', '),
  ];
  return [
    `Task ${task}: ${failed}${withoutTexts === 0 ? '' : ` ${withoutTexts} more have no texts, and are not looked at.`}`,
    table(
      ['cluster', 'hard', 'of', 'escalated', 'first stage right', 'what marks its prompts'],
      [row('all', all, null), ...clusters.map((cluster, at) => row(String(at + 1), cluster, cluster))],
    ),
    judgesText(all),
    ...clusters.map((cluster, at) =>
      [`Cluster ${at + 1}, for example:`, ...cluster.examples.map((text) => `  ${oneLine(text)}`)].join('\n'),
    ),
    ...(finetune === null ? [] : [finetuneText(finetune)]),
  ].join('\n\n');
}

function accuracyText({ accuracy }: GroupFigures): string {
  if (accuracy === null) return 'not judged';
  const { estimate, low, high, audits } = accuracy;
  return `${percent(estimate)} (${percent(low)} to ${percent(high)} of ${audits})`;
}

function judgesText({ judges }: GroupFigures): string {
  const said = Object.entries(judges).map(([judge, count]) => `${judge} (${count})`);
  const by =
    said.length === 0
      ? 'No answer of the first stage has an audit or a label.'
      : `The first stage’s answers as judged by ${said.join(', ')}; each interval 95% by itself.`;
  return `${by} Clusters were made of these very queries, so the worst of them looks worse than it is.`;
}

function finetuneText({ written, by, withoutRightAnswer }: FinetuneTally): string {
  const said = Object.entries(by).map(([kind, count]) => `${kind} ${count}`);
  return `For fine-tuning: ${written} chats${said.length === 0 ? '' : ` (right by ${said.join(', ')})`}; ${withoutRightAnswer} left out, whose right answer is not known. Judge what is fine-tuned on other queries than these.`;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= LONGEST_EXAMPLE ? line : `${line.slice(0, LONGEST_EXAMPLE)}…`;
}
