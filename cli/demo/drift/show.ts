import { displayUsd, type Picodollars } from '../../../core/money.ts';
import { alarmText } from '../../../core/watch.ts';
import type { RaisedAlarm } from '../../../ledger/alarms.ts';
import { percent, table } from '../../output.ts';
import type { Bill } from './books.ts';
import { REGIONS, SMALLEST, TAG } from './regions.ts';
import { DROP, type Scenario } from './scenario.ts';
import type { ServedQuery } from './serve.ts';

export interface DriftResult {
  readonly scenario: Scenario;
  /** Before the vendor changed, from then to the alarm, and after it. */
  readonly before: readonly ServedQuery[];
  readonly changed: readonly ServedQuery[];
  readonly after: readonly ServedQuery[];
  /** The first one; null where there was none. */
  readonly alarm: RaisedAlarm | null;
  /** Audits of the smallest region's queries from its change to its alarm. */
  readonly audits: number;
  readonly serve: Bill;
  readonly audit: Bill;
  readonly meter: Picodollars;
  readonly seconds: number;
}

export interface DriftCheck {
  readonly ok: boolean;
  readonly text: string;
}

/** By how many points answers were less often right than they would have been, had the vendor not changed. */
export function fallOf(served: readonly ServedQuery[]): number {
  return 100 * (rightShare(served, 'rightAsRecorded') - rightShare(served, 'right'));
}

export function regionOf(served: readonly ServedQuery[], region: string): ServedQuery[] {
  return served.filter((query) => query.region === region);
}

export function driftChecks(result: DriftResult): DriftCheck[] {
  const { scenario, before, changed, after, alarm, audits, serve, audit, meter } = result;
  const { stated, policy } = scenario;
  const baseline = policy.chain.at(-1)?.model ?? '';
  const fall = fallOf(changed);
  const named = alarm?.slice === `${TAG}=${SMALLEST}`;
  const onBaseline = after.filter(
    ({ model, policyVersion }) => model === baseline && policyVersion > 1,
  ).length;
  const answers = sum([...before, ...changed, ...after].map(({ cost }) => cost));
  const booked = sum([serve.cost, audit.cost]);
  return [
    {
      ok: Math.abs(fall) < 1,
      text: `the average of all queries moved by ${fall.toFixed(2)} points, less than one`,
    },
    {
      ok: named && changed.length > 0,
      text:
        alarm === null ? 'no alarm was raised' : `the alarm came after the change, and names ${alarm.slice}`,
    },
    {
      ok: named && audits > 0 && audits <= stated.most,
      text: `${audits} audits of ${TAG}=${SMALLEST} until the alarm; stated are at most ${stated.most}, in 95% of streams`,
    },
    {
      ok: after.length > 0 && onBaseline === after.length,
      text: `${onBaseline} of ${after.length} queries after the alarm were served by ${baseline} alone`,
    },
    {
      ok: answers !== null && answers === serve.cost,
      text: `no audit is in what answers cost: they say ${displayUsd(answers)}, the ledger ${displayUsd(serve.cost)} for serving`,
    },
    {
      ok: booked !== null && booked === meter,
      text: `serving and audits together are the vendor's meter: ${displayUsd(booked)} and ${displayUsd(meter)}`,
    },
  ];
}

/** What happened, for a terminal. */
export function driftText(result: DriftResult): string {
  const { scenario, before, changed, after, alarm, audits, serve, audit } = result;
  const { stated, policy } = scenario;
  const queries = before.length + changed.length + after.length;
  const islands = regionOf(changed, SMALLEST);
  const spared = regionOf(after, SMALLEST);
  const ratio =
    audit.cost === null || serve.cost === null
      ? ''
      : ` (${(Number(audit.cost) / Number(serve.cost)).toFixed(1)} times as much)`;
  return `
From the fall to the alarm, how often answers were right. Only the recorded set knows this, and what the same queries would have
got from a model that did not change.

${table(
  ['', 'queries', 'right', 'had the model not changed', 'fell by'],
  [
    regionRow('all queries', changed),
    ...REGIONS.map((region) => regionRow(`${TAG}=${region}`, regionOf(changed, region))),
  ],
)}

${TAG}=${SMALLEST}, ${percent(islands.length / Math.max(1, changed.length))} of the queries, fell by ${fallOf(islands).toFixed(1)} points, the average of all by ${fallOf(changed).toFixed(2)}. A dashboard went from
${percent(rightShare(before, 'right'))} to ${percent(rightShare(changed, 'right'))}, where chance alone moves a share of ${before.length} queries by ${(200 * noise(before)).toFixed(1)} points either way.

The alarm
  ${alarm === null ? 'none' : alarmText(alarm)}
  ${audits} audits of ${TAG}=${SMALLEST} after its fall by ${100 * DROP} points. In ${stated.streams} simulated streams the first alarm named it
  in ${stated.right}, after ${stated.half} audits in half of them, ${stated.most} in 95%.

Since the alarm
  ${policy.chain.at(-1)?.model ?? ''} alone: ${percent(rightShare(after, 'right'))} of ${after.length} answers right, ${spared.filter(({ right }) => right).length} of ${spared.length} in ${TAG}=${SMALLEST}.

What it cost
  serving  ${displayUsd(serve.cost)} for ${queries} queries: ${perQuery([...before, ...changed])} a query up to the alarm, ${perQuery(after)} since
  audits   ${displayUsd(audit.cost)} for ${audit.requests} requests${ratio}, in no answer's cost. They are dense so that this takes minutes:
           sparser ones need as many audits, and so more queries`;
}

function regionRow(name: string, served: readonly ServedQuery[]): string[] {
  return [
    name,
    String(served.length),
    percent(rightShare(served, 'right')),
    percent(rightShare(served, 'rightAsRecorded')),
    `${fallOf(served).toFixed(1)} points`,
  ];
}

/** Standard error of a share. */
function noise(served: readonly ServedQuery[]): number {
  const right = rightShare(served, 'right');
  return Math.sqrt((right * (1 - right)) / Math.max(1, served.length));
}

export function rightShare(served: readonly ServedQuery[], by: 'right' | 'rightAsRecorded'): number {
  return served.filter((query) => query[by]).length / served.length;
}

function perQuery(served: readonly ServedQuery[]): string {
  const total = sum(served.map(({ cost }) => cost));
  return total === null || served.length === 0 ? '–' : displayUsd(total / BigInt(served.length));
}

/** Null where one of them is not known. */
function sum(costs: readonly (Picodollars | null)[]): Picodollars | null {
  return costs.reduce((total, cost) => (total === null || cost === null ? null : total + cost), 0n);
}
