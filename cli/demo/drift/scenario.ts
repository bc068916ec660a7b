import { claimOf, type WatchClaim } from '../../../core/watch.ts';
import type { Policy } from '../../../core/policy.ts';
import { uniformOf, type Uniform } from '../../../learning/random.ts';
import type { RecordedQuery } from '../../../recorded/format.ts';
import type { RecordedSet } from '../../../recorded/read.ts';
import type { FaultPlanInput } from '../../../replay/faults.ts';
import { driftPolicy, firstStageAgrees } from './policy.ts';
import { dealRegions, regionPool, REGIONS, shareOfRegion, SMALLEST, TAG } from './regions.ts';
import { watchDrift, type DriftPool } from './simulation.ts';

/** By how much the smallest region falls. */
export const DROP = 0.15;
/** Queries before it does. */
export const BEFORE = 600;
/** Queries after it did, at most: more than the slowest of the simulated streams takes. */
export const LONGEST = 8000;

const SIMULATED = 200;

/** A query of the stream. */
export interface DrawnQuery {
  readonly query: RecordedQuery;
  readonly region: string;
}

/** Audits of the smallest region from its fall to the alarm. */
export interface StatedAudits {
  /** Simulated streams. */
  readonly streams: number;
  /** Streams in which the first alarm named the region, after its fall. */
  readonly right: number;
  readonly half: number;
  readonly most: number;
}

export interface Scenario {
  readonly policy: Policy;
  readonly claim: WatchClaim;
  readonly stated: StatedAudits;
  /** What makes the first model worse: wrong answers in the form of right ones, to some queries of the smallest region. */
  readonly faults: FaultPlanInput;
  /** The stream's next query: a region by its share, and the next of its queries, which come again when all have come. */
  next(): DrawnQuery;
}

/** @throws {Error} where the set is too small, or nothing in it agrees. */
export function scenarioOf(set: RecordedSet, seed: number): Scenario {
  const policy = driftPolicy(set);
  const claim = claimOf(policy);
  const [first, last] = policy.chain;
  if (claim === null || first === undefined || last === undefined) {
    throw new Error(
      'the recorded set needs two models, one of which costs at most 15% of the most accurate one',
    );
  }
  const agrees = firstStageAgrees(set, policy);
  const dealt = dealRegions(agrees);
  const uniform = uniformOf(seed);
  const decks = new Map(
    REGIONS.map((region) => {
      const queries = set.queries.filter((_query, at) => dealt[at] === region);
      if (queries.length === 0)
        throw new Error(`the recorded set is too small: no query is left for ${region}`);
      return [region, deck(queries, uniform)];
    }),
  );
  const ids = set.queries.map(({ id }) => id);
  const smallest = ids.filter((_id, at) => dealt[at] === SMALLEST);
  const agreeing = ids.filter((_id, at) => dealt[at] === SMALLEST && agrees[at]);
  const wrong = shuffled(agreeing, uniform).slice(0, Math.round(DROP * smallest.length));
  return {
    policy,
    claim,
    stated: simulate(claim, regionPool(agrees)),
    faults: { rules: [{ model: first.model, query: wrong, fault: { kind: 'wrong-answer' } }] },
    next() {
      let left = uniform();
      const region = REGIONS.find((own) => (left -= shareOfRegion(own)) < 0) ?? SMALLEST;
      const query = decks.get(region)?.next().value;
      if (query === undefined) throw new Error(`${region} has no queries`);
      return { query, region };
    },
  };
}

/** All of them in an order of chance, then all again in another. */
function* deck<Item>(items: readonly Item[], uniform: Uniform): Generator<Item, undefined> {
  for (;;) yield* shuffled(items, uniform);
}

function shuffled<Item>(items: readonly Item[], uniform: Uniform): Item[] {
  return items
    .map((item) => ({ item, at: uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** How soon the same watch sees such a fall in streams without servers, each query and each wrong answer drawn by itself. */
function simulate(claim: WatchClaim, pool: DriftPool): StatedAudits {
  const stream = { queries: BEFORE + LONGEST, changeAt: BEFORE, drifting: SMALLEST, drop: DROP };
  const audits = Array.from({ length: SIMULATED }, (_, seed) => watchDrift(claim, pool, stream, seed))
    .filter(({ alarm, queriesAfter }) => alarm === `${TAG}=${SMALLEST}` && queriesAfter > 0)
    .map(({ auditsAfter }) => auditsAfter)
    .sort((a, b) => a - b);
  const at = (share: number): number => audits[Math.ceil(share * SIMULATED) - 1] ?? Number.POSITIVE_INFINITY;
  return { streams: SIMULATED, right: audits.length, half: at(0.5), most: at(0.95) };
}
