import { certificateText } from '../../core/certificate.ts';
import { displayUsd, parseUsd } from '../../core/money.ts';
import { shiftTexts } from '../../core/shift.ts';
import type { SliceAccuracy } from '../../core/slice-accuracy.ts';
import { ALL_QUERIES, claimOf, FALSE_ALARMS, judgesText } from '../../core/watch.ts';
import type { TaskQuality } from '../../ledger/quality.ts';
import type { SliceFigures } from '../../ledger/slice-figures.ts';
import { alarmLine } from '../alarm-line.ts';
import { percent, table } from '../output.ts';
import { accuraciesOf, type Accuracies } from './accuracies.ts';

const HEAD = ['', 'queries', 'accuracy', 'cost p50 / p95 / p99', 'serial ms', 'labelled', 'outcomes'];

/** A task's quality for a terminal. */
export function showQuality(quality: TaskQuality): string {
  const { task, version, days, slices } = quality;
  const accuracies = accuraciesOf(quality);
  const figures =
    slices.length === 0
      ? 'No query has ended.'
      : table(
          HEAD,
          slices.map((slice) => row(slice, accuracies.bySlice.get(slice.slice))),
        );
  return [
    `Task ${task}, the last ${days} days; version ${version} serves new queries`,
    '',
    figures,
    '',
    judgement(quality, accuracies),
    latency(quality),
    ...certificate(quality),
    watched(quality),
    ...alarms(quality),
    ...shiftTexts(quality.shift).map((text) => `Warning: ${text}.`),
  ].join('\n');
}

function row(figures: SliceFigures, accuracy: SliceAccuracy | undefined): string[] {
  const { slice, queries, served, labelled, bySource, byOutcome, costUsd, serialMs } = figures;
  const estimate = accuracy?.accuracy ?? null;
  return [
    slice,
    String(queries),
    estimate === null
      ? `too few (${accuracy?.labels ?? 0})`
      : `${percent(estimate.estimate)} (${percent(estimate.low)} to ${percent(estimate.high)})`,
    costUsd.map((cost) => displayUsd(parseUsd(cost))).join(' / '),
    serialMs?.join(' / ') ?? '–',
    labelled === 0 ? 'none' : `${percent(labelled / served)}: ${countsText(bySource)}`,
    countsText(byOutcome),
  ];
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return sorted.map(([name, count]) => `${count} ${name}`).join(', ');
}

function judgement({ judged }: TaskQuality, { worst, judges }: Accuracies): string {
  const { drawn, answers } = judged;
  if (answers.length === 0)
    return 'Accuracy: nobody has judged an answer. Set audit on the task, or label answers.';
  const how = drawn
    ? 'audits, weighted by their chance'
    : 'labelled answers, which were not drawn by chance: who labels may have chosen';
  const least = worst === null ? '' : ` The worst slice is ${worst}.`;
  return `Accuracy: ${answers.length} ${how}; as judged by ${judgesText(judges)}. The intervals hold all at once, 95% sure.${least}`;
}

function latency({ lastStageMs, slices }: TaskQuality): string {
  const serial = slices[0]?.serialMs ?? null;
  if (lastStageMs === null || serial === null)
    return 'Latency: the last stage was not called, so there is nothing to compare with.';
  return `Latency: the requests of a query take ${serial.join(' / ')} ms one after the other (p50 / p95), one call to the last stage ${lastStageMs.join(' / ')} ms.`;
}

function certificate({ policy, certificate: state }: TaskQuality): string[] {
  const given = policy.learned?.certificate ?? null;
  if (given === null) return ['Certificate: none.'];
  const standing =
    state === null
      ? 'not looked at yet: the next sweep does'
      : `${state.state} since ${state.since.toISOString()}: ${state.reason}`;
  return [`Certificate: ${standing}.`, `  ${certificateText(given)}`];
}

function watched({ task, policy, watch }: TaskQuality): string {
  const claim = claimOf(policy);
  if (claim === null) {
    return policy.fallbackFor === undefined
      ? 'Watch: none. It needs audit, and watch.max_loss or a certificate against the last stage.'
      : `Watch: none. An alarm put the baseline in the place of version ${policy.fallbackFor}; "escalier rollback --task ${task}" goes back.`;
  }
  const all = watch[ALL_QUERIES];
  const slices = Math.max(0, Object.keys(watch).length - 1);
  const soFar = all === undefined ? '' : ` (so far ${percent(all.weightedLoss / all.weight)} of all queries)`;
  return `Watch: whether the ${claim.loss}, ${LOSS[claim.loss]}, is above ${percent(claim.alpha)}${soFar}: ${all?.evidence.observed ?? 0} audits of this version, over all and in each of ${slices} slices; false alarms at most ${percent(FALSE_ALARMS)} over all time.`;
}

const LOSS = {
  harm: 'the last stage right and the served answer wrong',
  regret: 'the last stage’s accuracy less that of what was served',
  selective: 'wrong answers among those accepted before the last stage',
} as const;

function alarms({ alarms: raised, stopped, task, version }: TaskQuality): string[] {
  return [
    ...raised.map(alarmLine),
    ...(stopped === null
      ? []
      : [
          `STOPPED: new queries are refused (${stopped}). "escalier rollback --task ${task} --to ${version}" lets them go on.`,
        ]),
  ];
}
