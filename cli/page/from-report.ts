import { displayUsd, type Picodollars } from '../../core/money.ts';
import { savedAgainst } from '../../core/savings.ts';
import { addSpend, displaySpend, NOTHING, type Spend } from '../../core/spend.ts';
import { isPaidTwice } from '../../ledger/report.ts';
import type { SpendClass } from '../../ledger/report/spend.ts';
import { alarmLine } from '../alarm-line.ts';
import { leftOutSentences } from '../left-out-text.ts';
import { percent } from '../output.ts';
import type { FullReport } from '../report/full-report.ts';
import type { RecordedReport } from '../report/recorded.ts';
import { auditedSavings, auditedStages } from '../report/audited-text.ts';
import { accuracyOf } from '../report/savings-text.ts';
import { byTheBook, sentence } from '../report/stages-text.ts';
import { certificateOf, CLASSES, period, shareOf, sources, versions } from '../report/text.ts';
import type { ClassBar, DayBar, Kind, Page, PageTask, SavingsRange, StageStep, Tile } from './model.ts';

/** The same figures as the report's text, as the page draws them. */
export function pageOf(reports: readonly FullReport[]): Page {
  const first = reports[0];
  return {
    title: 'Escalier: what it cost',
    about:
      first === undefined
        ? 'No query has been asked yet in this range.'
        : `${period(first)} As of ${first.asOf.toISOString()}.`,
    tasks: reports.map(taskOf),
  };
}

function taskOf(report: FullReport): PageTask {
  return {
    name: report.task,
    about: `${versions(report)}${report.policyVersions.length > 1 ? ' (mixed)' : ''} · ${report.stages.map(({ model }) => model).join(' → ')}`,
    tiles: tilesOf(report),
    classes: classesOf(report),
    days: daysOf(report),
    stages: stagesOf(report),
    savings: savingsOf(report),
    simulated: report.recorded && simulatedOf(report.recorded),
    facts: factsOf(report),
  };
}

function tilesOf(report: FullReport): Tile[] {
  const { queries, running, total, paidTwice, labelled, correct, byClass } = report;
  const open = byClass.open.attempts + byClass.pending.attempts;
  return [
    {
      label: 'spent',
      value: displaySpend(total),
      note: `${report.attempts} requests${report.withoutPrice > 0 ? `, ${report.withoutPrice} without a price` : ''}`,
      kind: 'answers',
    },
    {
      label: 'paid twice',
      value: displaySpend(paidTwice),
      note: `beside the answers${shareOf(paidTwice, total)}`,
      kind: 'twice',
    },
    {
      label: 'accuracy',
      value: labelled === 0 ? 'not measured' : percent(correct / labelled),
      note: labelled === 0 ? 'no answer has a label' : `of ${labelled} labelled answers`,
    },
    { label: 'per query', value: displaySpend(perQuery(total, queries)), note: `${queries} queries` },
    ...(running + open === 0
      ? []
      : [
          {
            label: 'not settled',
            value: `${open} requests`,
            note: `${running} queries running`,
            kind: 'unsettled' as const,
          },
        ]),
  ];
}

function perQuery({ low, high }: Spend, queries: number): Spend {
  const each = (amount: Picodollars): Picodollars => amount / BigInt(Math.max(1, queries));
  return { low: each(low), high: high === null ? null : each(high) };
}

function classesOf({ byClass }: FullReport): ClassBar[] {
  return Object.entries(byClass)
    .filter(([, { attempts }]) => attempts > 0)
    .map(([name, { attempts, spend }]) => {
      const spendClass = name as SpendClass;
      return { name, words: CLASSES[spendClass], kind: kindOf(spendClass), attempts, spend };
    });
}

function kindOf(spendClass: SpendClass): Kind {
  if (isPaidTwice(spendClass)) return 'twice';
  if (spendClass === 'audit') return 'aside';
  return spendClass === 'open' || spendClass === 'pending' ? 'unsettled' : 'answers';
}

/** Every day from the first to the last, the empty ones too. */
function daysOf({ days }: FullReport): DayBar[] {
  const byDay = new Map<string, Partial<Record<Kind, Spend>>>();
  const [first, last] = [days[0]?.day, days.at(-1)?.day];
  for (let day = first; day !== undefined && last !== undefined && day <= last; day = dayAfter(day)) {
    byDay.set(day, {});
  }
  for (const { day, spendClass, spend } of days) {
    const kinds = byDay.get(day) ?? {};
    const kind = kindOf(spendClass);
    kinds[kind] = addSpend(kinds[kind] ?? NOTHING, spend);
  }
  return [...byDay].map(([day, spend]) => ({ day, spend }));
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}

function stagesOf({ stages, recorded }: FullReport): StageStep[] {
  const all = Math.max(1, ...stages.map(({ reached }) => reached));
  return stages.map((stage) => {
    const { worth } = stage;
    const value = recorded?.stages.find(({ model }) => model === stage.model);
    const from = worth.breakEvenWithScoring;
    return {
      place: stage.stage + 1,
      model: stage.model,
      reached: stage.reached,
      ended: stage.endedHere,
      share: stage.reached / all,
      acceptance: worth.stopped,
      // From the queries that went on, which are dearer: only the lower end says something of all.
      breakEven: from && { low: from.low, high: worth.basis === 'all' ? from.high : null },
      spend: addSpend(stage.serve, stage.scoring),
      verdict: recorded === null || value === undefined ? byTheBook(stage) : sentence(value, recorded.alpha),
    };
  });
}

function savingsOf({ baselines, recorded, audited }: FullReport): SavingsRange[] {
  return baselines
    .filter(({ called, notCalled }) => called + notCalled > 0)
    .map((baseline) => ({
      baseline: `always ${baseline.model}`,
      ...savedAgainst(baseline.baseline, baseline.actual),
      accuracy: accuracyOf(baseline, recorded, audited),
    }));
}

function simulatedOf(recorded: RecordedReport): NonNullable<PageTask['simulated']> {
  const { queries, cascade, baselines } = recorded;
  return {
    ...{ queries, leftOut: leftOutSentences(recorded) },
    savings: baselines.map(({ name, model, cost, accuracy }) => ({
      baseline: `${name}: ${model}`,
      low: cost - cascade.cost,
      high: cost - cascade.cost,
      accuracy: `${percent(cascade.accuracy)} against ${percent(accuracy)}`,
    })),
  };
}

function factsOf(report: FullReport): (readonly [string, string])[] {
  const { byClass } = report;
  return [
    ['as of', report.asOf.toISOString()],
    ['period', period(report)],
    ['queries', `${report.queries}, of them ${report.running} running`],
    [
      'outcomes',
      Object.entries(report.byOutcome)
        .filter(([, count]) => count > 0)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ') || 'none yet',
    ],
    [
      'requests',
      `${report.attempts}, of them ${byClass.open.attempts} open and ${byClass.pending.attempts} of running queries`,
    ],
    ['without a price', String(report.withoutPrice)],
    ['without an upper bound', String(report.unbounded)],
    ['costs known from', sources(report)],
    ['policy versions', report.policyVersions.join(', ')],
    ...auditedFacts(report),
    ...certificateOf(report).map((statement) => ['certificate', statement] as const),
    ...report.alarms.map((alarm) => ['alarm', alarmLine(alarm)] as const),
    [
      'unexplained (duplicate)',
      `${byClass.duplicate.attempts} requests, ${displayUsd(byClass.duplicate.spend.low)}`,
    ],
  ];
}

function auditedFacts({ audited }: FullReport): (readonly [string, string])[] {
  if (audited === null) return [];
  return [...auditedStages(audited), ...auditedSavings(audited)].map((line) => ['by audits', line.trim()]);
}
