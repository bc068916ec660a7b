import { estimateGain, estimateShare, estimateTotal, type Estimate, type Sized } from './audit-estimate.ts';
import { countsOf } from './counts.ts';
import type { Picodollars } from './money.ts';
import { exactly, type Spend } from './spend.ts';
import { stageWorth, type Interval, type StageFigures, type StageWorth } from './stage-worth.ts';

/** A query whose audit has ended. */
export interface AuditedQuery {
  /** Chance with which it was chosen, in (0, 1]. */
  readonly inclusion: number;
  /** Of its first usable response; null where no response says. */
  readonly inputTokens: number | null;
  /** Models that it called for its answer. */
  readonly called: readonly string[];
  /** The last stage that it called for its answer, and the last of its chain, from 0. */
  readonly endedAt: number;
  readonly lastStage: number;
  /** What each stage that its audit called cost, with all tries; those that answered and whose cost is known. */
  readonly bought: readonly { readonly stage: number; readonly model: string; readonly cost: Picodollars }[];
  readonly servedCorrect: boolean | null;
  readonly baselineCorrect: boolean | null;
  /** person, reference, caller or last-stage. */
  readonly judgedBy: string | null;
}

/** An amount that rests partly on audits: a 95% interval, as wide as the bounds of what else is in it. */
export interface EstimatedSpend extends Spend {
  /** Audits that it rests on. */
  readonly audits: number;
  /** Null where it is made of amounts that are only known as bounds. */
  readonly estimate: Picodollars | null;
}

/**
 * What always calling a model would have cost, by the audits of the queries that did not call it: what it asked of them there, in
 * proportion to their input.
 * @param own what it cost the queries that called it.
 * @param inputTokens of the first usable responses of the others, together.
 * @returns null where there are no others, or too few audits called it.
 */
export function auditedBaseline(
  audits: readonly AuditedQuery[],
  model: string,
  own: Spend,
  inputTokens: number,
): EstimatedSpend | null {
  if (inputTokens === 0) return null;
  const sized = audits.flatMap(({ called, bought, inputTokens: size, inclusion }): Sized[] => {
    const cost = bought.find((one) => one.model === model)?.cost;
    if (cost === undefined || called.includes(model) || size === null || size === 0) return [];
    return [{ value: Number(cost), size, inclusion }];
  });
  const others = estimateTotal(sized, inputTokens, 0);
  if (others === null) return null;
  const { low, high, estimate } = others;
  return {
    audits: others.audits,
    estimate: own.low === own.high ? own.low + picodollars(estimate) : null,
    low: own.low + picodollars(Math.max(0, low)),
    high: own.high === null ? null : own.high + picodollars(high),
  };
}

/** Whether a stage pays by itself, as audits tell. */
export interface AuditedWorth {
  readonly audits: number;
  readonly stopped: number | null;
  /** The share of queries that the stage must stop: (c + s) / D; null where stages after the next may or may not have been asked. */
  readonly breakEven: number | null;
  readonly interval: Interval;
  readonly verdict: StageWorth['verdict'];
}

/**
 * What a stage is worth, with what the queries that ended there would have spent after it (their cost-to-go) taken from their
 * audits: at least the next stage, at most all stages that follow. A query that ended there without an answer, which is never
 * audited, is taken to be like the others.
 * @returns null where the stage is the last, or too few audits tell.
 */
export function auditedWorth(
  audits: readonly AuditedQuery[],
  stage: number,
  figures: StageFigures,
): AuditedWorth | null {
  const here = audits.filter(({ endedAt, lastStage }) => endedAt === stage && lastStage > stage);
  const spared = (upTo: (query: AuditedQuery) => number): Estimate | null =>
    estimateTotal(
      here.flatMap((query): Sized[] => {
        const asked = query.bought.filter((one) => one.stage > stage && one.stage <= upTo(query));
        if (asked.length < upTo(query) - stage) return [];
        const value = asked.reduce((sum, { cost }) => sum + Number(cost), 0);
        return [{ value, size: 1, inclusion: query.inclusion }];
      }),
      figures.endedHere,
      0,
    );
  const next = spared(() => stage + 1);
  const onlyNext = here.every(({ lastStage }) => lastStage === stage + 1);
  const all = onlyNext ? next : spared(({ lastStage }) => lastStage);
  if (figures.endedHere === 0 || next === null || all === null) return null;
  const bounds = { low: picodollars(Math.max(0, next.low)), high: picodollars(all.high) };
  const { stopped, breakEvenWithScoring: interval, verdict } = stageWorth(figures, bounds);
  if (interval === null) return null;
  const point = onlyNext
    ? stageWorth(figures, exactly(picodollars(next.estimate))).breakEvenWithScoring
    : null;
  const breakEven = point !== null && point.low === point.high ? point.low : null;
  return { audits: Math.min(next.audits, all.audits), stopped, breakEven, interval, verdict };
}

/** How often answers were right, as judged by `judges`. */
export interface AuditedAccuracy {
  readonly served: Estimate;
  /** The last stage's, and the served ones' less those; over the audits where both are known. Null without any. */
  readonly baseline: Estimate | null;
  readonly gain: Estimate | null;
  /** Audits by what their answers were held against. */
  readonly judges: Readonly<Record<string, number>>;
}

/** Null where no audit could be judged. */
export function auditedAccuracy(audits: readonly AuditedQuery[]): AuditedAccuracy | null {
  const served = audits.flatMap(({ servedCorrect, judgedBy, inclusion }) =>
    servedCorrect === null || judgedBy === null ? [] : [{ value: servedCorrect, judgedBy, inclusion }],
  );
  const both = audits.flatMap(({ servedCorrect, baselineCorrect, inclusion }) =>
    servedCorrect === null || baselineCorrect === null
      ? []
      : [{ value: { served: servedCorrect, baseline: baselineCorrect }, inclusion }],
  );
  if (served.length === 0) return null;
  const baseline = both.map(({ value, inclusion }) => ({ value: value.baseline, inclusion }));
  return {
    served: estimateShare(served),
    baseline: both.length === 0 ? null : estimateShare(baseline),
    gain: both.length === 0 ? null : estimateGain(both),
    judges: countsOf(served.map(({ judgedBy }) => judgedBy)),
  };
}

function picodollars(amount: number): Picodollars {
  return BigInt(Math.round(amount));
}
