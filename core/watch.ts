import type { AuditPolicy } from './audit.ts';
import type { CertifiedLoss } from './certificate.ts';
import { anytimePValue, NO_EVIDENCE, observeLoss, type EProcess, type LossWatch } from './e-process.ts';
import type { Policy } from './policy.ts';
import { slicesOf } from './slices.ts';

/**
 * Whether answers have become worse than was promised, told from audits as they end. Each slice of a policy version's queries
 * has an {@link EProcess} of its own; the alarms of all of them together are false with a probability of at most
 * {@link FALSE_ALARMS}, over all time and however often one looks.
 */
export const FALSE_ALARMS = 0.05;

/** The slice of all queries. A tag's slice has `=` in its name. */
export const ALL_QUERIES = 'all';

/** Slices of a version that are followed: a tag whose values never repeat, such as a customer's id, tells nothing slice by slice. */
const MOST_SLICES = 100;

/** Who says what a lost answer is: `labels` alone, or, where there is none, agreement with the last stage, a proxy. */
export type WatchJudge = 'labels' | 'last-stage';

/** What a task wants of its watch, as far as it does not follow from the certificate. */
export interface WatchPolicy {
  /** The mean `harm` above which there is an alarm, in (0, 1); null for the certificate's loss and bound. */
  readonly maxLoss: number | null;
  readonly judge: WatchJudge;
  /** Milliseconds that an audit waits for a label before it counts. */
  readonly labelWaitMs: number;
  /** What an alarm does to new queries: nothing, the named baseline serves them, or they are refused. */
  readonly onSuspect: 'keep' | 'baseline' | 'stop';
  /** Milliseconds after which a certificate expires; null for never. */
  readonly certificateMaxAgeMs: number | null;
}

/** The statement that is watched: the mean `loss` of a version's queries is at most `alpha`. */
export interface WatchClaim {
  readonly loss: CertifiedLoss;
  /** In (0, 1). */
  readonly alpha: number;
  readonly judge: WatchJudge;
  /** The shares of queries that are audited: what evidence there is of a slice grows with its share. */
  readonly audit: AuditPolicy;
}

/** An audit that has ended: a row of `audited_answers`. */
export interface WatchedAudit {
  readonly queryId: string;
  /** When it ended, as ISO 8601. */
  readonly endedAt: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Chance with which the query was chosen, in (0, 1]. */
  readonly inclusion: number;
  /** Whether the cascade was sure of the answer before its last stage: the answers that `selective` is about. */
  readonly accepted: boolean;
  readonly servedAgrees: boolean | null;
  readonly servedCorrect: boolean | null;
  readonly baselineCorrect: boolean | null;
  readonly judgedBy: 'person' | 'reference' | 'caller' | 'last-stage' | null;
}

/** What is known of one slice. Plain JSON. */
export interface SliceWatch {
  /** 0 for all queries, else in the order in which slices were first seen. */
  readonly place: number;
  readonly evidence: EProcess;
  /** Sums over its audits, each standing for 1/inclusion queries. */
  readonly weight: number;
  readonly weightedLoss: number;
  /** Audits by what they were held against; `none` where a label would have been needed. */
  readonly judges: Readonly<Record<string, number>>;
  /** When the alarm was raised; null while there is none. It stays. */
  readonly alarmAt: string | null;
}

/** By slice. Plain JSON. */
export type WatchState = Readonly<Record<string, SliceWatch>>;

export interface Alarm {
  readonly slice: string;
  /** When the audit that raised it ended. */
  readonly at: string;
  /** Audits until then. */
  readonly audits: number;
  /** Weighted mean of their losses, in [−1, 1]. */
  readonly meanLoss: number;
  readonly alpha: number;
  readonly loss: CertifiedLoss;
  /** At most `level`. */
  readonly pValue: number;
  /** The slice's share of {@link FALSE_ALARMS}. */
  readonly level: number;
  readonly judges: Readonly<Record<string, number>>;
}

export interface Watched {
  readonly state: WatchState;
  /** Those that this audit raised. */
  readonly alarms: readonly Alarm[];
}

export const NOTHING_WATCHED: WatchState = {};

/**
 * What is watched of a policy; null where nothing is audited, or nothing says which loss is too much. A bound that the task names is on
 * `harm`, since a loss that cannot be negative is seen much sooner. A certificate against a model other than the last of the
 * chain says nothing of what audits compare with.
 */
export function claimOf({
  chain,
  audit,
  watch,
  learned,
}: Pick<Policy, 'chain' | 'audit' | 'watch' | 'learned'>): WatchClaim | null {
  const certificate = learned?.certificate ?? null;
  const comparable = certificate?.loss === 'selective' || certificate?.baseline === chain.at(-1)?.model;
  const named = watch?.maxLoss ?? null;
  const alpha = named ?? (comparable ? (certificate?.alpha ?? null) : null);
  if (audit === undefined || alpha === null) return null;
  const loss = named === null ? (certificate?.loss ?? 'harm') : 'harm';
  return { loss, alpha, judge: watch?.judge ?? 'labels', audit };
}

/**
 * The evidence after one more audit, in the order in which they ended: one that depends on what they found would make alarms
 * of chance.
 */
export function watchAudit(claim: WatchClaim, before: WatchState, audit: WatchedAudit): Watched {
  const loss = lossOf(claim, audit);
  if (loss === null) return { state: before, alarms: [] };
  const state: Record<string, SliceWatch> = { ...before };
  const alarms: Alarm[] = [];
  for (const slice of [ALL_QUERIES, ...slicesOf(audit.tags)]) {
    const place = state[slice]?.place ?? Object.keys(state).length;
    if (place > MOST_SLICES) continue;
    const { next, alarm } = observe(claim, slice, state[slice] ?? fresh(place), audit, loss);
    state[slice] = next;
    if (alarm !== null) alarms.push(alarm);
  }
  return { state, alarms };
}

function fresh(place: number): SliceWatch {
  return { place, evidence: NO_EVIDENCE, weight: 0, weightedLoss: 0, judges: {}, alarmAt: null };
}

function observe(
  claim: WatchClaim,
  slice: string,
  before: SliceWatch,
  { inclusion, judgedBy, servedAgrees, endedAt }: WatchedAudit,
  loss: number,
): { readonly next: SliceWatch; readonly alarm: Alarm | null } {
  const { alpha, audit } = claim;
  const minInclusion = audit.slices?.[slice] ?? audit.share;
  const range: LossWatch = { alpha, minInclusion, low: claim.loss === 'regret' ? -1 : 0, high: 1 };
  const evidence = observeLoss(range, before.evidence, loss, inclusion);
  const unjudged = judgedBy === 'last-stage' && claim.judge === 'labels' && servedAgrees !== true;
  const judge = unjudged ? 'none' : (judgedBy ?? 'none');
  const judges = { ...before.judges, [judge]: (before.judges[judge] ?? 0) + 1 };
  const weight = before.weight + 1 / inclusion;
  const weightedLoss = before.weightedLoss + loss / inclusion;
  const pValue = anytimePValue(evidence);
  const level = levelOf(before.place);
  const raised = before.alarmAt === null && pValue <= level;
  const alarmAt = raised ? endedAt : before.alarmAt;
  const next: SliceWatch = { ...before, evidence, weight, weightedLoss, judges, alarmAt };
  if (!raised) return { next, alarm: null };
  const meanLoss = weightedLoss / weight;
  const audits = evidence.observed;
  return {
    next,
    alarm: { slice, at: endedAt, audits, meanLoss, alpha, loss: claim.loss, pValue, level, judges },
  };
}

/**
 * A slice's share of {@link FALSE_ALARMS}: half of it is for all queries; the k-th slice has 1/(k(k+1)) of the rest, which sums to at
 * most all of it however many there will be. Which slice is the k-th does not depend on what its audits find.
 */
export function levelOf(place: number): number {
  return place === 0 ? FALSE_ALARMS / 2 : FALSE_ALARMS / 2 / (place * (place + 1));
}

/**
 * The loss of an audited query; null where the audit says nothing. Answers that agree are both right or both wrong, so that regret
 * and harm are 0 whoever judges. Otherwise, without a label, `last-stage` takes the last stage to be right, and `labels` counts
 * no loss: an alarm then never rests on what nobody said.
 */
export function lossOf({ loss, judge }: WatchClaim, audit: WatchedAudit): number | null {
  const { judgedBy, servedCorrect, servedAgrees, accepted } = audit;
  if (loss === 'selective' && !accepted) return null;
  if (loss !== 'selective' && servedAgrees === true) return 0;
  if (judgedBy === null || servedCorrect === null) return null;
  if (judge === 'labels' && judgedBy === 'last-stage') return 0;
  if (loss === 'selective') return servedCorrect ? 0 : 1;
  const baseline = audit.baselineCorrect ?? (judge === 'last-stage' ? true : null);
  if (baseline === null) return 0;
  const lost = Number(baseline) - Number(servedCorrect);
  return loss === 'harm' ? Math.max(0, lost) : lost;
}

/** An alarm in one line, for people. */
export function alarmText({ slice, audits, meanLoss, alpha, loss, judges }: Omit<Alarm, 'at'>): string {
  const of = slice === ALL_QUERIES ? 'all queries' : `queries with ${slice}`;
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  return `the ${loss} of ${of} is above ${percent(alpha)}: ${percent(meanLoss)} in ${audits} audits, as judged by ${judgesText(judges)}`;
}

/** `last-stage (38), person (2)`. */
export function judgesText(judges: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(judges).sort(([, a], [, b]) => b - a);
  return sorted.map(([judge, count]) => `${judge === 'none' ? 'nobody' : judge} (${count})`).join(', ');
}
