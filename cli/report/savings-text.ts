import { displayUsd } from '../../core/money.ts';
import { displaySpend } from '../../core/spend.ts';
import { savedAgainst } from '../../core/savings.ts';
import type { BaselineReport } from '../../ledger/report/baselines.ts';
import type { AuditedReport } from '../../ledger/report/audited.ts';
import { leftOutSentences } from '../left-out-text.ts';
import { percent, table } from '../output.ts';
import { auditedSavings } from './audited-text.ts';
import type { FullReport } from './full-report.ts';
import type { RecordedReport } from './recorded.ts';

/**
 * What other models would have cost. Without recorded responses that is only known where they were called: elsewhere it is
 * bounds, and no saving is claimed beyond them, nor without the accuracy that it was had at.
 */
export function savingsPart({ baselines, recorded, audited }: FullReport): string[] {
  const compared = baselines.filter(({ called, notCalled }) => called + notCalled > 0);
  return [
    ...(compared.length === 0
      ? ['No ended query can be compared with a model of its chain.']
      : [
          table(
            ['instead of the cascade', 'would have cost', 'did cost', 'saved', 'accuracy'],
            compared.map((baseline) => [
              `always ${baseline.model}${baseline.lastStage ? ' (the last stage)' : ''}`,
              `${displaySpend(baseline.baseline)} (${observed(baseline)})`,
              displaySpend(baseline.actual),
              saved(baseline),
              accuracyOf(baseline, recorded, audited),
            ]),
          ),
          ...leftOut(compared),
        ]),
    ...(audited === null ? [] : ['', ...auditedSavings(audited)]),
    ...(recorded === null ? [] : ['', recordedPart(recorded), ...leftOutSentences(recorded)]),
  ];
}

function observed({ called, notCalled }: BaselineReport): string {
  return `observed for ${called} queries, bounds for the other ${notCalled}`;
}

function saved(report: BaselineReport): string {
  const { low, high } = savedAgainst(report.baseline, report.actual);
  if (low === null) return high === null ? 'unknown' : `at most ${displayUsd(high)}`;
  if (high === null) return `at least ${displayUsd(low)}`;
  return low === high ? displayUsd(low) : `between ${displayUsd(low)} and ${displayUsd(high)}`;
}

export function accuracyOf(
  { model, lastStage }: BaselineReport,
  recorded: RecordedReport | null,
  audited: AuditedReport | null,
): string {
  const single = recorded?.baselines.find((candidate) => candidate.model === model);
  if (recorded === null || single === undefined) {
    return lastStage && audited?.accuracy ? 'by audits: below' : 'not measured';
  }
  return `${percent(recorded.cascade.accuracy)} against ${percent(single.accuracy)} (recorded)`;
}

function leftOut(baselines: readonly BaselineReport[]): string[] {
  return baselines
    .filter((baseline) => baseline.leftOut > 0)
    .map(
      (baseline) =>
        `Not compared with ${baseline.model}: ${baseline.leftOut} queries without a usable response, which cost ${displaySpend(baseline.leftOutActual)}.`,
    );
}

function recordedPart({ queries, cascade, baselines }: RecordedReport): string {
  return table(
    [`simulated on ${queries} recorded queries`, 'model', 'cost', 'saved', 'accuracy'],
    [
      ['the cascade', '', displayUsd(cascade.cost), '', percent(cascade.accuracy)],
      ...baselines.map(({ name, model, cost, accuracy }) => [
        name,
        model,
        displayUsd(cost),
        displayUsd(cost - cascade.cost),
        percent(accuracy),
      ]),
    ],
  );
}
