import { displaySpend, sumSpend, type Spend } from '../../core/spend.ts';
import { isPaidTwice } from '../../ledger/report.ts';
import { alarmLine } from '../alarm-line.ts';
import { percent, table } from '../output.ts';
import type { FullReport } from './full-report.ts';
import { savingsPart } from './savings-text.ts';
import { stagesPart } from './stages-text.ts';

/** What each class of spend is, in words. */
export const CLASSES: Readonly<Record<keyof FullReport['byClass'], string>> = {
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
  return [
    heading(report),
    '',
    table(
      [],
      [
        ['queries', `${report.queries}${report.running > 0 ? ` (${report.running} running)` : ''}`],
        ['outcomes', outcomes.map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none yet'],
        ['accuracy', accuracy],
        [
          'cost',
          `${displaySpend(servingSpend(report))} for ${report.attempts - report.byClass.audit.attempts} requests${unpriced(report)}`,
        ],
        ...audits(report),
        ['costs known from', sources(report)],
        paidTwice(report),
      ],
    ),
    '',
    ...stagesPart(report),
    '',
    ...savingsPart(report),
    '',
    classes(report, () => true),
  ].join('\n');
}

export function showDoubleBilling(report: FullReport): string {
  const twice = classes(report, isPaidTwice);
  return [heading(report), '', table([], [paidTwice(report)]), '', twice].join('\n').trimEnd();
}

export function showStages(report: FullReport): string {
  return [heading(report), '', ...stagesPart(report)].join('\n');
}

export function showSavings(report: FullReport): string {
  return [heading(report), '', ...savingsPart(report)].join('\n');
}

function heading(report: FullReport): string {
  return [
    `Task ${report.task} (${versions(report)}), as of ${report.asOf.toISOString()}`,
    period(report),
    ...certificateOf(report),
    ...report.alarms.map(alarmLine),
  ].join('\n');
}

export function versions({ policyVersions }: Pick<FullReport, 'policyVersions'>): string {
  return `policy version${policyVersions.length > 1 ? 's' : ''} ${policyVersions.join(', ')}`;
}

/** What the current policy was accepted with, whichever versions the figures are of. */
export function certificateOf({ certificate }: Pick<FullReport, 'certificate'>): string[] {
  if (certificate === null) return [];
  const { policyVersion, statement, standing } = certificate;
  const doubt =
    standing === null || standing.state === 'valid'
      ? []
      : [`It is ${standing.state} since ${standing.since.toISOString()}: ${standing.reason}.`];
  return [`Certificate of version ${policyVersion}, which is current: ${statement}`, ...doubt];
}

/** Which queries the figures are about, in a sentence. */
export function period({ period: { since, until, rule } }: Pick<FullReport, 'period'>): string {
  const days = [...(since === null ? [] : [`from ${since}`]), ...(until === null ? [] : [`before ${until}`])];
  return `Queries ${days.join(' and ') || 'of all days'}, ${rule}.`;
}

/** What the answers cost: everything but audits, which are looks at answers that had been served. */
function servingSpend({ byClass }: FullReport): Spend {
  const serving = Object.entries(byClass).filter(([name]) => name !== 'audit');
  return sumSpend(serving.map(([, { spend }]) => spend));
}

function audits({ byClass: { audit } }: FullReport): string[][] {
  if (audit.attempts === 0) return [];
  return [['audits', `${displaySpend(audit.spend)} for ${audit.attempts} requests, beside the cost`]];
}

function paidTwice(report: FullReport): string[] {
  return [
    'paid twice',
    `${displaySpend(report.paidTwice)}${shareOf(report.paidTwice, servingSpend(report))}`,
  ];
}

function classes(report: FullReport, wanted: (name: keyof typeof CLASSES) => boolean): string {
  return table(
    ['where the money went', 'requests', 'spend', 'share'],
    Object.entries(report.byClass)
      .filter(([name, { attempts }]) => attempts > 0 && wanted(name as keyof typeof CLASSES))
      .map(([name, { attempts, spend }]) => [
        `${name}: ${CLASSES[name as keyof typeof CLASSES]}`,
        String(attempts),
        displaySpend(spend),
        shareOf(spend, report.total).replace(/[()]/g, '').trim(),
      ]),
  );
}

export function sources({ byCostSource, total }: FullReport): string {
  return Object.entries(byCostSource)
    .filter(([, { attempts }]) => attempts > 0)
    .map(([source, { attempts, spend }]) => {
      const share = shareOf(spend, total);
      return `${source} ${share === '' ? displaySpend(spend) : share.replace(/[()]/g, '').trim()} (${attempts} requests)`;
    })
    .join(', ');
}

function unpriced({ withoutPrice }: FullReport): string {
  return withoutPrice === 0 ? '' : `, ${withoutPrice} of them without a known price`;
}

/** A share of a total, where both are known. */
export function shareOf(part: Spend, total: Spend): string {
  if (part.low !== part.high || total.low !== total.high || total.low === 0n) return '';
  return ` (${percent(Number(part.low) / Number(total.low))})`;
}
