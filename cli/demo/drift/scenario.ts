import { canonicalJson } from '../../../core/canonical-json.ts';
import { claimOf, type WatchClaim } from '../../../core/watch.ts';
import type { Policy } from '../../../core/policy.ts';
import { uniformOf, type Uniform } from '../../../learning/random.ts';
import type { RecordedQuery } from '../../../recorded/format.ts';
import type { RecordedSet } from '../../../recorded/read.ts';
import type { FaultPlanInput } from '../../../replay/faults.ts';
import { driftPolicy, firstStageAgrees } from './policy.ts';
import { dealRegions, placesOf, regionPool, REGIONS, SMALLEST, TAG } from './regions.ts';
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
  /**
   * The stream's next query: of regions in their shares, and of a region's queries in an order of chance, again when all have come.
   * Those that turn wrong are spread evenly, so that the fall is the one that was announced whenever the alarm ends it.
   */
  readonly next: () => DrawnQuery;
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
  const agreed = new Set(set.queries.filter((_query, at) => agrees[at]).map(({ id }) => id));
  const isAlone = askedOnce(set);
  const inRegion = (region: string) => set.queries.filter((_query, at) => dealt[at] === region);
  const agreeing = inRegion(SMALLEST).filter((query) => agreed.has(query.id) && isAlone(query));
  const wrong = shuffled(agreeing, uniform).slice(0, Math.round(DROP * inRegion(SMALLEST).length));
  const decks = new Map(
    REGIONS.map((region) => {
      const others = inRegion(region).filter((query) => !wrong.includes(query));
      if (others.length === 0) throw new Error(`the recorded set is too small: ${region} has no queries`);
      return [region, deck(region === SMALLEST ? [wrong, others] : [others], uniform)];
    }),
  );
  const regions = deck(REGIONS.map(placesOf), uniform);
  return {
    policy,
    claim,
    stated: simulate(claim, regionPool(agrees)),
    faults: {
      rules: [{ model: first.model, query: wrong.map(({ id }) => id), fault: { kind: 'wrong-answer' } }],
    },
    next() {
      const region = taken(regions);
      return { region, query: taken(decks.get(region)) };
    },
  };
}

/** Whether no other query has the same messages: the vendor takes the first of those, whichever region asks. */
function askedOnce({ queries }: RecordedSet): (query: RecordedQuery) => boolean {
  const asked = new Map<string, number>();
  const keyOf = ({ messages }: RecordedQuery): string => canonicalJson(messages);
  for (const query of queries) asked.set(keyOf(query), (asked.get(keyOf(query)) ?? 0) + 1);
  return (query) => asked.get(keyOf(query)) === 1;
}

function taken<Item>(from: Generator<Item, never> | undefined): Item {
  if (from === undefined) throw new RangeError('there is no such region');
  return from.next().value;
}

/** All items, each group spread evenly among the others and else in an order of chance; then all again in another. */
function* deck<Item>(groups: readonly (readonly Item[])[], uniform: Uniform): Generator<Item, never> {
  for (;;) {
    yield* groups
      .flatMap((group) =>
        shuffled(group, uniform).map((item, nth) => ({ item, at: (nth + uniform()) / group.length })),
      )
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
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
