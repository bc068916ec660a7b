import type { Command } from '../core/cascade.ts';
import { displayUsd } from '../core/money.ts';
import type { Plan } from '../core/policy.ts';
import type { AttemptSummary } from '../core/result.ts';
import { knownCost, spendFromJson, sumSpend, type Spend } from '../core/spend.ts';
import type { StageRecord } from './climb.ts';

/**
 * The workflow's current details, in Markdown, as an engineer reads them in the Temporal UI: what was asked, what came
 * back, and why the cascade went on. From workflow state alone, so that a replay writes the same.
 */
export function describeClimb(
  plan: Plan,
  command: Command,
  stages: ReadonlyMap<number, StageRecord>,
  attempts: readonly AttemptSummary[],
): string {
  const rows = plan.stages.map((model, stage) => {
    const record = stages.get(stage);
    const own = attempts.filter((attempt) => attempt.purpose === 'serve' && attempt.stage === stage);
    return row([
      String(stage + 1),
      model.model,
      record?.answer ?? (record?.message === undefined ? '' : 'no answer found'),
      confidenceCell(record?.confidence),
      percent(plan.thresholds[stage] ?? 1),
      own.length === 0 ? '' : `${costCell(own)}${own.length > 1 ? ` in ${own.length} tries` : ''}`,
      stageStatus(command, stage, record),
    ]);
  });
  const total = attempts.length === 0 ? '' : ` · ${costCell(attempts)} so far`;
  return [
    `**${plan.task}** v${plan.policyVersion} · ${headline(plan, command)}${total}`,
    '',
    row(['stage', 'model', 'answer', 'confidence', 'needed', 'cost', '']),
    row(['---', '---', '---', '---', '---', '---', '---']),
    ...rows,
    '',
    `Scorer: ${plan.scorer.name}. Query: ${plan.queryId}.`,
  ].join('\n');
}

function headline(plan: Plan, command: Command): string {
  if (command.type !== 'finish') {
    const model = plan.stages[command.stage]?.model ?? '';
    return `${command.type === 'call' ? 'asking' : 'scoring'} ${model} (stage ${command.stage + 1} of ${plan.stages.length})`;
  }
  const { served, outcome } = command;
  if (served === null) return `${outcome}, no answer`;
  return `${outcome}, answered by ${plan.stages[served.stage]?.model ?? ''}`;
}

function stageStatus(command: Command, stage: number, record: StageRecord | undefined): string {
  if (command.type === 'finish' && command.served?.stage === stage) return 'served';
  if (record?.failure !== undefined) return record.failure;
  if (command.type !== 'finish' && command.stage === stage)
    return command.type === 'call' ? 'asking' : 'scoring';
  if (record === undefined) return command.type === 'finish' ? 'not needed' : '';
  return record.confidence === undefined ? 'not scored' : 'not sure enough';
}

function confidenceCell(confidence: number | null | undefined): string {
  return confidence === undefined || confidence === null ? '' : percent(confidence);
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/** An exact cost, or its bounds. */
function costCell(attempts: readonly AttemptSummary[]): string {
  const spend: Spend = sumSpend(attempts.map(spendFromJson));
  const known = knownCost(spend);
  if (known !== null) return displayUsd(known);
  const low = displayUsd(spend.low);
  return spend.high === null ? `at least ${low}` : `${low} to ${displayUsd(spend.high)}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
