import { auditShareOf } from '../../../core/audit.ts';
import {
  ALL_QUERIES,
  NOTHING_WATCHED,
  watchAudit,
  type WatchClaim,
  type WatchedAudit,
} from '../../../core/watch.ts';
import { uniformOf, type Uniform } from '../../../learning/random.ts';

/** Queries of a recorded set, by slice: what the stream's queries are drawn from. */
export interface DriftPool {
  /** The tag whose values are the slices. */
  readonly tag: string;
  readonly slices: readonly DriftSlice[];
}

export interface DriftSlice {
  /** The tag's value. */
  readonly value: string;
  /** Share of the stream; together 1. */
  readonly share: number;
  /** Of each of its recorded queries, whether the served answer agrees with the baseline's. */
  readonly agrees: readonly boolean[];
}

export interface DriftStream {
  /** Queries, audited or not. */
  readonly queries: number;
  /** The stream is as recorded before this query, counted from 0; {@link queries} for a stream that does not change. */
  readonly changeAt: number;
  /** The slice that gets worse. */
  readonly drifting: string;
  /** By how much the share of its answers that agree falls, in (0, 1). */
  readonly drop: number;
}

export interface DriftOutcome {
  /** The slice of the first alarm; null where there was none. */
  readonly alarm: string | null;
  /** Queries since the change when it was raised; below zero for one before it. */
  readonly queriesAfter: number;
  /** Audits of the alarm's slice since the change. */
  readonly auditsAfter: number;
}

/**
 * A stream of queries with replacement from a recorded set, audited by chance and watched as in service, until the first alarm. Queries
 * that are not audited are skipped by a geometric jump, which is what makes hundreds of streams cheap.
 */
export function watchDrift(
  claim: WatchClaim,
  pool: DriftPool,
  stream: DriftStream,
  seed: number,
): DriftOutcome {
  const next = uniformOf(seed);
  const slices = pool.slices.map((slice) => {
    const inclusion = auditShareOf(claim.audit, { [pool.tag]: slice.value });
    return { ...slice, inclusion, audited: slice.share * inclusion };
  });
  const audited = slices.reduce((sum, slice) => sum + slice.audited, 0);
  const since = new Map<string, number>();
  let state = NOTHING_WATCHED;
  for (let at = jump(next, audited); at < stream.queries; at += 1 + jump(next, audited)) {
    const slice = draw(slices, next() * audited);
    const turned =
      at >= stream.changeAt && slice.value === stream.drifting && next() < turnedShare(slice, stream.drop);
    const agrees = (slice.agrees[Math.floor(next() * slice.agrees.length)] ?? false) && !turned;
    if (at >= stream.changeAt) {
      for (const name of [ALL_QUERIES, `${pool.tag}=${slice.value}`])
        since.set(name, (since.get(name) ?? 0) + 1);
    }
    const watched = watchAudit(claim, state, auditOf(pool.tag, slice, agrees));
    const [alarm] = watched.alarms;
    if (alarm !== undefined) {
      const queriesAfter = at + 1 - stream.changeAt;
      return { alarm: alarm.slice, queriesAfter, auditsAfter: since.get(alarm.slice) ?? 0 };
    }
    state = watched.state;
  }
  return { alarm: null, queriesAfter: stream.queries - stream.changeAt, auditsAfter: 0 };
}

/** The share of a slice's answers that must turn wrong for its agreement to fall by so much. */
function turnedShare({ agrees }: Pick<DriftSlice, 'agrees'>, drop: number): number {
  return Math.min(1, (drop * agrees.length) / agrees.filter(Boolean).length);
}

/** Queries until the next one that is audited. */
function jump(next: Uniform, share: number): number {
  return share >= 1 ? 0 : Math.floor(Math.log(1 - next()) / Math.log1p(-share));
}

function draw<Slice extends { readonly audited: number }>(slices: readonly Slice[], at: number): Slice {
  let left = at;
  const found = slices.find(({ audited }) => (left -= audited) < 0) ?? slices.at(-1);
  if (found === undefined) throw new RangeError('a pool needs a slice');
  return found;
}

function auditOf(
  tag: string,
  { value, inclusion }: { readonly value: string; readonly inclusion: number },
  agrees: boolean,
): WatchedAudit {
  return {
    queryId: '',
    endedAt: '',
    tags: { [tag]: value },
    inclusion,
    accepted: true,
    servedAgrees: agrees,
    servedCorrect: agrees,
    baselineCorrect: true,
    judgedBy: 'last-stage',
  };
}
