import { heldTo, type CascadeState, type Command } from '../core/cascade.ts';
import { certificateText } from '../core/certificate.ts';
import type { Plan } from '../core/policy.ts';
import type { AttemptSummary } from '../core/result.ts';
import { displaySpend, spendFromJson, sumSpend } from '../core/spend.ts';
import type { StageRecord } from '../core/climb-log.ts';

/**
 * The workflow's current details, in Markdown, as an engineer reads them in the Temporal UI: what was asked, what came
 * back, and why the cascade went on. From workflow state alone, so that a replay writes the same.
 */
export function describeClimb(
  plan: Plan,
  state: CascadeState,
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
      percent(heldTo(plan, state, stage)),
      own.length === 0 ? '' : `${costOf(own)}${own.length > 1 ? ` in ${own.length} tries` : ''}`,
      stageStatus(command, stage, stages),
    ]);
  });
  return [
    headline(plan, command, attempts),
    '',
    row(['stage', 'model', 'answer', 'confidence', 'needed', 'cost', '']),
    row(['---', '---', '---', '---', '---', '---', '---']),
    ...rows,
    ...(plan.certificate === undefined ? [] : ['', `Certificate: ${certificateText(plan.certificate)}`]),
    // The UI cuts the last lines off: these, of a no-break space each, may be lost.
    '',
    '\u00a0',
    '',
    '\u00a0',
  ].join('\n');
}

function headline(plan: Plan, command: Command, attempts: readonly AttemptSummary[]): string {
  const task = `**${plan.task}** v${plan.policyVersion}, scored by ${plan.scorer.name}`;
  const cost = costOf(attempts);
  if (command.type !== 'finish') {
    const doing = command.type === 'call' ? 'asking' : 'scoring';
    return `${task}: ${doing} stage ${command.stage + 1} of ${plan.stages.length}, ${cost} so far`;
  }
  const { served, outcome } = command;
  if (served === null) return `${task}: **${outcome}**, no answer, ${cost} in all`;
  const sure = served.confidence === null ? 'not scored' : `${percent(served.confidence)} sure`;
  return `${task}: **${outcome}**, answered by ${plan.stages[served.stage]?.model ?? ''}, ${sure}, ${cost} in all`;
}

function stageStatus(command: Command, stage: number, stages: ReadonlyMap<number, StageRecord>): string {
  const record = stages.get(stage);
  if (record?.failure !== undefined) return record.failure;
  if (command.type !== 'finish') {
    if (command.stage === stage) return command.type === 'call' ? 'asking' : 'scoring';
    return record === undefined ? '' : 'not sure enough';
  }
  const { served } = command;
  if (record === undefined) return 'not needed';
  if (served === null) return 'not served';
  if (served.stage === stage) return 'served';
  return record.answer !== null && record.answer === served.answer ? 'agrees with the answer' : 'not served';
}

function confidenceCell(confidence: number | null | undefined): string {
  return confidence === undefined || confidence === null ? '' : percent(confidence);
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

function costOf(attempts: readonly AttemptSummary[]): string {
  return displaySpend(sumSpend(attempts.map(spendFromJson)));
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
