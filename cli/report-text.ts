import { displayUsd } from '../core/money.ts';
import { displaySpend, type Spend } from '../core/spend.ts';
import type { FullReport } from './commands/report.ts';
import { percent, table } from './output.ts';

/** What each class of spend is, in words. */
const CLASSES: Readonly<Record<keyof FullReport['byClass'], string>> = {
  accepted: 'answers that were served',
  fallback: 'answers served below their threshold',
  corroborated: 'later responses that agreed with the answer',
  discarded: 'responses that were not served',
  scoring: 'judges',
  routing: 'routing',
  retried: 'failed requests that were tried again',
  failed: 'failed requests',
  orphaned: 'requests whose process was lost',
  cancelled: 'cancelled requests',
  unanswered: 'queries that ended without an answer',
  duplicate: 'unexplained',
  audit: 'audits',
  open: 'requests still open',
  pending: 'queries still running',
};

/** A task's report for a terminal. */
export function showReport(report: FullReport): string {
  const outcomes = Object.entries(report.byOutcome).filter(([, count]) => count > 0);
  const accuracy =
    report.labelled === 0
      ? 'not measured (no labels)'
      : `${percent(report.correct / report.labelled)} of ${report.labelled} labelled answers`;
  const versions = report.policyVersions.join(', ');
  return [
    `Task ${report.task} (policy version${report.policyVersions.length > 1 ? 's' : ''} ${versions}), as of ${report.asOf.toISOString()}`,
    '',
    table(
      [],
      [
        ['queries', `${report.queries}${report.running > 0 ? ` (${report.running} running)` : ''}`],
        ['outcomes', outcomes.map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none yet'],
        ['accuracy', accuracy],
        ['cost', `${displaySpend(report.total)} for ${report.attempts} requests${unpriced(report)}`],
        ...lastStageRows(report),
        ['paid twice', `${displaySpend(report.paidTwice)}${shareOf(report.paidTwice, report.total)}`],
      ],
    ),
    '',
    table(
      ['stage', 'model', 'reached', 'stopped here', 'spend'],
      report.stages.map((stage) => [
        String(stage.stage + 1),
        stage.model,
        String(stage.reached),
        `${stage.stopped} (${percent(stage.stopped / Math.max(1, stage.reached))})`,
        displaySpend(stage.serveSpend),
      ]),
    ),
    '',
    table(
      ['where the money went', 'requests', 'spend', 'share'],
      Object.entries(report.byClass)
        .filter(([, { attempts }]) => attempts > 0)
        .map(([name, { attempts, spend }]) => [
          `${name}: ${CLASSES[name as keyof typeof CLASSES]}`,
          String(attempts),
          displaySpend(spend),
          shareOf(spend, report.total).replace(/[()]/g, '').trim(),
        ]),
    ),
  ].join('\n');
}

/**
 * What always calling the last stage would have cost is only known where it was called: for the other queries it is shown
 * as bounds, and no saving is claimed beyond them.
 */
function lastStageRows({ lastStage }: FullReport): string[][] {
  if (lastStage === null || lastStage.reached + lastStage.stoppedBefore === 0) return [];
  const { model, alwaysLast, actual, reached, stoppedBefore } = lastStage;
  const observed = `observed for ${reached} queries, bounds for the other ${stoppedBefore}`;
  return [
    [`always ${model}`, `${displaySpend(alwaysLast)} (${observed})`],
    ['saved against it', savings(actual, alwaysLast)],
  ];
}

function savings(actual: Spend, always: Spend): string {
  if (actual.high === null) return 'unknown: the actual cost has no upper bound';
  const least = always.low - actual.high;
  const most = always.high === null ? null : always.high - actual.low;
  if (most === null) return `at least ${displayUsd(least)}`;
  return least === most ? displayUsd(least) : `between ${displayUsd(least)} and ${displayUsd(most)}`;
}

function unpriced({ withoutPrice }: FullReport): string {
  return withoutPrice === 0 ? '' : `, ${withoutPrice} of them without a known price`;
}

/** A share of a total, where both are known. */
function shareOf(part: Spend, total: Spend): string {
  if (part.low !== part.high || total.low !== total.high || total.low === 0n) return '';
  return ` (${percent(Number(part.low) / Number(total.low))})`;
}
