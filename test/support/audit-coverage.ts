import {
  estimateGain,
  estimateShare,
  estimateTotal,
  type Audited,
  type Estimate,
} from '../../core/audit-estimate.ts';
import { uniformOf } from '../../learning/random.ts';

/** A query of a fully recorded set as a cascade served it: what an audit would find out is known. Costs are in USD. */
export interface KnownQuery {
  readonly right: boolean;
  readonly baselineRight: boolean;
  /** Paid for all that was called. */
  readonly paidUsd: number;
  /** Of that, for the stage before the last; null where the query stopped before it. */
  readonly stageUsd: number | null;
  /** Whether the last stage was called. */
  readonly calledLast: boolean;
  /** Of the last stage's response, called or not. */
  readonly lastUsd: number;
}

/** In the order of a table: accuracy, accuracy less the last stage's, saved against it, break-even of the stage before it. */
const FIGURES = ['accuracy', 'gain', 'savings', 'break-even'] as const;

export interface Coverage {
  readonly figure: (typeof FIGURES)[number];
  /** Of all queries; savings are a share of what the last stage alone would have cost. */
  readonly truth: number;
  /** Resamples whose interval holds the truth. */
  readonly covered: number;
  /** Resamples with too few audits for an interval. */
  readonly none: number;
  /** Mean width of the intervals. */
  readonly width: number;
}

export interface AuditDraws {
  /** Chance of an audit, in (0, 1]. */
  readonly share: number;
  /** The traffic is the recorded queries so many times over: 1% of a small set is too little to estimate anything from. */
  readonly times: number;
  readonly resamples: number;
  readonly seed: number;
}

/** How often intervals made from audits hold what is true of all queries; each query is drawn by itself, anew in each resample. */
export function auditCoverage(queries: readonly KnownQuery[], draws: AuditDraws): Coverage[] {
  const { share, times, resamples, seed } = draws;
  const traffic = Array.from({ length: times }, () => queries).flat();
  const truths = figuresOf(traffic, traffic, 1);
  const next = uniformOf(seed);
  const drawn = Array.from({ length: resamples }, () =>
    figuresOf(
      traffic,
      traffic.filter(() => next() < share),
      share,
    ),
  );
  return FIGURES.map((figure, at) => {
    const truth = truths[at]?.estimate ?? Number.NaN;
    const intervals = drawn.flatMap((figures) => figures[at] ?? []);
    return {
      figure,
      truth,
      covered: intervals.filter(({ low, high }) => low <= truth && truth <= high).length,
      none: resamples - intervals.length,
      width: intervals.reduce((sum, { low, high }) => sum + high - low, 0) / intervals.length,
    };
  });
}

/** As {@link FIGURES}, from those of the traffic's queries that were audited. */
function figuresOf(
  traffic: readonly KnownQuery[],
  audited: readonly KnownQuery[],
  inclusion: number,
): readonly (Estimate | null)[] {
  const audits = audited.map((value) => ({ value, inclusion }));
  const paid = sum(traffic, ({ paidUsd }) => paidUsd);
  const alone = lastStageTotal(traffic, audits);
  const reached = ({ stageUsd }: KnownQuery): boolean => stageUsd !== null;
  const stage = sum(traffic, ({ stageUsd }) => stageUsd ?? 0);
  const toGo = lastStageTotal(
    traffic.filter(reached),
    audits.filter(({ value }) => reached(value)),
  );
  return [
    estimateShare(audits.map(({ value }) => ({ value: value.right, inclusion }))),
    estimateGain(
      audits.map(({ value }) => ({
        value: { served: value.right, baseline: value.baselineRight },
        inclusion,
      })),
    ),
    alone && mapped(alone, (total) => 1 - paid / total),
    toGo && mapped(toGo, (total) => stage / total),
  ];
}

/** What the last stage costs for all of these queries: known of those that called it, estimated for the others. */
function lastStageTotal(
  traffic: readonly KnownQuery[],
  audits: readonly Audited<KnownQuery>[],
): Estimate | null {
  const others = audits.filter(({ value }) => !value.calledLast);
  return estimateTotal(
    others.map(({ value, inclusion }) => ({ value: value.lastUsd, size: value.paidUsd, inclusion })),
    sum(traffic, ({ paidUsd, calledLast }) => (calledLast ? 0 : paidUsd)),
    sum(traffic, ({ lastUsd, calledLast }) => (calledLast ? lastUsd : 0)),
  );
}

/** An interval through a function that only rises, or only falls. */
function mapped({ audits, estimate, low, high }: Estimate, of: (total: number) => number): Estimate {
  const ends = [of(low), of(high)];
  return { audits, estimate: of(estimate), low: Math.min(...ends), high: Math.max(...ends) };
}

function sum(queries: readonly KnownQuery[], of: (query: KnownQuery) => number): number {
  return queries.reduce((total, query) => total + of(query), 0);
}
