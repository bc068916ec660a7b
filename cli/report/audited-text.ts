import type { Estimate } from '../../core/audit-estimate.ts';
import type { EstimatedSpend } from '../../core/audited-report.ts';
import { displayUsd } from '../../core/money.ts';
import { savedAgainst } from '../../core/savings.ts';
import { displaySpend, knownCost } from '../../core/spend.ts';
import { judgesText } from '../../core/watch.ts';
import type { AuditedBaselineReport, AuditedReport } from '../../ledger/report/audited.ts';
import { percent } from '../output.ts';

/** What audits tell of savings and of accuracy: a line each. */
export function auditedSavings(audited: AuditedReport): string[] {
  const { policyVersions, audits, accuracy, baselines } = audited;
  const versions = `version${policyVersions.length > 1 ? 's' : ''} ${policyVersions.join(', ')}`;
  return [
    `By audits: ${audits} queries of policy ${versions}, each weighted by its chance (95% intervals):`,
    ...baselines.map(savedBy),
    ...(accuracy === null ? ['  accuracy: no audit could be judged.'] : accuracyLines(accuracy)),
  ];
}

function savedBy({ model, lastStage, queries, baseline, actual }: AuditedBaselineReport): string {
  const last = lastStage ? ' (the last stage)' : '';
  if (baseline === null)
    return `  always ${model}${last}: too few audits called it to say what it would have cost.`;
  const saved = savedAgainst(baseline, actual);
  const cost = knownCost(actual);
  const point = baseline.estimate === null || cost === null ? null : displayUsd(baseline.estimate - cost);
  const interval =
    saved.low === null || saved.high === null
      ? `at least ${saved.low === null ? 'an unknown amount' : displayUsd(saved.low)}`
      : `${displayUsd(saved.low)} to ${displayUsd(saved.high)}`;
  return `  always ${model}${last} would have cost ${estimated(baseline)} for ${queries} queries, which did cost ${displaySpend(actual)}: saved ${point === null ? interval : `${point} (${interval})`}; ${countText(baseline.audits)} called it.`;
}

function estimated(spend: EstimatedSpend): string {
  return spend.estimate === null
    ? displaySpend(spend)
    : `${displayUsd(spend.estimate)} (${displaySpend(spend)})`;
}

function accuracyLines({ served, baseline, gain, judges }: NonNullable<AuditedReport['accuracy']>): string[] {
  const judged = `as judged by ${judgesText(judges)}`;
  return [
    `  accuracy: ${share(served)} of what was served, over ${countText(served.audits)}, ${judged}.`,
    ...(baseline === null || gain === null
      ? []
      : [
          `  the last stage's: ${share(baseline)} over ${countText(baseline.audits)}; served less that: ${points(gain)}.`,
        ]),
  ];
}

/** From which share on each stage pays: a line each, empty where audits do not tell. */
export function auditedStages({ stages }: AuditedReport): string[] {
  return stages.map(({ stage, model, audits, stopped, breakEven, interval, verdict }) => {
    const bounds = `${percent(interval.low)} to ${interval.high === null ? 'unknown' : percent(interval.high)}`;
    const from = breakEven === null ? bounds : `${percent(breakEven)} (${bounds})`;
    const said = {
      above: 'it pays by itself',
      below: 'it does not pay by itself',
      'cannot-tell': 'which is too close to tell',
    }[verdict];
    return `By ${countText(audits)} (95% interval): stage ${stage + 1} (${model}) pays from ${from}, and stopped ${stopped === null ? 'nothing' : percent(stopped)}: ${said}.`;
  });
}

function share({ estimate, low, high }: Estimate): string {
  return `${percent(estimate)} (${percent(low)} to ${percent(high)})`;
}

function points({ estimate, low, high }: Estimate): string {
  const text = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)}`;
  return `${text(estimate)} points (${text(low)} to ${text(high)})`;
}

function countText(audits: number): string {
  return `${audits} audit${audits === 1 ? '' : 's'}`;
}
