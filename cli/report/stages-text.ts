import { displayUsd } from '../../core/money.ts';
import { displaySpend } from '../../core/spend.ts';
import type { Interval, StageWorth } from '../../core/stage-worth.ts';
import type { PairedDifference } from '../../learning/paired.ts';
import type { StageValue } from '../../learning/stage-value.ts';
import type { StageWorthReport } from '../../ledger/report.ts';
import { leftOutSentences } from '../left-out-text.ts';
import { percent, table } from '../output.ts';
import { auditedStages } from './audited-text.ts';
import type { FullReport } from './full-report.ts';
import type { RecordedReport } from './recorded.ts';

/** How far queries climbed, and whether each stage pays. */
export function stagesPart({ stages, recorded, audited }: FullReport): string[] {
  const biased = stages.some(({ worth }) => worth.basis === 'went-on');
  return [
    table(
      ['stage', 'model', 'reached', 'ended here', 'stopped', 'pays from', 'spend', 'scoring', 'by the book'],
      stages.map((stage) => [
        String(stage.stage + 1),
        stage.model,
        String(stage.reached),
        String(stage.endedHere),
        stage.worth.stopped === null ? '–' : percent(stage.worth.stopped),
        breakEven(stage.worth),
        displaySpend(stage.serve),
        displaySpend(stage.scoring),
        byTheBook(stage),
      ]),
    ),
    ...(biased
      ? [
          '* from the queries that went on, which are dearer than those that stopped: the true share is higher.',
        ]
      : []),
    ...(audited === null ? [] : auditedStages(audited)),
    ...(recorded === null ? [] : ['', ...recordedPart(recorded)]),
  ];
}

function breakEven({ breakEvenWithScoring, basis }: StageWorth): string {
  if (breakEvenWithScoring === null) return '–';
  return `${interval(breakEvenWithScoring)}${basis === 'went-on' ? ' *' : ''}`;
}

function interval({ low, high }: Interval): string {
  if (high === null) return `at least ${percent(low)}`;
  return percent(low) === percent(high) ? percent(low) : `${percent(low)} to ${percent(high)}`;
}

export function byTheBook({ worth, wentOn }: StageWorthReport): string {
  if (worth.basis === 'none' && wentOn === 0) return '';
  if (worth.verdict === 'above') return 'pays by itself';
  return worth.verdict === 'below' ? 'does not pay by itself' : 'cannot tell';
}

function recordedPart(recorded: RecordedReport): string[] {
  const { queries, stages, alpha } = recorded;
  if (stages.length === 0) return ['A chain of one model has no stage that could be left out.'];
  return [
    `With the stage against without it, simulated on ${queries} recorded queries (95% intervals):`,
    ...stages.map(
      (value) =>
        `  stage ${value.stage + 1}, ${value.model}: ${sentence(value, alpha)}. Per query ${money(value.cost)}, accuracy ${points(value.accuracy)}. ` +
        `Stops ${value.book.stopped === null ? '–' : percent(value.book.stopped)}, pays by the book from ${value.book.breakEven === null ? '–' : interval(value.book.breakEven)}.`,
    ),
    ...leftOutSentences(recorded),
  ];
}

/** A stage's verdict in words. */
export function sentence({ verdict, cost }: Pick<StageValue, 'verdict' | 'cost'>, alpha: number): string {
  switch (verdict.type) {
    case 'loses':
      return `loses money: cheaper without it, and not worse by more than ${Number((alpha * 100).toFixed(3))} points`;
    case 'vote-pays':
      return 'below book break-even, but its vote pays for it';
    case 'pays':
      return 'pays for itself';
    case 'trade':
      return cost.mean > 0
        ? 'a trade: cheaper without it, and less accurate'
        : 'a trade: dearer without it, and more accurate';
    case 'cannot-tell':
      return verdict.more === null
        ? 'cannot tell: no number of labelled queries can be named that would'
        : `cannot tell: about ${verdict.more} more labelled queries needed`;
  }
}

function money({ mean, low, high }: PairedDifference): string {
  const usd = (value: number): string =>
    Number.isFinite(value) ? displayUsd(BigInt(Math.round(value))) : 'unknown';
  return `${usd(mean)} (${usd(low)} to ${usd(high)})`;
}

function points({ mean, low, high, queries }: PairedDifference): string {
  if (queries === 0) return 'not measured (no labels)';
  const text = (value: number): string =>
    Number.isFinite(value) ? `${value > 0 ? '+' : ''}${(value * 100).toFixed(2)}` : 'unknown';
  return `${text(mean)} points (${text(low)} to ${text(high)})`;
}
