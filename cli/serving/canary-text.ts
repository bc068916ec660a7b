import type { CanaryArm, CanaryDifference, CanaryPeriod, CanaryReport } from '../../core/canary-report.ts';
import { certificateText, type Certificate } from '../../core/certificate.ts';
import { displayUsd, numberToDecimal, parseUsd, type Picodollars } from '../../core/money.ts';
import { displaySpend, spendToJson, type Spend } from '../../core/spend.ts';
import { percent, table } from '../output.ts';

export interface ShownCanary extends CanaryPeriod, CanaryReport {
  readonly asOf: Date;
  readonly certificate: Certificate | null;
}

/** Money as decimal strings, in JSON as everywhere. */
export function canaryJson({ current, canary, ...shown }: ShownCanary): object {
  return { ...shown, current: armJson(current), canary: armJson(canary) };
}

function armJson({ spend, ...arm }: CanaryArm): object {
  const ended = arm.queries - arm.running;
  return {
    ...arm,
    spend: spendToJson(spend),
    spendPerQuery: ended === 0 ? null : spendToJson(perQuery(spend, ended)),
    accuracy: arm.labelled === 0 ? null : arm.correct / arm.labelled,
    escalation: ended === 0 ? null : arm.escalated / ended,
  };
}

export function showCanary(shown: ShownCanary): string {
  const { task, share, since, until, asOf, current, canary, certificate } = shown;
  const ran =
    until === null ? `since ${since.toISOString()}` : `${since.toISOString()} to ${until.toISOString()}`;
  const state = until === null ? 'is running' : 'has ended';
  const row = (name: string, cell: (arm: CanaryArm) => string): string[] => [
    name,
    cell(current),
    cell(canary),
  ];
  return [
    `Task ${task}: the canary ${state}, ${percent(share)} of queries ${ran}, as of ${asOf.toISOString()}`,
    '',
    table(
      ['', `version ${shown.currentVersion} (current)`, `version ${shown.canaryVersion} (canary)`],
      [
        row('queries', ({ queries, running }) => `${queries}${running > 0 ? ` (${running} running)` : ''}`),
        row('cost per query', costCell),
        row('accuracy', accuracyCell),
        row('escalated', ({ queries, running, escalated }) => percent(escalated / (queries - running))),
        row('outcomes', outcomesCell),
      ],
    ),
    '',
    `Canary less current, ${percent(shown.confidence)} sure for each, whenever and however often one looks:`,
    `  cost per query  ${costDifference(shown)}`,
    `  accuracy        ${accuracyDifference(shown)}`,
    ...(certificate === null
      ? []
      : ['', `Certificate of version ${shown.canaryVersion}: ${certificateText(certificate)}`]),
    ...(until === null
      ? [
          '',
          `Give it all new queries with "escalier canary --task ${task} --finish", or none with "escalier canary --task ${task} --stop".`,
        ]
      : []),
  ].join('\n');
}

function costCell({ queries, running, spend }: CanaryArm): string {
  return queries === running ? '–' : displaySpend(perQuery(spend, queries - running));
}

function perQuery({ low, high }: Spend, ended: number): Spend {
  const each = (amount: Picodollars): Picodollars => amount / BigInt(ended);
  return { low: each(low), high: high === null ? null : each(high) };
}

function accuracyCell({ labelled, correct }: CanaryArm): string {
  return labelled === 0 ? 'no labels' : `${percent(correct / labelled)} of ${labelled}`;
}

function outcomesCell({ byOutcome }: CanaryArm): string {
  return (
    Object.entries(byOutcome)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', ') || 'none yet'
  );
}

function costDifference({ costDifference: difference, costCapUsd, cutAtCap, task }: ShownCanary): string {
  if (difference === null || costCapUsd === null) {
    return `not bounded: nothing limits what a query of ${task} may cost; set max_cost_per_query_usd before the next canary`;
  }
  const cut = cutAtCap === 0 ? '' : `, ${cutAtCap} of which cost more and count with that`;
  return `${signedUsd(difference.low)} to ${signedUsd(difference.high)} (${known(difference)}; of costs up to ${displayUsd(picodollars(costCapUsd))}${cut})`;
}

function accuracyDifference({ accuracyDifference: difference }: ShownCanary): string {
  if (difference === null) return 'not known: an arm has no labelled answer';
  return `${points(difference.low)} to ${points(difference.high)} points (${known(difference)} labelled)`;
}

function known({ current, canary }: CanaryDifference): string {
  return `${current} and ${canary} queries`;
}

function signedUsd(amount: number): string {
  return `${amount > 0 ? '+' : ''}${displayUsd(picodollars(amount))}`;
}

function picodollars(amount: number): Picodollars {
  return parseUsd(numberToDecimal(amount));
}

function points(share: number): string {
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)}`;
}
